/* The two lines of a pass chart: the bound that nothing beats and the roof that a good kernel keeps. */
#include <math.h>

#include "roofline/chart_passes.h"
#include "roofline/model.h"

/* The lines at one number of passes, in ns. The roof's low and high follow from its bandwidth's interval. */
struct knot {
    double k, bound, roof, roof_low, roof_high, bytes; /* bytes: the roof without its dispatches */
};

double roof_rate(const struct cell *c, const struct run *r)
{
    if (r->roof_bytes_per_s > 0)
        return r->roof_bytes_per_s;
    const struct ceiling *roof = ceilings_roof(record_ceilings(c->record), MIX_COPY, 2 * c->tensor_bytes);
    return roof ? roof->value.median : NAN;
}

double run_bound(const struct cell *c, const struct run *r)
{
    double rate = r->bound_bytes_per_s > 0 ? r->bound_bytes_per_s
                                           : ceilings_bound_rate(record_ceilings(c->record), c->tensor_bytes);
    return r->bound_ns > 0 ? r->bound_ns : 1e9 * r->passes * c->tensor_bytes / rate;
}

static double dispatch_cost(const struct run *r)
{
    return r->dispatch_ns > 0 ? (r->dispatches > 0 ? r->dispatches : 1) * r->dispatch_ns : 0;
}

static struct knot knot_of(const struct cell *c, const struct run *r)
{
    double rate = roof_rate(c, r), low, high, ns = 1e9 * r->passes * c->tensor_bytes / rate,
           launch = dispatch_cost(r);
    roof_spread(record_ceilings(c->record), rate, 2 * c->tensor_bytes, &low, &high);
    return (struct knot){r->passes, run_bound(c, r), launch + ns, launch + ns / high, launch + ns / low, ns};
}

/* The lines bend only at runs, because only there the number of dispatches and the rates are known. They
 * start at no passes with the fewest dispatches and go on to k_max as the last run would. */
static int knots_of(const struct cell *c, double k_max, struct knot *knots)
{
    double launch = dispatch_cost(c->runs[0]);
    int n = 1;
    knots[0] = (struct knot){0, 0, launch, launch, launch, 0};
    for (int i = 0; i < c->count; i++) {
        struct knot next = knot_of(c, c->runs[i]);
        if (next.k > knots[n - 1].k + 1e-9)
            knots[n++] = next;
        else if (next.bound < knots[n - 1].bound)
            knots[n - 1].bound = next.bound; /* of two bounds at one k only the lower is never wrong */
    }
    const struct run *last = c->runs[c->count - 1];
    struct knot end = knot_of(c, last);
    double more = (k_max - end.k) / end.k, fixed = dispatch_cost(last);
    if (more > 1e-9)
        knots[n++] = (struct knot){k_max,
                                   end.bound * (1 + more),
                                   end.roof + more * (end.roof - fixed),
                                   end.roof_low + more * (end.roof_low - fixed),
                                   end.roof_high + more * (end.roof_high - fixed),
                                   end.bytes * (1 + more)};
    return n;
}

double gap_of(const struct cell *c, const struct run *r)
{
    return equivalent_passes(r->time_ns.median, roof_rate(c, r), c->tensor_bytes, r->passes);
}

struct curves curves_of(const struct cell *c, double k_max, double unit_ns)
{
    struct knot knots[KNOTS];
    struct curves v = {.n = knots_of(c, k_max, knots)};
    for (int i = 0; i < v.n; i++) {
        v.k[i] = knots[i].k;
        v.bound[i] = knots[i].bound / unit_ns;
        v.roof[i] = knots[i].roof / unit_ns;
        v.bytes[i] = knots[i].bytes / unit_ns;
        v.low[i] = knots[i].roof_low / unit_ns;
        v.high[i] = knots[i].roof_high / unit_ns;
    }
    return v;
}
