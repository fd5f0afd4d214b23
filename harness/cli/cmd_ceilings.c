/* rooflab ceilings: what this device can do at best, measured. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/interrupt.h"
#include "harness/cli/command.h"
#include "harness/cli/outcome.h"
#include "harness/cli/progress.h"
#include "harness/cli/report.h"
#include "harness/cli/style.h"
#include "harness/measure/ceilings.h"
#include "harness/measure/provenance.h"

struct options {
    bool full, all;
};

static const struct option options[] = {
    {"full", OPTION_FLAG, NULL, "every access width and walk at every footprint (minutes)",
     .offset = offsetof(struct options, full)},
    {"all", OPTION_FLAG, NULL, "print every ceiling, not only the best of each kind", .offset = offsetof(struct options, all)},
    {0},
};

static bool measure(const struct arguments *a, struct device *d, struct record *r, struct error *e)
{
    const struct options *o = a->own;
    struct progress progress;
    struct pool *pool = pool_open(d);
    progress_open(&progress, a->quiet);
    provenance_fill(r, "ceilings", d);
    bool ok = ceilings_measure(pool, o->full, r, &progress.sink, e);
    provenance_finish(r, d);
    progress_close(&progress);
    pool_close(pool);
    return ok;
}

static void print_result(const struct arguments *a, const struct record *r)
{
    const struct options *o = a->own;
    if (a->json) {
        char *json = record_json(r);
        fputs(json, stdout);
        free(json);
    } else if (a->csv) {
        report_ceilings_csv(r, stdout);
    } else {
        printf("%sCeilings of %s%s\nBest of each kind%s; low and high are 95 %% limits of the median.\n\n", style_of(stdout)->bold,
               r->device, style_of(stdout)->off, o->all ? " and all others" : "");
        report_ceilings(r, o->all, stdout);
        report_levels(r, stdout);
        report_notes(r, stdout);
    }
    fflush(stdout);
}

static int finish(const struct arguments *a, const struct device *d, struct record *r)
{
    const struct outcome_chart charts[] = {{"bandwidth", NULL}};
    struct error e = {0};
    char *path = NULL;
    int code;
    print_result(a, r);
    if (outcome_write(a, r, d->info.slug, "ceilings", &path, &e)) {
        fprintf(stderr, "\nwritten:\n  %s\n", path);
        code = outcome_charts(a, r, path, charts, 1);
    } else {
        code = command_fail(a, &e);
    }
    free(path);
    return interrupted ? EXIT_INTERRUPTED : code;
}

static int run(const struct arguments *a)
{
    return outcome_run(a, measure, finish);
}

static const struct example examples[] = {
    {"rooflab ceilings", "measure, print the best of each kind, draw bandwidth over footprint"},
    {"rooflab ceilings --full --csv > ceilings.csv", "the whole product, for a spreadsheet"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "measured"}, {EXIT_ENVIRONMENT, "no device, or nowhere to write"}, {0, NULL}};

const struct command command_ceilings = {
    .name = "ceilings",
    .group = GROUP_MEASURE,
    .summary = "what this device can do at best: bandwidth, arithmetic, dispatch",
    .about = "Measures bandwidth for reads, writes, copies and triads by kernels of several widths and by the device's own copy and "
             "fill commands, over footprints from 16 KiB to the device's limit; arithmetic and special functions; and the cost "
             "of a dispatch. All with 95 % intervals. By default access width, workgroup size and places walked at once are swept at two "
             "footprints, and the winner over all footprints, whose plateaus are told as levels of memory.\n\n"
             "The record goes to results/<device>/ceilings.json and serves `plot` and `bench`; "
             "an experiment always measures the ceilings that it uses itself.",
    .usage = "",
    .min_words = 0,
    .max_words = 0,
    .common = COMMON_DEVICE | COMMON_JSON | COMMON_CSV | COMMON_OUT | COMMON_QUIET,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
