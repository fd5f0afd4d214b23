#include "roofline/account.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "roofline/bound.h"

static void set_string(char **place, const char *s)
{
    free(*place);
    *place = need_string(s);
}

void account_samples(struct run *r, const double *ns, int n, const char *stop, double first_ns)
{
    free(r->samples_ns);
    r->samples_ns = need(sizeof *ns * (size_t)(n + 1));
    memcpy(r->samples_ns, ns, sizeof *ns * (size_t)n);
    r->samples = n;
    r->time_ns = stats_interval(ns, (size_t)n, 0.95);
    r->first_ns = first_ns;
    set_string(&r->stop, stop);
}

static void add_traffic(struct run *r, const struct cost *steps, int count)
{
    r->bytes_compulsory = r->bytes_issued = r->bytes_sectors = r->bytes_shared = r->accesses = r->barriers = 0;
    memset(r->ops, 0, sizeof r->ops);
    for (int i = 0; i < count; i++) {
        r->bytes_compulsory += steps[i].bytes_read + steps[i].bytes_written;
        r->bytes_issued += steps[i].bytes_issued;
        bool counted = steps[i].bytes_sectors > 0;
        r->bytes_sectors += counted ? steps[i].bytes_sectors : NAN;
        r->bytes_shared += counted ? steps[i].bytes_shared : NAN;
        r->accesses += counted ? steps[i].accesses : NAN;
        r->barriers += counted ? steps[i].barriers : NAN;
        for (int op = 0; op < OP_COUNT; op++)
            r->ops[op] += steps[i].ops[op];
    }
    r->flops = ops_flops(r->ops);
    r->passes = r->bytes_compulsory / r->tensor_bytes;
    r->passes_issued = r->bytes_issued / r->tensor_bytes;
}

/* How many footprints the copy was measured at: a plateau is seen on a curve, not on a point. */
#define CURVE_POINTS 4
static int copy_footprints(struct ceilings c)
{
    int n = 0;
    for (int i = 0; i < c.count; i++) {
        bool seen = false;
        for (int k = 0; k < i; k++)
            seen = seen || (c.list[k].kind == CEILING_BANDWIDTH && c.list[k].mix == MIX_COPY &&
                            c.list[k].footprint_bytes == c.list[i].footprint_bytes);
        n += c.list[i].kind == CEILING_BANDWIDTH && c.list[i].mix == MIX_COPY && !seen;
    }
    return n;
}

void account_run(struct run *r, const struct cost *steps, int count, struct ceilings c)
{
    struct roof *roofs = need(sizeof *roofs * (size_t)(count + 1));
    double lower = NAN, upper = NAN, bound = 0;
    add_traffic(r, steps, count);
    for (int i = 0; i < count; i++) {
        bound += bound_ns(steps[i].bytes_read + steps[i].bytes_written,
                          ceilings_bound_rate(c, steps[i].largest_buffer_bytes));
        roofs[i] = roof_of_step(c, &steps[i]);
    }
    struct roof roof = roof_sum(roofs, count);
    r->bound_ns = bound;
    r->bound_bytes_per_s = r->bytes_compulsory / bound * 1e9;
    r->roof_ns = roof.roof_ns;
    r->roof_bytes_per_s = roof.bytes_ns > 0 ? r->bytes_compulsory / roof.bytes_ns * 1e9 : NAN;
    r->dispatch_ns = ceilings_dispatch_ns(c);
    r->dispatches = count;
    set_string(&r->binds, binds_by_model(&roof));
    if (r->samples > 0)
        stats_limits(r->samples_ns, (size_t)r->samples, &lower, &upper);
    r->verdict = bound_verdict(lower, upper, bound);
    double plateau = ceilings_last_plateau(c), largest = 0;
    for (int i = 0; i < count; i++)
        largest = fmax(largest, steps[i].largest_buffer_bytes);
    r->cache_resident = copy_footprints(c) < CURVE_POINTS ? -1 : largest < plateau;
    free(roofs);
}

void account_model(struct run *r, struct ceilings c)
{
    const struct ceiling *read = isfinite(r->inputs_bytes) ? ceilings_roof(c, MIX_READ, r->inputs_bytes) : NULL;
    if (isnan(r->inputs_bytes) || r->time_ns.n == 0)
        return;
    r->each_per_s = 1e9 / r->time_ns.median;
    if (!read || read->mix != MIX_READ)
        return;
    r->read_bytes_per_s = read->value.median;
    r->read_footprint_bytes = read->footprint_bytes;
    r->read_share = r->bytes_compulsory * r->each_per_s / r->read_bytes_per_s;
}

void account_ablations(struct run *r, double window_ns, double copy_ns)
{
    r->window_ns = window_ns;
    r->copy_ns = copy_ns;
    const char *binds = binds_by_ablation(window_ns, copy_ns, r->dispatch_ns * r->dispatches);
    /* Neither a cache nor less arithmetic would help: what both ablations have left in binds. */
    if (r->time_ns.n > 0 && fmin(window_ns, copy_ns) >= 0.9 * r->time_ns.median)
        binds = BINDS_INSTRUCTIONS;
    if (binds)
        set_string(&r->binds, binds);
}

void account_speedup(struct run *r, const struct run *base, double predicted)
{
    int n = r->samples < base->samples ? r->samples : base->samples;
    bool named = base->variant && strcmp(base->variant, "single") != 0;
    set_string(&r->speedup_over, named ? base->variant : base->kernel);
    r->speedup = stats_ratio(base->samples_ns, r->samples_ns, (size_t)n);
    r->speedup_predicted = predicted;
}

void account_cause(struct run *r)
{
    if (r->verdict == VERDICT_BEATEN)
        set_string(&r->cause, r->cache_resident == 1
                                  ? "the tensor lies in a cache that the ceilings were not measured in"
                                  : "fewer bytes were moved than declared, or the timer is wrong");
}
