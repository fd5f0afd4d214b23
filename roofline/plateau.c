#include "roofline/plateau.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* What a neighbour must be slower by; and what one more plateau must save: two points, each off by that. */
#define STEP  1.15
#define PRICE (2 * log(STEP))
enum { POINTS_LEAST = 2, CURVE_LEAST = 4 };

static double median_of(const struct plateau_point *p, int n, int which)
{
    double x[PLATEAU_POINTS];
    for (int i = 0; i < n; i++)
        x[i] = which < 0 ? p[i].rate.low : which > 0 ? p[i].rate.high : p[i].rate.median;
    return stats_median(x, (size_t)n);
}

/* Absolute differences, not squares: one point far off must not be worth a plateau. */
static double misfit(const struct plateau_point *p, int n)
{
    double sum = 0, centre = median_of(p, n, 0);
    for (int i = 0; i < n; i++)
        sum += fabs(log(p[i].rate.median / centre));
    return sum;
}

static struct plateau plateau_of(const struct plateau_point *p, int n)
{
    struct plateau f = {p[0].footprint_bytes, p[n - 1].footprint_bytes,
                        {median_of(p, n, 0), median_of(p, n, -1), median_of(p, n, 1), p[0].rate.n}};
    for (int i = 1; i < n; i++)
        f.rate.n = p[i].rate.n < f.rate.n ? p[i].rate.n : f.rate.n;
    return f;
}

/* The cheapest cuts, by dynamic programming; begin[i]: where the last piece of the first i points begins. */
static void cut(const struct plateau_point *p, int n, int begin[PLATEAU_POINTS + 1])
{
    double cost[PLATEAU_POINTS + 1] = {0};
    for (int end = 1; end <= n; end++) {
        cost[end] = INFINITY;
        begin[end] = 0;
        for (int from = 0; from + POINTS_LEAST <= end; from++) {
            double c = cost[from] + misfit(p + from, end - from) + PRICE;
            if (c < cost[end]) {
                cost[end] = c;
                begin[end] = from;
            }
        }
    }
}

static bool falls(const struct plateau *a, const struct plateau *b)
{
    return a->rate.median > STEP * b->rate.median && a->rate.low > b->rate.high;
}

/* Neighbours that are one: the rate of a rise is its top, that of a small step is of all points. */
static struct plateau merged(const struct plateau *a, const struct plateau *b, const struct plateau_point *p, int n)
{
    int first = 0, last = n - 1;
    while (p[first].footprint_bytes < a->from_bytes)
        first++;
    while (p[last].footprint_bytes > b->to_bytes)
        last--;
    struct plateau f = plateau_of(p + first, last - first + 1);
    if (falls(b, a))
        f.rate = b->rate;
    return f;
}

int plateaus_find(const struct plateau_point *p, int n, struct plateau out[PLATEAUS])
{
    struct plateau all[PLATEAU_POINTS];
    int begin[PLATEAU_POINTS + 1], count = 0;
    n = n < PLATEAU_POINTS ? n : PLATEAU_POINTS;
    for (int i = 0; i < n; i++)
        if (!(p[i].rate.low > 0 && p[i].rate.median > 0 && p[i].rate.high > 0))
            return 0;
    if (n < CURVE_LEAST)
        return 0;
    cut(p, n, begin);
    for (int end = n; end > 0; end = begin[end])
        all[count++] = plateau_of(p + begin[end], end - begin[end]);
    for (int i = 0; i < count / 2; i++) { /* they came from the end */
        struct plateau swapped = all[i];
        all[i] = all[count - 1 - i];
        all[count - 1 - i] = swapped;
    }
    for (int i = 0; i + 1 < count;) {
        if (falls(&all[i], &all[i + 1])) {
            i++;
            continue;
        }
        all[i] = merged(&all[i], &all[i + 1], p, n);
        count--;
        for (int k = i + 1; k < count; k++)
            all[k] = all[k + 1];
        i = i > 0 ? i - 1 : 0; /* it may not differ any more from the one before */
    }
    for (int i = 0; i < count && i < PLATEAUS; i++)
        out[i] = all[i];
    return count < PLATEAUS ? count : PLATEAUS;
}

/* ---- of a record ---- */

static bool on_curve(const struct ceiling *c, const struct ceiling *like)
{
    return c->kind == CEILING_BANDWIDTH && c->mix == like->mix && c->via == like->via && c->access == like->access &&
           c->workgroup == like->workgroup && c->places == like->places && c->value.n > 0 && c->footprint_bytes > 0;
}

static int by_footprint(const void *a, const void *b)
{
    const struct plateau_point *x = a, *y = b;
    return (x->footprint_bytes > y->footprint_bytes) - (x->footprint_bytes < y->footprint_bytes);
}

/* The points of a curve, ascending. A footprint that was measured twice has its later value: the
 * sweep's, whose rule is the stricter one. */
static int curve_of(const struct record *r, const struct ceiling *like, struct plateau_point p[PLATEAU_POINTS])
{
    int n = 0;
    for (int i = 0; i < r->ceiling_count; i++) {
        const struct ceiling *c = &r->ceilings[i];
        int at = 0;
        if (!on_curve(c, like))
            continue;
        while (at < n && p[at].footprint_bytes != c->footprint_bytes)
            at++;
        if (at == PLATEAU_POINTS)
            continue;
        p[at] = (struct plateau_point){c->footprint_bytes, c->value};
        n += at == n;
    }
    qsort(p, (size_t)n, sizeof *p, by_footprint);
    return n;
}

static const struct ceiling *curve_for(const struct record *r, enum mix mix)
{
    struct plateau_point p[PLATEAU_POINTS];
    const struct ceiling *best = NULL;
    int most = 0;
    double fastest = 0;
    for (int i = 0; i < r->ceiling_count; i++) {
        const struct ceiling *c = &r->ceilings[i];
        if (!on_curve(c, c) || c->mix != mix || c->via == VIA_COMMAND || c->access == ACCESS_STREAM)
            continue;
        int n = curve_of(r, c, p);
        double rate = median_of(p, n, 0);
        if (n > most || (n == most && rate > fastest)) {
            best = c;
            most = n;
            fastest = rate;
        }
    }
    return best;
}

static void name_level(char *name, size_t size, int i, int count, bool host)
{
    static const char *const names[][4] = {
        {"caches", "memory"}, {"near cache", "far cache", "memory"}, {"L1", "L2", "last-level cache", "memory"}};
    if (host && count >= 2 && count <= 4)
        snprintf(name, size, "%s", names[count - 2][i]);
    else
        snprintf(name, size, "level %d", i + 1);
}

void levels_find(struct record *r, bool host)
{
    static const enum mix mixes[] = {MIX_READ, MIX_COPY};
    struct plateau_point p[PLATEAU_POINTS];
    struct plateau found[PLATEAUS];
    for (size_t m = 0; m < sizeof mixes / sizeof *mixes; m++) {
        const struct ceiling *like = curve_for(r, mixes[m]);
        int count = like ? plateaus_find(p, curve_of(r, like, p), found) : 0;
        for (int i = 0; i < count; i++) {
            struct memory_level *l = record_add_level(r);
            name_level(l->name, sizeof l->name, i, count, host);
            l->mix = like->mix;
            l->via = like->via;
            l->access = like->access;
            l->workgroup = like->workgroup;
            l->places = like->places;
            l->from_bytes = found[i].from_bytes;
            l->to_bytes = found[i].to_bytes;
            l->rate = found[i].rate;
        }
    }
}
