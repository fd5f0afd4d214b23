/* Running experiments. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/measure/experiment_parts.h"
#include "harness/measure/provenance.h"

/* Seconds of sampling; verification and the drivers' compiling come on top, and an experiment is to take at most a
 * minute on a software device. */
#define BUDGET_S 20.0

static bool (*const adders[])(const struct experiment *, struct study *, struct record *, struct progress_sink *,
                              struct error *) = {experiment_add_chains, experiment_add_ladders, experiment_add_epilogues};

/* What no study compares, after the studies. */
static bool (*const measurers[])(const struct experiment *, struct device *, struct record *, struct progress_sink *,
                                 struct error *) = {experiment_measure_transfer, experiment_measure_series, experiment_measure_first};

void experiment_say(struct record *r, const char *format, ...)
{
    struct text t = {0};
    char *sentence = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&sentence, format, args) < 0)
        sentence = need_string("");
    va_end(args);
    if (r->conclusion)
        text_add(&t, "%s %c%s", r->conclusion, toupper((unsigned char)*sentence), sentence + 1);
    else
        text_add(&t, "On %s, %s", r->device, sentence);
    free(sentence);
    free(r->conclusion);
    r->conclusion = t.s;
}

bool experiment_measure(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                        struct error *e)
{
    r->experiment = need_string(x->name);
    r->title = need_string(x->title);
    r->each = *x->each ? need_string(x->each) : NULL;
    struct study *s = study_open(d, r);
    bool ok = true;
    for (size_t i = 0; i < sizeof adders / sizeof *adders && ok; i++)
        ok = adders[i](x, s, r, progress, e);
    ok = ok && study_measure(s, x->seconds > 0 ? x->seconds : BUDGET_S, progress, e);
    study_close(s);
    for (size_t i = 0; i < sizeof measurers / sizeof *measurers && ok; i++)
        ok = measurers[i](x, d, r, progress, e);
    if (!ok)
        return false;
    provenance_finish(r, d);
    experiment_conclude(x, r);
    experiment_conclude_series(x, r);
    experiment_conclude_transfer(x, r);
    experiment_conclude_first(x, r);
    return experiment_claims(x, r, e);
}
