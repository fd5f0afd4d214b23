#include "harness/measure/sampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"

struct subject subject_of(const char *label, struct device *d, struct sequence *s, int steps, double max_s)
{
    return (struct subject){.label = label,
                            .device = d,
                            .sequence = s,
                            .steps = steps,
                            .rule = {SAMPLE_LEAST, SAMPLE_MOST, SAMPLE_PRECISION, max_s}};
}

void subject_clear(struct subject *s)
{
    free(s->ns);
    free(s->step_ns);
    free(s->call_ns);
    s->ns = s->step_ns = s->call_ns = NULL;
    s->n = s->cap = 0;
}

void subject_account(const struct subject *s, struct run *r)
{
    double *const counters[PERF_EVENTS] = {&r->instructions, &r->cycles, &r->llc_misses, &r->context_switches, &r->page_faults};
    r->call_ns = stats_interval(s->call_ns, (size_t)s->n, 0.95);
    for (int i = 0; i < PERF_EVENTS; i++)
        *counters[i] = s->n ? s->counters[i] / s->n : NAN;
    free(r->no_counters);
    r->no_counters = s->device->info.computes && *perf_missing() ? need_string(perf_missing()) : NULL;
}

/* Steps only where every sample has them: a clock that turns out broken takes the stamps away midway. */
static void keep(struct subject *s, const struct timing *t, double call_ns)
{
    bool steps = t->step_ns && (s->n == 0 || s->step_ns);
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 32;
        s->ns = need_more(s->ns, sizeof *s->ns * (size_t)s->cap);
        s->call_ns = need_more(s->call_ns, sizeof *s->call_ns * (size_t)s->cap);
        if (s->step_ns)
            s->step_ns = need_more(s->step_ns, sizeof *s->step_ns * (size_t)(s->cap * s->steps));
    }
    if (steps && !s->step_ns)
        s->step_ns = need(sizeof *s->step_ns * (size_t)(s->cap * s->steps));
    s->ns[s->n] = t->total_ns;
    s->call_ns[s->n] = call_ns;
    if (steps) {
        memcpy(s->step_ns + s->n * s->steps, t->step_ns, sizeof *s->step_ns * (size_t)s->steps);
    } else {
        free(s->step_ns);
        s->step_ns = NULL;
    }
    s->n++;
}

/* One run, with what it cost by the host's clock and what the processor did. Counters are read outside of both clocks. */
static bool timed_run(struct subject *s, struct error *e)
{
    double before[PERF_EVENTS], after[PERF_EVENTS];
    bool computes = s->device->info.computes;
    struct timing t;
    if (computes)
        perf_read(before);
    double begin = host_clock_ns();
    if (!device_run(s->device, s->sequence, &t, e))
        return error_prefix(e, "%s", s->label);
    double call_ns = host_clock_ns() - begin;
    if (computes)
        perf_read(after);
    for (int i = 0; i < PERF_EVENTS; i++)
        s->counters[i] = (s->n ? s->counters[i] : 0) + (computes ? after[i] - before[i] : NAN);
    keep(s, &t, computes ? call_ns : t.total_ns);
    return true;
}

static bool evict_caches(struct subject *s, struct error *e)
{
    struct timing t;
    for (int i = 0; i < s->evict_count; i++)
        if (!device_run(s->device, s->evict[i], &t, e))
            return error_prefix(e, "emptying the caches for %s", s->label);
    return true;
}

static bool warm_up(struct subject *s, struct error *e)
{
    struct timing t;
    double spent = 0;
    bool wanted = s->n == 0 || s->ns[s->n - 1] < SAMPLE_WARM_NS;
    for (int i = 0; i < SAMPLE_WARM_RUNS && wanted; i++) {
        if (!device_run(s->device, s->sequence, &t, e))
            return error_prefix(e, "%s", s->label);
        spent += t.total_ns;
        wanted = spent < SAMPLE_WARM_NS;
    }
    return true;
}

static bool sample_one(struct subject *s, struct error *e)
{
    double begin = host_clock_ns();
    bool ready = s->evict_count ? evict_caches(s, e) : warm_up(s, e);
    if (!ready || !timed_run(s, e))
        return false;
    s->spent_s += (host_clock_ns() - begin) * 1e-9;
    return true;
}

/* Compared subjects must have samples from the same rounds: none stops alone, and one that is out of time or patience
 * stops all. */
static bool is_active(const struct subject *list, int count, int i)
{
    if (list[i].team <= 0)
        return list[i].stop == STOP_NOT_YET;
    bool waiting = false;
    for (int k = 0; k < count; k++)
        if (list[k].team == list[i].team) {
            if (list[k].stop == STOP_SAMPLES || list[k].stop == STOP_TIME)
                return false;
            waiting = waiting || list[k].stop == STOP_NOT_YET;
        }
    return waiting;
}

/* Why the team of one that had not stopped by itself did: what stopped a partner. */
static enum stop team_stop(const struct subject *list, int count, int i)
{
    for (int k = 0; k < count && list[i].team > 0; k++)
        if (list[k].team == list[i].team && (list[k].stop == STOP_SAMPLES || list[k].stop == STOP_TIME))
            return list[k].stop;
    return STOP_TIME;
}

static int active_count(const struct subject *list, int count)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        n += is_active(list, count, i);
    return n;
}

/* How far the slowest is, in 0 .. 1: by samples until the least, by half-width after that is not known ahead. */
static double progress_of(const struct subject *list, int count)
{
    double done = 0;
    for (int i = 0; i < count; i++)
        done += is_active(list, count, i) ? fmin(0.95, (double)list[i].n / (list[i].rule.min_samples * 2)) : 1;
    return done / count;
}

bool sample_all(struct subject *list, int count, struct progress_sink *progress, const char *what, struct error *e)
{
    bool *active = need(sizeof *active * (size_t)(count + 1));
    bool ok = true;
    for (int round = 0; ok && !interrupted && active_count(list, count); round++) {
        for (int i = 0; i < count; i++) /* decided before the round: partners see the same rounds */
            active[i] = is_active(list, count, i);
        for (int k = 0; k < count && ok && !interrupted; k++) {
            int i = round % 2 ? count - 1 - k : k;
            if (active[i])
                ok = sample_one(&list[i], e);
            progress_step(progress, what, progress_of(list, count), 1);
        }
        if (round % 2 == 0) /* only whole ABBA quads */
            continue;
        for (int i = 0; i < count; i++)
            if (active[i]) /* precision may be lost again while the team goes on */
                list[i].stop = stats_stop(&list[i].rule, list[i].ns, (size_t)list[i].n, list[i].spent_s);
    }
    for (int i = 0; i < count; i++)
        if (list[i].stop == STOP_NOT_YET && !interrupted)
            list[i].stop = team_stop(list, count, i);
    free(active);
    return ok;
}
