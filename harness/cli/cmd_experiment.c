/* rooflab experiment: a question asked of this machine, with tables, charts and a verdict. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/outcome.h"
#include "harness/cli/progress.h"
#include "harness/cli/report.h"
#include "harness/cli/style.h"
#include "harness/measure/experiment.h"
#include "harness/measure/provenance.h"

struct options {
    const char *chain;
    double tensor_bytes, patience_s;
    struct option_list also;
    bool once;
};

static const struct option options[] = {
    {"chain", OPTION_STRING, "CHAIN", "measure this chain instead of the experiment's own",
     .offset = offsetof(struct options, chain)},
    {"tensor", OPTION_QUANTITY, "SIZE", "S, the bytes of the tensor that flows through; default: the experiment's",
     .offset = offsetof(struct options, tensor_bytes), .unit = UNIT_BYTES},
    {"patience", OPTION_QUANTITY, "TIME", "rungs of ladders whose run takes longer are skipped; default: the experiment's, or 0.5s",
     .offset = offsetof(struct options, patience_s), .unit = UNIT_SECONDS},
    {"also", OPTION_LIST, "DEVICE", "a further device to be compared with the first; may be given several times",
     .offset = offsetof(struct options, also)},
    {"once", OPTION_FLAG, NULL, "only the `first` lines, once, in this process: what first-run starts for each state of the caches",
     .offset = offsetof(struct options, once)},
    {0},
};

static void print_head(const struct experiment *x, const struct device *d)
{
    const struct style *s = style_of(stdout);
    printf("%s%s%s\n", s->bold, x->title ? x->title : x->name, s->off);
    if (x->ask)
        printf("%s\n", x->ask);
    printf("%son %s (%s, %s)%s\n\n", s->dim, d->info.name, d->info.kind, d->info.driver, s->off);
    fflush(stdout);
}

/* What one device has seen: printed, and its record written to *path (NULL where it could not be). */
static int finish(const struct arguments *a, const struct experiment *x, const struct device *d, const struct record *r,
                  int place, char **path)
{
    struct error e = {0};
    int code = outcome_worse(study_exit(r), report_claim_failed(r) ? EXIT_CHECK : EXIT_OK);
    outcome_print(a, r);
    char stem[128]; /* records in one folder have names of their own */
    if (a->out && place > 0 && strcmp(d->info.kind, "CPU") != 0)
        snprintf(stem, sizeof stem, "%s-%d", x->name, place + 1);
    else
        snprintf(stem, sizeof stem, "%s%s", x->name, a->out && place > 0 ? "-native" : "");
    if (outcome_write(a, r, d->info.slug, stem, path, &e))
        fprintf(stderr, "\nwritten:\n  %s\n", *path);
    else
        code = outcome_worse(code, command_fail(a, &e));
    return code;
}

static bool measure(const struct arguments *a, const struct experiment *x, struct device *d, struct record *r,
                    struct error *e)
{
    struct progress progress;
    progress_open(&progress, a->quiet);
    provenance_fill(r, "experiment", d);
    bool ok = ((const struct options *)a->own)->once ? experiment_once(x, d, r, e) : experiment_measure(x, d, r, &progress.sink, e);
    progress_close(&progress);
    return ok;
}

enum { DEVICES_MAX = 6 };

struct session {
    struct record records[DEVICES_MAX];
    char *paths[DEVICES_MAX];
    int count;
};

static int run_device(const struct arguments *a, const struct experiment *x, struct device *d, struct session *s)
{
    struct error e = {0};
    struct record *r = &s->records[s->count];
    if (!a->json && !a->csv)
        print_head(x, d);
    if (!outcome_ready(a, d->info.slug, &e) || !measure(a, x, d, r, &e))
        return command_fail(a, &e);
    int i = s->count++;
    return finish(a, x, d, r, i, &s->paths[i]);
}

/* Charts of all devices on one page, beside the first record. */
static int draw_charts(const struct arguments *a, const struct experiment *x, const struct session *s)
{
    struct outcome_chart charts[EXPERIMENT_CHARTS_MAX];
    const struct record *records[DEVICES_MAX];
    for (int i = 0; i < x->chart_count; i++)
        charts[i] = (struct outcome_chart){x->charts[i].kind, x->charts[i].group};
    int n = 0;
    for (int i = 0; i < s->count; i++) /* a device without runs has nothing to show */
        if (s->records[i].run_count > 0)
            records[n++] = &s->records[i];
    if (n == 0 || !s->paths[0] || ((const struct options *)a->own)->once)
        return EXIT_OK;
    return outcome_charts_of(a, records, n, s->paths[0], charts, x->chart_count);
}

/* A software device shows the shape of the lesson, the host itself its true memory bus: where nobody has named a device and
 * there is no GPU, both are asked. Text for programs tells of one device. */
static bool wants_host_too(const struct arguments *a, const struct device *d)
{
    const char *named = getenv("ROOFLAB_DEVICE");
    return !a->device && !(named && *named) && !a->json && !a->csv && device_is_software(&d->info);
}

