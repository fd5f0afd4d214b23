/* What the records of several devices say together: which is the faster one for which size, and in which order a program
 * should try them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/measure/experiment_parts.h"
#include "roofline/crossover.h"

/* ---- series with lines: where do they cross? ---- */

/* The groups whose calls are fastest on one device at every size; NULL where it is not one and the same for all. */
static const char *sole_winner(const struct record *r)
{
    const char *winner = NULL;
    for (int i = 0; i < r->crossover_count; i++) {
        const struct crossover *x = &r->crossovers[i];
        if (strcmp(x->of, OF_CALL) != 0)
            continue;
        if (x->bytes.n || !x->below || (winner && strcmp(winner, x->below) != 0))
            return NULL;
        winner = x->below;
    }
    return winner;
}

static void range_of_sizes(const struct record *r, char low[UNITS_TEXT], char high[UNITS_TEXT])
{
    double from = INFINITY, to = 0;
    for (int i = 0; i < r->run_count; i++) {
        from = fmin(from, r->runs[i].tensor_bytes);
        to = fmax(to, r->runs[i].tensor_bytes);
    }
    units_format(low, UNIT_BYTES, from);
    units_format(high, UNIT_BYTES, to);
}

static void say_crossover(struct text *t, const struct crossover *x)
{
    char size[UNITS_TEXT], below[SHORT_NAME], above[SHORT_NAME];
    units_format(size, UNIT_BYTES, x->bytes.median);
    text_add(t, "%s%s: ", t->len ? " " : "", x->group);
    if (x->bytes.n)
        text_add(t, "below %s %s wins, above it %s.", size, short_name(below, x->below), short_name(above, x->above));
    else if (x->below)
        text_add(t, "%s wins at every size.", short_name(below, x->below));
    else
        text_add(t, "the intervals tell no winner.");
}

static void say_crossovers(struct text *t, const struct record *r)
{
    char low[UNITS_TEXT], high[UNITS_TEXT], name[SHORT_NAME];
    const char *winner = sole_winner(r);
    if (winner) {
        range_of_sizes(r, low, high);
        text_add(t, "%s is the faster device for every work and at every size from %s to %s: there is no crossover.",
                 short_name(name, winner), low, high);
        return;
    }
    for (int i = 0; i < r->crossover_count; i++)
        if (strcmp(r->crossovers[i].of, OF_CALL) == 0)
            say_crossover(t, &r->crossovers[i]);
}

/* ---- a few sizes: who comes first? ---- */

enum { DEVICES_MAX = 8 };

/* How the devices stand: geometric means, over all works, of a time over the best device's. */
struct standing {
    double steady[DEVICES_MAX], first[DEVICES_MAX];
    int wins[DEVICES_MAX], works, order[DEVICES_MAX];
};

static const struct run *same_work(const struct record *r, const struct run *like)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].group && strcmp(r->runs[i].group, like->group) == 0 && r->runs[i].tensor_bytes == like->tensor_bytes &&
            crossover_time(&r->runs[i], OF_CALL))
            return &r->runs[i];
    return NULL;
}

/* Adds one work, where all devices could do it. */
static void stand(struct standing *s, struct record *const *records, int count, const struct run *like)
{
    double best = INFINITY, first = INFINITY;
    const struct run *runs[DEVICES_MAX];
    for (int d = 0; d < count; d++) {
        runs[d] = same_work(records[d], like);
        if (!runs[d])
            return;
        best = fmin(best, runs[d]->call_ns.median);
        first = fmin(first, runs[d]->first_ns);
    }
    for (int d = 0; d < count; d++) {
        s->steady[d] += log(runs[d]->call_ns.median / best);
        s->first[d] += log(runs[d]->first_ns / first);
        s->wins[d] += runs[d]->call_ns.median == best;
    }
    s->works++;
}

static void sort_devices(struct standing *s, int count)
{
    for (int i = 0; i < count; i++) {
        int at = i;
        for (; at > 0 && s->steady[s->order[at - 1]] > s->steady[i]; at--)
            s->order[at] = s->order[at - 1];
        s->order[at] = i;
    }
}

static void say_order(struct text *t, struct record *const *records, int count)
{
    struct standing s = {0};
    char name[SHORT_NAME], other[SHORT_NAME];
    int quick = 0;
    for (int i = 0; i < records[0]->run_count; i++)
        if (records[0]->runs[i].group && crossover_time(&records[0]->runs[i], OF_CALL))
            stand(&s, records, count, &records[0]->runs[i]);
    if (s.works == 0)
        return;
    sort_devices(&s, count);
    int best = s.order[0];
    text_add(t, "A program here should use %s first: it is the fastest for %d of %d works", short_name(name, records[best]->device),
             s.wins[best], s.works);
    for (int i = 1; i < count; i++)
        text_add(t, "; %s %s, which takes %.3g times as long as the best in the mean", i == 1 ? "then" : "and then",
                 short_name(other, records[s.order[i]]->device), exp(s.steady[s.order[i]] / s.works));
    for (int d = 1; d < count; d++)
        quick = s.first[d] < s.first[quick] ? d : quick;
    if (quick == best)
        text_add(t, ". Its first runs, with the caches of compiled code as they are, are the quickest too.");
    else
        text_add(t, ". For work that is run once it is %s: first runs on %s take %.3g times as long.",
                 short_name(other, records[quick]->device), name, exp(s.first[best] / s.works));
}

