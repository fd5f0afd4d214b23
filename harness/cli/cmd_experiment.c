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
    double tensor_bytes;
};

static const struct option options[] = {
    {"chain", OPTION_STRING, "CHAIN", "measure this chain instead of the experiment's own",
     .offset = offsetof(struct options, chain)},
    {"tensor", OPTION_QUANTITY, "SIZE", "S, the bytes of the tensor that flows through; default: the experiment's",
     .offset = offsetof(struct options, tensor_bytes), .unit = UNIT_BYTES},
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

static void print_result(const struct arguments *a, const struct record *r)
{
    const struct style *s = style_of(stdout);
    if (a->json) {
        char *json = record_json(r);
        fputs(json, stdout);
        free(json);
    } else if (a->csv) {
        report_runs_csv(r, stdout);
    } else {
        report_runs(r, stdout);
        report_claims(r, stdout);
        report_notes(r, stdout);
        if (r->conclusion)
            printf("\n%s%s%s\n", s->bold, r->conclusion, s->off);
    }
}

static int finish(const struct arguments *a, const struct experiment *x, const struct device *d, const struct record *r)
{
    struct outcome_chart charts[EXPERIMENT_CHARTS_MAX];
    struct error e = {0};
    char *path = NULL;
    int code = outcome_worse(study_exit(r), report_claim_failed(r) ? EXIT_CHECK : EXIT_OK);
    print_result(a, r);
    fflush(stdout);
    for (int i = 0; i < x->chart_count; i++)
        charts[i] = (struct outcome_chart){x->charts[i].kind, x->charts[i].group};
    if (outcome_write(a, r, d->info.slug, x->name, &path, &e)) {
        fprintf(stderr, "\nwritten:\n  %s\n", path);
        code = outcome_worse(code, outcome_charts(a, r, path, charts, x->chart_count));
    } else {
        code = outcome_worse(code, command_fail(a, &e));
    }
    free(path);
    return interrupted ? EXIT_INTERRUPTED : code;
}

static bool measure(const struct arguments *a, const struct experiment *x, struct device *d, struct record *r,
                    struct error *e)
{
    struct progress progress;
    progress_open(&progress, a->quiet);
    provenance_fill(r, "experiment", d);
    bool ok = experiment_measure(x, d, r, &progress.sink, e);
    progress_close(&progress);
    return ok;
}

static int run(const struct arguments *a)
{
    const struct options *o = a->own;
    struct error e = {0};
    struct record r = {0};
    struct experiment *x = experiment_read(a->words[0], &e);
    bool ok = x && (!o->chain || experiment_override(x, o->chain, &e));
    if (ok && !isnan(o->tensor_bytes))
        x->tensor_bytes = o->tensor_bytes;
    struct device *d = ok ? device_open(a->device, &e) : NULL;
    int code;
    if (d && !a->json && !a->csv)
        print_head(x, d);
    if (d && measure(a, x, d, &r, &e))
        code = finish(a, x, d, &r);
    else
        code = command_fail(a, &e);
    record_clear(&r);
    device_close(d);
    experiment_free(x);
    return code;
}

static const struct example examples[] = {
    {"rooflab experiment fusion", "the main job: what does fusing kernels gain on this machine?"},
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
             "sentence what came out. The record with every raw sample goes to results/<device>/NAME.json.",
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