/* Seconds of sampling on each of several devices: the whole is to take little more than a minute. */
#define SECONDS_ALL 28

/* What several devices say together goes to all of their records. */
static int join_records(const struct arguments *a, struct session *s)
{
    struct record *records[DEVICES_MAX];
    struct error e = {0};
    for (int i = 0; i < s->count; i++)
        records[i] = &s->records[i];
    experiment_joint(records, s->count);
    if (!a->json && !a->csv && s->count)
        report_joint((const struct record *const *)records, s->count, stdout);
    for (int i = 0; i < s->count && records[0]->joint; i++)
        if (s->paths[i] && !record_write(records[i], s->paths[i], &e))
            return command_fail(a, &e);
    return EXIT_OK;
}

static int run_spec(const struct arguments *a, const struct experiment *x, const char *spec, struct session *s)
{
    struct error e = {0};
    struct device *d = device_open(spec, &e);
    if (s->count > 0 && !a->json && !a->csv)
        printf("\n");
    int code = d ? run_device(a, x, d, s) : command_fail(a, &e);
    device_close(d);
    return code;
}

/* The devices by name: the one asked for, the host beside a software device, and those that --also names. */
static int list_devices(const struct arguments *a, const char *specs[DEVICES_MAX], struct error *e)
{
    const struct options *o = a->own;
    struct device *d = device_open(a->device, e);
    int n = 0;
    if (!d)
        return 0;
    specs[n++] = a->device;
    if (o->also.count == 0 && wants_host_too(a, d))
        specs[n++] = "native";
    device_close(d);
    if (o->also.count && (a->json || a->csv))
        return error_set(e, EXIT_USAGE, "--json and --csv tell of one device: leave --also away");
    if (o->also.count > DEVICES_MAX - 1)
        return error_set(e, EXIT_USAGE, "at most %d devices are compared", DEVICES_MAX);
    for (int i = 0; i < o->also.count; i++)
        specs[n++] = o->also.items[i];
    return n;
}

static int run_devices(const struct arguments *a, struct experiment *x)
{
    struct session s = {0};
    struct error e = {0};
    const char *specs[DEVICES_MAX];
    int n = list_devices(a, specs, &e), code = n ? EXIT_OK : command_fail(a, &e);
    x->seconds = n > 1 ? (double)SECONDS_ALL / n : 0;
    for (int i = 0; i < n && !interrupted; i++)
        code = outcome_worse(code, run_spec(a, x, specs[i], &s));
    code = outcome_worse(code, join_records(a, &s));
    code = outcome_worse(code, draw_charts(a, x, &s));
    for (int i = 0; i < s.count; i++) {
        record_clear(&s.records[i]);
        free(s.paths[i]);
    }
    return interrupted ? EXIT_INTERRUPTED : code;
}

static int run(const struct arguments *a)
{
    const struct options *o = a->own;
    struct error e = {0};
    struct experiment *x = experiment_read(a->words[0], &e);
    bool ok = x && (!o->chain || experiment_override(x, o->chain, &e));
    if (ok && !isnan(o->tensor_bytes))
        x->tensor_bytes = o->tensor_bytes;
    if (ok && o->patience_s > 0)
        experiment_patience(x, o->patience_s);
    int code = ok ? run_devices(a, x) : command_fail(a, &e);
    experiment_free(x);
    return code;
}

static const struct example examples[] = {
    {"rooflab experiment fusion", "the main job: what does fusing kernels gain on this machine?"},
    {"rooflab experiment attention --patience 5s", "long sequences too, however slow they are"},
    {"rooflab experiment fusion --chain \"rmsnorm|silu|mul\" --tensor 16MB", "the same questions of your own chain"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "measured; no claim failed"},
                                         {EXIT_CHECK, "a claim's interval excludes it, or a kernel was wrong"},
                                         {EXIT_BEATEN, "a bound was beaten: ceiling, count or clock is wrong"},
                                         {EXIT_ENVIRONMENT, "no device, no gnuplot, or the results folder is not writable"},
                                         {0, NULL}};

const struct command command_experiment = {
    .name = "experiment",
    .group = GROUP_MEASURE,
    .summary = "ask this machine a question: tables, charts, a verdict",
    .about = "Runs experiments/NAME.txt: verifies every kernel against its double-precision reference, measures runs and the "
             "ceilings that judge them in the same rounds, tests the bound t >= k*S/B, draws the charts, and says in one "
             "sentence what came out. The record with every raw sample goes to results/<device>/NAME.json. Without a GPU, and "
             "where no device is named, the software device and the host processor are both measured and drawn on one page.",
    .usage = "NAME",
    .word = "an experiment",
    .min_words = 1,
    .max_words = 1,
    .common = COMMON_DEVICE | COMMON_JSON | COMMON_CSV | COMMON_OUT | COMMON_QUIET,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