/* ---- first runs: when is the dearer compiler paid back? ---- */

struct first {
    double cold, later; /* geometric means of the same works */
};

static bool first_of(const struct record *r, struct first *f)
{
    double cold = 0, later = 0;
    int n = 0;
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].cold_ns.n > 0 && r->runs[i].call_ns.n > 0) {
            cold += log(r->runs[i].cold_ns.median);
            later += log(r->runs[i].call_ns.median);
            n++;
        }
    *f = (struct first){exp(cold / n), exp(later / n)};
    return n > 0;
}

static void say_first(struct text *t, struct record *const *records, int count)
{
    struct first all[DEVICES_MAX];
    char a[SHORT_NAME], b[SHORT_NAME], cold[UNITS_TEXT], other[UNITS_TEXT];
    int quick = 0;
    for (int i = 0; i < count; i++) {
        if (!first_of(records[i], &all[i]))
            return;
        quick = all[i].cold < all[quick].cold ? i : quick;
    }
    for (int i = 0; i < count; i++) {
        if (i == quick)
            continue;
        text_add(t, "%sWith empty caches %s is the first to have a result (%s against %s of %s, in the mean)", t->len ? " " : "",
                 short_name(a, records[quick]->device), units_format(cold, UNIT_SECONDS, all[quick].cold * 1e-9),
                 units_format(other, UNIT_SECONDS, all[i].cold * 1e-9), short_name(b, records[i]->device));
        if (all[i].later < all[quick].later)
            text_add(t, "; later calls are faster on %s, which has caught up after %.0f of them.", b,
                     ceil((all[i].cold - all[quick].cold) / (all[quick].later - all[i].later) * (1 - 1e-9))); /* means are rounded */
        else
            text_add(t, ", and stays ahead.");
    }
}

/* ---- transfers: is it worth sending the work away? ---- */

static const struct run *largest_step(const struct record *r)
{
    const struct run *best = NULL;
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].chain && r->runs[i].call_ns.n > 0 && (!best || r->runs[i].tensor_bytes > best->tensor_bytes))
            best = &r->runs[i];
    return best;
}

/* The host works where its data lies; the others must be sent it and send it back. */
static void say_transfer(struct text *t, struct record *const *records, int count)
{
    char name[SHORT_NAME], size[UNITS_TEXT], sent[UNITS_TEXT], here[UNITS_TEXT];
    const struct run *host = NULL;
    for (int i = 0; i < count; i++)
        if (records[i]->provenance.device_kind && strcmp(records[i]->provenance.device_kind, "CPU") == 0)
            host = largest_step(records[i]);
    for (int i = 0; i < count && host; i++) {
        const struct run *step = largest_step(records[i]);
        if (!step || step == host || step->tensor_bytes != host->tensor_bytes)
            continue;
        double trip = experiment_round_trip_ns(records[i], step->tensor_bytes), gain = host->call_ns.median - step->call_ns.median;
        units_format(size, UNIT_BYTES, step->tensor_bytes);
        units_format(sent, UNIT_SECONDS, (trip + step->call_ns.median) * 1e-9);
        units_format(here, UNIT_SECONDS, host->call_ns.median * 1e-9);
        text_add(t, "%sSending %s to %s for one call of %s takes %s with the way back, and %s on the host itself", t->len ? " " : "", size,
                 short_name(name, records[i]->device), step->kernel, sent, here);
        if (gain > 0)
            text_add(t, ": from %.0f such calls on one tensor on, sending pays.", ceil(trip / gain));
        else
            text_add(t, ": sending never pays, since the host is faster in each call too.");
    }
}

/* ---- all ---- */

static bool has_group(const struct record *r, const char *group)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].group && strcmp(r->runs[i].group, group) == 0)
            return true;
    return false;
}

/* Works without ceilings (experiment_series.c)? */
static bool has_series(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].group && r->runs[i].call_ns.n && isnan(r->runs[i].roof_ns))
            return true;
    return false;
}

static bool has_cold(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].cold_ns.n)
            return true;
    return false;
}

void experiment_joint(struct record *const *records, int count)
{
    struct text t = {0};
    const struct record *all[DEVICES_MAX];
    count = count < DEVICES_MAX ? count : DEVICES_MAX;
    for (int i = 0; i < count; i++) {
        all[i] = records[i];
        if (count < 2 || !has_series(records[i]))
            return;
    }
    if (count < 2)
        return;
    if (has_group(records[0], GROUP_UPLOAD)) {
        say_transfer(&t, records, count);
    } else if (has_cold(records[0])) {
        say_first(&t, records, count);
    } else {
        for (int i = 0; i < count; i++)
            crossovers_find(all, count, records[i]);
        if (records[0]->fit_count)
            say_crossovers(&t, records[0]);
        else
            say_order(&t, records, count);
    }
    for (int i = 0; i < count && t.len; i++)
        records[i]->joint = need_string(t.s);
    text_free(&t);
}
