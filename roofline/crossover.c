#include "roofline/crossover.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

enum { POINTS = 64, DEVICES = 8 };

static const char *const times[] = {OF_DISPATCH, OF_CALL};
enum { TIMES = sizeof times / sizeof *times };

const struct interval *crossover_time(const struct run *r, const char *of)
{
    const struct interval *t = strcmp(of, OF_CALL) == 0 ? &r->call_ns : &r->time_ns;
    return r->status == RUN_OK && t->n > 0 && t->median > 0 ? t : NULL;
}

static bool in_group(const struct run *r, const char *group)
{
    return r->group && strcmp(r->group, group) == 0;
}

/* Is run i the first of its group? */
static bool begins_group(const struct record *r, int i)
{
    for (int k = 0; k < i; k++)
        if (r->runs[i].group && in_group(&r->runs[k], r->runs[i].group))
            return false;
    return r->runs[i].group != NULL;
}

/* ---- lines ---- */

double fit_ns(const struct fit *f, double bytes)
{
    return f->launch_ns.median + bytes / f->bytes_per_s.median * 1e9;
}

double fit_half_bytes(const struct fit *f)
{
    return fmax(0, f->launch_ns.median * 1e-9 * f->bytes_per_s.median);
}

const struct fit *fit_of(const struct record *r, const char *group, const char *of)
{
    for (int i = 0; i < r->fit_count; i++)
        if (strcmp(r->fits[i].group, group) == 0 && strcmp(r->fits[i].of, of) == 0)
            return &r->fits[i];
    return NULL;
}

static void fit_group(struct record *r, const char *group, const char *of)
{
    double x[POINTS], y[POINTS];
    int n = 0;
    struct line_fit line;
    for (int i = 0; i < r->run_count && n < POINTS; i++) {
        const struct interval *t = crossover_time(&r->runs[i], of);
        if (!in_group(&r->runs[i], group) || !t || !(r->runs[i].bytes_compulsory > 0))
            continue;
        x[n] = r->runs[i].bytes_compulsory;
        y[n++] = t->median;
    }
    if (!stats_line(x, y, (size_t)n, &line) || !(line.b > 0))
        return;
    struct fit *f = record_add_fit(r);
    f->group = need_string(group);
    f->of = need_string(of);
    f->launch_ns = (struct interval){line.a, line.a_low, line.a_high, n};
    /* A slope whose interval reaches zero has no upper limit of B. */
    f->bytes_per_s = (struct interval){1e9 / line.b, 1e9 / line.b_high, line.b_low > 0 ? 1e9 / line.b_low : NAN, n};
    f->from_bytes = f->to_bytes = x[0];
    f->deviation = 0;
    for (int i = 0; i < n; i++) {
        f->from_bytes = fmin(f->from_bytes, x[i]);
        f->to_bytes = fmax(f->to_bytes, x[i]);
        f->deviation = fmax(f->deviation, fabs(y[i] / fit_ns(f, x[i]) - 1));
    }
}

void fits_find(struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        for (int k = 0; k < TIMES && begins_group(r, i); k++)
            fit_group(r, r->runs[i].group, times[k]);
}

/* ---- crossovers ---- */

/* The devices' times at the sizes that all of them have, ascending. */
struct curves {
    double size[POINTS];
    const struct interval *t[DEVICES][POINTS];
    int sizes, devices;
};

static const struct interval *time_at(const struct record *r, const char *group, const char *of, double size)
{
    for (int i = 0; i < r->run_count; i++)
        if (in_group(&r->runs[i], group) && r->runs[i].tensor_bytes == size)
            return crossover_time(&r->runs[i], of);
    return NULL;
}

static void add_size(struct curves *c, const struct record *const *records, const char *group, const char *of, double size)
{
    int at = c->sizes;
    if (c->sizes == POINTS)
        return;
    for (int d = 0; d < c->devices; d++)
        if (!time_at(records[d], group, of, size))
            return;
    for (; at > 0 && c->size[at - 1] > size; at--) {
        c->size[at] = c->size[at - 1];
        for (int d = 0; d < c->devices; d++)
            c->t[d][at] = c->t[d][at - 1];
    }
    c->size[at] = size;
    for (int d = 0; d < c->devices; d++)
        c->t[d][at] = time_at(records[d], group, of, size);
    c->sizes++;
}

/* The device whose interval lies below all others at this size; -1: the intervals do not tell. */
static int winner_at(const struct curves *c, int size)
{
    for (int d = 0; d < c->devices; d++) {
        bool wins = true;
        for (int o = 0; o < c->devices; o++)
            wins = wins && (o == d || c->t[d][size]->high < c->t[o][size]->low);
        if (wins)
            return d;
    }
    return -1;
}

static double by(const struct interval *t, int end)
{
    return end < 0 ? t->low : end > 0 ? t->high : t->median;
}

/* Where a's curve comes to lie above b's between two sizes. end: 0 by medians; 1 by a's high and b's low ends, which cross
 * sooner; -1 later. */
static double crossing(const struct curves *c, int a, int b, int from, int to, int end)
{
    double last = by(c->t[a][from], end) - by(c->t[b][from], -end);
    for (int i = from + 1; i <= to; i++) {
        double now = by(c->t[a][i], end) - by(c->t[b][i], -end);
        if (last <= 0 && now > 0)
            return c->size[i - 1] + (c->size[i] - c->size[i - 1]) * (-last / (now - last));
        last = now;
    }
    return c->size[to];
}

static void add_crossover(struct record *out, const char *group, const char *of, const char *below, const char *above,
                          struct interval bytes)
{
    struct crossover *x = record_add_crossover(out);
    x->group = need_string(group);
    x->of = need_string(of);
    x->below = need_string(below);
    x->above = need_string(above);
    x->bytes = bytes;
}

static void compare_group(const struct record *const *records, int count, const char *group, const char *of, struct record *out)
{
    struct curves c = {.devices = count};
    for (int i = 0; i < records[0]->run_count; i++)
        if (in_group(&records[0]->runs[i], group))
            add_size(&c, records, group, of, records[0]->runs[i].tensor_bytes);
    int first = -1, last = -1, at = 0;
    bool crossed = false;
    for (int i = 0; i < c.sizes; i++) {
        int now = winner_at(&c, i);
        if (now < 0)
            continue;
        if (last >= 0 && now != last) {
            struct interval bytes = {crossing(&c, last, now, at, i, 0), crossing(&c, last, now, at, i, 1),
                                     crossing(&c, last, now, at, i, -1), c.sizes};
            add_crossover(out, group, of, records[last]->device, records[now]->device, bytes);
            crossed = true;
        }
        first = first < 0 ? now : first;
        last = now;
        at = i;
    }
    if (!crossed && c.sizes > 0)
        add_crossover(out, group, of, first >= 0 ? records[first]->device : NULL, NULL, (struct interval){NAN, NAN, NAN, 0});
}

void crossovers_find(const struct record *const *records, int count, struct record *out)
{
    count = count < DEVICES ? count : DEVICES;
    for (int i = 0; i < records[0]->run_count && count > 1; i++)
        for (int k = 0; k < TIMES && begins_group(records[0], i); k++)
            compare_group(records, count, records[0]->runs[i].group, times[k], out);
}
