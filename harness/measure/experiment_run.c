/* Running experiments: what is to be run, and the conclusion. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/experiment_parts.h"
#include "harness/measure/provenance.h"

/* Seconds of sampling; verification and the drivers' compiling come on top, and an experiment is to take at most a
 * minute on a software device. */
#define BUDGET_S 20.0

/* ---- the conclusion ---- */

static const struct run *variant_of(const struct record *r, const char *group, const char *variant)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].status == RUN_OK && r->runs[i].group && strcmp(r->runs[i].group, group) == 0 &&
            r->runs[i].variant && strcmp(r->runs[i].variant, variant) == 0)
            return &r->runs[i];
    return NULL;
}

/* One sentence on a group: what fusing it was worth, what was predicted, and what holds it back. */
static void conclude_group(struct text *t, const struct record *r, const char *group)
{
    const struct run *unfused = variant_of(r, group, "unfused"), *fused = variant_of(r, group, "fused");
    if (!unfused || !fused || fused->speedup.n == 0)
        return;
    text_add(t, "%s%s: %.3g memory passes became %.3g, and %d kernels became one that is %.2f times as fast "
                "(%.2f to %.2f; the roofs predict %.2f); what binds it is %s.",
             t->len ? " " : "", group, unfused->passes, fused->passes, unfused->dispatches, fused->speedup.median,
             fused->speedup.low, fused->speedup.high, fused->speedup_predicted, fused->binds ? fused->binds : "not known");
}

static void conclude(const struct experiment *x, struct record *r)
{
    struct text t = {0};
    for (int i = 0; i < x->run_count; i++)
        if (x->runs[i].ablate)
            conclude_group(&t, r, x->runs[i].group);
    if (t.len) {
        struct text whole = {0};
        text_add(&whole, "On %s, %s", r->device, t.s);
        r->conclusion = whole.s;
    }
    text_free(&t);
}

static bool (*const adders[])(const struct experiment *, struct study *, struct record *, struct progress_sink *,
                              struct error *) = {experiment_add_chains, experiment_add_ladders};

bool experiment_measure(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                        struct error *e)
{
    r->experiment = need_string(x->name);
    r->title = need_string(x->title);
    struct study *s = study_open(d, r);
    bool ok = true;
    for (size_t i = 0; i < sizeof adders / sizeof *adders && ok; i++)
        ok = adders[i](x, s, r, progress, e);
    ok = ok && study_measure(s, x->seconds > 0 ? x->seconds : BUDGET_S, progress, e);
    study_close(s);
    if (!ok)
        return false;
    provenance_finish(r, d);
    conclude(x, r);
    return experiment_claims(x, r, e);
}
