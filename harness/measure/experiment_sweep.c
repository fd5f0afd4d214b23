/* What a ladder over several values of its shape has found: which rung is the fastest where, and against what. */
#include <math.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/measure/experiment_parts.h"
#include "roofline/ladder.h"

static const char *rung_name(const struct run *r)
{
    return rung_of(r->kernel);
}

bool experiment_same_sweep(const struct run *a, const struct run *b)
{
    return a->sweep_of && b->sweep_of && strcmp(a->sweep_of, b->sweep_of) == 0;
}

static double swept_value(const struct run *r)
{
    for (int i = 0; i < r->shapes; i++)
        if (r->sweep_over && strcmp(r->shape[i].name, r->sweep_over) == 0)
            return (double)r->shape[i].value;
    return NAN;
}

/* The fastest of a ladder; the rung that was it at the value before stays it unless the intervals say otherwise. */
static const struct run *best_after(const struct record *r, const struct run *any, const struct run *before)
{
    const struct run *best = ladder_best(r, any);
    for (int i = 0; best && before && i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (ladder_same(any, run) && strcmp(run->kernel, before->kernel) == 0 && ladder_timed(run) &&
            run->time_ns.low <= best->time_ns.high)
            return run;
    }
    return best;
}

/* At the last value where the first rung still ran: how much faster the fastest is, and what memory the two need. */
static void conclude_longest(struct text *t, const struct record *r, const struct run *any)
{
    const struct run *first = NULL, *best = NULL;
    char less[UNITS_TEXT], more[UNITS_TEXT];
    for (int i = 0; i < r->run_count; i++)
        if (experiment_same_sweep(any, &r->runs[i]) && ladder_timed(&r->runs[i]) && (!first || strcmp(first->kernel, r->runs[i].kernel) == 0))
            first = &r->runs[i];
    best = first ? ladder_best(r, first) : NULL;
    if (!best || best == first)
        return;
    text_add(t, "; at %s=%.0f it is %.3g times as fast as %s", first->sweep_over, swept_value(first),
             first->time_ns.median / best->time_ns.median, rung_name(first));
    if (first->temp_bytes > best->temp_bytes)
        text_add(t, " and needs %s temporary memory instead of %s",
                 best->temp_bytes > 0 ? units_format(less, UNIT_BYTES, best->temp_bytes) : "no",
                 units_format(more, UNIT_BYTES, first->temp_bytes));
}

/* The same rung at another value of the sweep; NULL where it did not run there. */
static const struct run *rung_at(const struct record *r, const struct run *there, const struct run *rung)
{
    for (int i = 0; i < r->run_count; i++)
        if (ladder_same(there, &r->runs[i]) && ladder_timed(&r->runs[i]) && strcmp(r->runs[i].kernel, rung->kernel) == 0)
            return &r->runs[i];
    return NULL;
}

/* The fastest beside `best`, and beside the sweep's first rung, which has a sentence of its own. */
static const struct run *next_best(const struct record *r, const struct run *best)
{
    const struct run *next = NULL, *first = NULL;
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        first = !first && experiment_same_sweep(best, run) && ladder_timed(run) ? run : first;
        if (ladder_same(best, run) && ladder_timed(run) && run != best && strcmp(run->kernel, first->kernel) != 0 &&
            (!next || run->time_ns.median < next->time_ns.median))
            next = run;
    }
    return next;
}

/* The rival's memory at the last value where both ran. */
static void add_need(struct text *t, const struct record *r, const struct run *winner, const struct run *rival)
{
    char bytes[UNITS_TEXT];
    const struct run *last = NULL;
    for (int i = 0; i < r->run_count; i++)
        if (experiment_same_sweep(winner, &r->runs[i]) && strcmp(r->runs[i].kernel, winner->kernel) == 0 && rung_at(r, &r->runs[i], rival))
            last = rung_at(r, &r->runs[i], rival);
    if (last && last->temp_bytes > 0)
        text_add(t, ", and %s of temporary memory at %s=%.0f", units_format(bytes, UNIT_BYTES, last->temp_bytes), last->sweep_over,
                 swept_value(last));
}

/* How the fastest at the end does against the best of the others: where it is beaten, and by how much at the ends of the scale. */
static void conclude_rival(struct text *t, const struct record *r, const struct run *winner)
{
    const struct run *rival = NULL, *least = NULL, *most = NULL, *lost = NULL;
    double low = INFINITY, high = 0;
    for (int i = r->run_count - 1; i >= 0 && !rival; i--)
        if (experiment_same_sweep(winner, &r->runs[i]) && ladder_timed(&r->runs[i]) && strcmp(r->runs[i].kernel, winner->kernel) == 0)
            rival = next_best(r, &r->runs[i]);
    for (int i = 0; i < r->run_count && rival; i++) {
        const struct run *own = &r->runs[i], *other = rung_at(r, own, rival);
        if (!experiment_same_sweep(winner, own) || !ladder_timed(own) || !other || strcmp(own->kernel, winner->kernel) != 0)
            continue;
        const double ratio = other->time_ns.median / own->time_ns.median;
        lost = other->time_ns.high < own->time_ns.low ? own : lost;
        least = ratio < low ? own : least;
        most = ratio > high ? own : most;
        low = fmin(low, ratio);
        high = fmax(high, ratio);
    }
    if (!least || least == most)
        return;
    text_add(t, "; %s, the next best, %s", rung_name(rival), lost ? "is the faster one" : "wins nowhere");
    if (lost)
        text_add(t, " up to %s=%.0f", lost->sweep_over, swept_value(lost));
    text_add(t, ": it takes from %.2f (%s=%.0f) to %.2f times the time (%s=%.0f)", low, least->sweep_over, swept_value(least), high,
             most->sweep_over, swept_value(most));
    add_need(t, r, winner, rival);
}

/* The fastest rungs over the values: "attn: 1-materialised is the fastest up to n=256, from 512 on 3-flash". */
void experiment_conclude_sweep(struct text *t, const struct record *r, const struct run *any)
{
    const struct run *last = NULL;
    text_add(t, "%s%s:", t->len ? " " : "", any->sweep_of);
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        bool begins = experiment_same_sweep(any, run) && (i == 0 || strcmp(run->group, r->runs[i - 1].group) != 0);
        const struct run *best = begins ? best_after(r, run, last) : NULL;
        if (begins && best && (!last || strcmp(last->kernel, best->kernel) != 0))
            text_add(t, "%s from %s=%.0f on %s is the fastest", last ? "," : "", best->sweep_over, swept_value(best), rung_name(best));
        last = best ? best : last;
    }
    if (last) {
        conclude_longest(t, r, last);
        conclude_rival(t, r, last);
    }
    text_add(t, last ? "." : " nothing ran.");
}
