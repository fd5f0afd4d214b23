#include "roofline/ceiling.h"

#include <math.h>
#include <string.h>

struct ceilings record_ceilings(const struct record *r)
{
    const char *kind = r->provenance.device_kind;
    return (struct ceilings){r->ceilings, r->ceiling_count, kind && strcmp(kind, "software") == 0};
}

static bool usable(const struct ceiling *c, enum ceiling_kind kind)
{
    return c->kind == kind && c->value.n > 0 && c->value.median > 0;
}

/* A point of the bandwidth surface. The upper limit is what the bound reads, so it must be there. */
static bool is_node(const struct ceiling *c)
{
    return usable(c, CEILING_BANDWIDTH) && c->footprint_bytes > 0 && c->value.high > 0;
}

double ceilings_bound_rate(struct ceilings c, double largest_bytes)
{
    double smallest = NAN, below = NAN, read = NAN;
    for (int i = 0; i < c.count; i++) {
        double f = c.list[i].footprint_bytes;
        if (!is_node(&c.list[i]))
            continue;
        smallest = fmin(smallest, f);
        if (f <= largest_bytes)
            below = fmax(below, f);
        if (c.list[i].mix == MIX_READ)
            read = fmax(read, f);
    }
    double f0 = fmin(isnan(below) ? smallest : below, read);
    double rate = NAN;
    for (int i = 0; i < c.count; i++)
        if (is_node(&c.list[i]) && c.list[i].footprint_bytes >= f0)
            rate = fmax(rate, c.list[i].value.high);
    return rate;
}

/* What the roof is made of: a copy command may use hardware that no kernel can, so it makes no roof. */
static bool is_generated(const struct ceiling *c)
{
    return usable(c, CEILING_BANDWIDTH) && c->footprint_bytes > 0 && c->via != VIA_COMMAND;
}

static bool is_copy_kernel(const struct ceiling *c)
{
    return is_generated(c) && c->mix == MIX_COPY;
}

static double distance(const struct ceiling *c, double footprint_bytes)
{
    return fabs(log(c->footprint_bytes / footprint_bytes));
}

/* Whether a serves better than b: nearer; where both are as near, the larger footprint, so that a cache
 * flatters nobody; and at one footprint the faster. */
static bool is_better(const struct ceiling *a, const struct ceiling *b, double footprint_bytes)
{
    double da = distance(a, footprint_bytes), db = distance(b, footprint_bytes);
    if (fabs(da - db) > 1e-9)
        return da < db;
    if (a->footprint_bytes != b->footprint_bytes)
        return a->footprint_bytes > b->footprint_bytes;
    return a->value.median > b->value.median;
}

static const struct ceiling *nearest(struct ceilings c, bool any_mix, enum mix mix, double footprint_bytes)
{
    const struct ceiling *best = NULL;
    for (int i = 0; i < c.count; i++) {
        const struct ceiling *x = &c.list[i];
        if (!is_generated(x) || (!any_mix && x->mix != mix))
            continue;
        if (best == NULL || is_better(x, best, footprint_bytes))
            best = x;
    }
    return best;
}

const struct ceiling *ceilings_roof(struct ceilings c, enum mix mix, double footprint_bytes)
{
    /* A step without traffic is nearest to the smallest node. */
    double f = footprint_bytes >= 1 ? footprint_bytes : 1;
    const struct ceiling *best = nearest(c, false, mix, f);
    if (best == NULL)
        best = nearest(c, false, MIX_COPY, f);
    if (best == NULL)
        best = nearest(c, true, mix, f);
    return best;
}

static double best_rate(struct ceilings c, const char *op, bool floating)
{
    double rate = NAN;
    for (int i = 0; i < c.count; i++) {
        const struct ceiling *x = &c.list[i];
        if (!usable(x, CEILING_COMPUTE) || strcmp(x->op, op) != 0)
            continue;
        if (floating && strcmp(x->type, "f32") != 0)
            continue;
        rate = fmax(rate, x->value.median);
    }
    return rate;
}

double ceilings_op_rate(struct ceilings c, enum op op)
{
    if (op >= OP_COUNT)
        return NAN;
    bool floating = op != OP_INT_MUL && op != OP_INT_XOR;
    double rate = best_rate(c, op_name(op), floating);
    if (op == OP_FMA)
        return rate / 2; /* its ceiling is in flops */
    if (isnan(rate) && (op == OP_ADD || op == OP_MUL))
        rate = best_rate(c, "mul+add", true);
    if (isnan(rate) && (op == OP_ADD || op == OP_MUL))
        rate = best_rate(c, "fma", true) / 2; /* an addition takes the issue slot of a whole fma */
    return rate;
}

const struct ceiling *ceilings_peak(struct ceilings c)
{
    const struct ceiling *best = NULL;
    for (int i = 0; i < c.count; i++) {
        const struct ceiling *x = &c.list[i];
        if (!usable(x, CEILING_COMPUTE) || strcmp(x->type, "f32") != 0)
            continue;
        if (best == NULL || x->value.median > best->value.median)
            best = x;
    }
    return best;
}

double ceilings_dispatch_ns(struct ceilings c)
{
    double best = NAN;
    for (int i = 0; i < c.count; i++)
        if (usable(&c.list[i], CEILING_LAUNCH))
            best = fmin(best, c.list[i].value.median);
    return isnan(best) ? 0 : best;
}

enum mix mix_of(double bytes_read, double bytes_written)
{
    double total = bytes_read + bytes_written;
    if (!(total > 0))
        return MIX_COPY;
    if (bytes_written < 0.05 * total)
        return MIX_READ;
    if (bytes_read < 0.05 * total)
        return MIX_WRITE;
    return bytes_read >= 1.5 * bytes_written ? MIX_TRIAD : MIX_COPY;
}

double ceilings_last_plateau(struct ceilings c)
{
    double largest = 0, rate = 0, plateau = 0;
    for (int i = 0; i < c.count; i++) {
        const struct ceiling *x = &c.list[i];
        if (!is_copy_kernel(x) || x->footprint_bytes < largest)
            continue;
        rate = x->footprint_bytes > largest ? x->value.median : fmax(rate, x->value.median);
        largest = x->footprint_bytes;
    }
    for (int i = 0; i < c.count; i++) {
        const struct ceiling *x = &c.list[i];
        if (is_copy_kernel(x) && x->footprint_bytes < largest && x->value.median > 1.15 * rate)
            plateau = fmax(plateau, x->footprint_bytes);
    }
    return plateau;
}
