/* Running experiments: runs, claims, the conclusion. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/measure/experiment.h"
#include "harness/measure/provenance.h"

/* Seconds of sampling; verification and the drivers' compiling come on top, and an experiment is to take at most a
 * minute on a software device. */
#define BUDGET_S 20.0

/* ---- runs ---- */

static bool add_runs(const struct experiment *x, struct study *s, double tensor_bytes, bool beyond, struct progress_sink *progress,
                     struct error *e)
{
    for (int i = 0; i < x->run_count && !interrupted; i++) {
        const struct experiment_run *run = &x->runs[i];
        const char *variants[EXPERIMENT_VARIANTS];
        char group[64];
        if (beyond && !run->beyond)
            continue;
        for (int k = 0; k < run->variant_count; k++)
            variants[k] = run->variants[k];
        snprintf(group, sizeof group, "%s%s", run->group, beyond ? "_large" : "");
        progress_step(progress, "compiling and verifying", i, x->run_count);
        if (!study_add_chain(s, group, run->chain, variants, run->variant_count, tensor_bytes, x->cols,
                             run->ablate && !beyond, e))
            return false;
    }
    return true;
}

/* A tensor that no cache holds: `beyond` times the last plateau found, in whole 16 MB. */
static bool add_beyond(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                       struct error *e)
{
    double plateau;
    char size[UNITS_TEXT], tensor[UNITS_TEXT];
    if (!study_plateau(s, &plateau, progress, e))
        return false;
    units_format(size, UNIT_BYTES, plateau);
    units_format(tensor, UNIT_BYTES, x->tensor_bytes);
    if (plateau <= 0)
        record_note(r, "no cache plateau shows in this device's copy bandwidth, so %s stands for memory too", tensor);
    else if (plateau * x->beyond <= x->tensor_bytes)
        record_note(r, "the last cache plateau ends at %s: %s is %.0f times that, so no larger tensor is needed", size,
                    tensor, x->tensor_bytes / plateau);
    else
        return add_runs(x, s, ceil(plateau * x->beyond / 16e6) * 16e6, true, progress, e);
    return true;
}

/* ---- claims ---- */

const char *const experiment_quantities[EXPERIMENT_QUANTITIES] = {"speedup", "time_ns", "bound_ns", "roof_ns", "passes"};
enum { QUANTITIES = EXPERIMENT_QUANTITIES };

static struct interval quantity_of(const struct run *r, int q)
{
    const double exact[QUANTITIES] = {0, 0, r->bound_ns, r->roof_ns, r->passes};
    if (q == 0)
        return r->speedup;
    if (q == 1)
        return r->time_ns;
    return (struct interval){exact[q], exact[q], exact[q], 1};
}

void experiment_variant_name(char *out, size_t size, const int *sizes, int groups, int operators)
{
    size_t n = 0;
    if (groups == operators || groups == 1) {
        snprintf(out, size, "%s", groups == operators ? "unfused" : "fused");
        return;
    }
    for (int i = 0; i < groups && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%d", i ? "_" : "g", sizes[i]);
}

/* "seed.g2_2.speedup" */
static void quantity_name(char *out, size_t size, const struct run *r, int q)
{
    char variant[64];
    snprintf(variant, sizeof variant, "%s", r->variant ? r->variant : "single");
    if (strcmp(variant, "grouped") == 0)
        experiment_variant_name(variant, sizeof variant, r->grouping, r->groupings, 0);
    snprintf(out, size, "%s.%s.%s", r->group, variant, experiment_quantities[q]);
}

struct scope {
    char (*names)[128];
    const char **list;
    double *low, *high;
    int count;
};

static struct scope scope_of(const struct record *r)
{
    struct scope s = {0};
    size_t n = (size_t)(r->run_count * QUANTITIES + 1);
    s.names = need(sizeof *s.names * n);
    s.list = need(sizeof *s.list * n);
    s.low = need(sizeof *s.low * n);
    s.high = need(sizeof *s.high * n);
    for (int i = 0; i < r->run_count; i++)
        for (int q = 0; q < QUANTITIES; q++) {
            struct interval v = quantity_of(&r->runs[i], q);
            if (r->runs[i].status != RUN_OK || v.n == 0)
                continue;
            quantity_name(s.names[s.count], sizeof *s.names, &r->runs[i], q);
            s.list[s.count] = s.names[s.count];
            s.low[s.count] = v.low;
            s.high[s.count++] = v.high;
        }
    return s;
}

static void scope_free(struct scope *s)
{
    free(s->names);
    free(s->list);
    free(s->low);
    free(s->high);
}

bool experiment_claims(const struct experiment *x, struct record *r, struct error *e)
{
    struct scope s = scope_of(r);
    (void)e;
    for (int i = 0; i < x->claim_count; i++) {
        struct error own = {0};
        struct expr *claim = expr_parse(x->claims[i], s.list, s.count, &own);
        if (!claim) {
            record_note(r, "claim '%s' was left out: %s", x->claims[i], own.text);
            continue;
        }
        struct claim *c = record_add_claim(r);
        c->name = need_string(x->claims[i]);
        c->text = need_string(x->claims[i]);
        expr_range(claim, s.low, s.high, &c->low, &c->high);
        c->holds = c->low >= 1 ? 1 : c->high <= 0 ? 0 : -1;
        expr_free(claim);
    }
    scope_free(&s);
    return true;
}

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

bool experiment_measure(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                        struct error *e)
{
    r->experiment = need_string(x->name);
    r->title = need_string(x->title);
    struct study *s = study_open(d, r);
    bool ok = (x->beyond <= 0 || add_beyond(x, s, r, progress, e)) && add_runs(x, s, x->tensor_bytes, false, progress, e) &&
              study_measure(s, x->seconds > 0 ? x->seconds : BUDGET_S, progress, e);
    study_close(s);
    if (!ok)
        return false;
    provenance_finish(r, d);
    conclude(x, r);
    return experiment_claims(x, r, e);
}
