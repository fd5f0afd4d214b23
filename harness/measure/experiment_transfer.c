/* Lines of an experiment that ask for transfers: what does it cost to bring a tensor to the device and back, in operators that
 * run there? */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/measure/experiment_parts.h"
#include "harness/measure/provenance.h"
#include "roofline/account.h"
#include "roofline/crossover.h"

#define ROUNDS_LEAST 12
#define ROUNDS_MOST  40
#define BUDGET_S     5.0

/* One size, both ways. */
struct way {
    struct buffer *buffer;
    double bytes, *up_ns, *down_ns;
    int n;
    bool same; /* what came back is what was sent */
};

struct transfer {
    struct device *device;
    char *sent, *got;
    struct way *ways;
    int count;
};

/* Numbers that nothing can compress. */
static void fill(char *to, size_t bytes)
{
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
        uint32_t word = expr_hash(0x7e57u, (uint32_t)(i / 4));
        memcpy(to + i, &word, 4);
    }
}

static bool open_ways(struct transfer *t, const struct experiment *x, struct error *e)
{
    double most = x->sizes[x->size_count - 1];
    t->sent = need((size_t)most);
    t->got = need((size_t)most);
    t->ways = need(sizeof *t->ways * (size_t)x->size_count);
    fill(t->sent, (size_t)most);
    for (int i = 0; i < x->size_count; i++) {
        struct way *w = &t->ways[i];
        if (x->sizes[i] > (double)t->device->info.max_buffer_bytes)
            break;
        w->bytes = x->sizes[i];
        w->buffer = device_buffer(t->device, (uint64_t)w->bytes, e);
        if (!w->buffer)
            return false;
        w->up_ns = need(sizeof *w->up_ns * ROUNDS_MOST);
        w->down_ns = need(sizeof *w->down_ns * ROUNDS_MOST);
        t->count++;
    }
    return true;
}

static void close_ways(struct transfer *t)
{
    for (int i = 0; i < t->count; i++) {
        device_buffer_free(t->device, t->ways[i].buffer);
        free(t->ways[i].up_ns);
        free(t->ways[i].down_ns);
    }
    free(t->ways);
    free(t->sent);
    free(t->got);
}

/* There and back; the first time is not kept, for it touches pages. */
static bool go(struct transfer *t, struct way *w, bool keep, struct error *e)
{
    uint64_t bytes = (uint64_t)w->bytes;
    double begin = host_clock_ns();
    if (!device_upload(t->device, w->buffer, 0, t->sent, bytes, e))
        return false;
    double there = host_clock_ns();
    if (!device_download(t->device, w->buffer, 0, t->got, bytes, e))
        return false;
    double back = host_clock_ns();
    if (!keep) {
        w->same = memcmp(t->sent, t->got, bytes) == 0;
        memset(t->got, 0, bytes);
        return true;
    }
    w->up_ns[w->n] = there - begin;
    w->down_ns[w->n++] = back - there;
    return true;
}

/* All sizes in turn, so that what disturbs one does not disturb one alone. */
static bool run_ways(struct transfer *t, struct progress_sink *progress, struct error *e)
{
    bool ok = true;
    double begin = host_clock_ns();
    for (int round = -1; round < ROUNDS_MOST && ok && !interrupted; round++) {
        if (round >= ROUNDS_LEAST && (host_clock_ns() - begin) * 1e-9 > BUDGET_S)
            break;
        progress_step(progress, "there and back", round < 0 ? 0 : round, ROUNDS_MOST);
        for (int i = 0; i < t->count && ok; i++)
            ok = go(t, &t->ways[round % 2 ? t->count - 1 - i : i], round >= 0, e);
    }
    return ok;
}

static struct run *add_way(struct record *r, const struct device *d, const char *group, double bytes)
{
    struct run *run = record_add_run(r);
    run->group = need_string(group);
    run->kernel = need_string(group);
    run->variant = need_string("single");
    run->device = need_string(d->info.name);
    run->tensor_bytes = run->bytes_compulsory = bytes;
    run->passes = 1;
    run->tolerance = 0;
    return run;
}

/* Only the host's clock sees a transfer: time_ns stays null. */
static void record_way(struct record *r, const struct device *d, const char *group, const struct way *w, const double *ns)
{
    struct run *run = add_way(r, d, group, w->bytes);
    account_samples(run, ns, w->n, "", NAN);
    run->call_ns = run->time_ns;
    run->time_ns = (struct interval){0};
    run->verified = w->same;
    if (!w->same) {
        run->status = RUN_ERROR;
        run->why = need_string("what came back from the device is not what was sent");
    }
}

static const char no_data[] = "a machine on paper holds no data that could be sent";

static bool measure_ways(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                         struct error *e)
{
    struct transfer t = {.device = d};
    bool ok = open_ways(&t, x, e) && run_ways(&t, progress, e);
    for (int i = 0; i < t.count && ok; i++)
        record_way(r, d, GROUP_UPLOAD, &t.ways[i], t.ways[i].up_ns);
    for (int i = 0; i < t.count && ok; i++)
        record_way(r, d, GROUP_READBACK, &t.ways[i], t.ways[i].down_ns);
    close_ways(&t);
    return ok;
}

bool experiment_measure_transfer(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                                 struct error *e)
{
    if (!x->transfer)
        return true;
    if (device_is_software(&d->info) || d->info.language == LANGUAGE_C)
        record_note(r, "this device works in the host's own memory: a transfer is a copy by one of the host's threads, and no bus "
                       "lies between");
    if (d->info.computes)
        return measure_ways(x, d, r, progress, e);
    struct run *run = add_way(r, d, GROUP_UPLOAD, x->sizes[0]);
    run->status = RUN_UNSUPPORTED;
    run->why = need_string(no_data);
    return true;
}

/* ---- the conclusion ---- */

static double call_at(const struct record *r, const char *group, double bytes)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].group && strcmp(r->runs[i].group, group) == 0 && r->runs[i].tensor_bytes == bytes &&
            r->runs[i].status == RUN_OK)
            return r->runs[i].call_ns.n ? r->runs[i].call_ns.median : NAN;
    return NAN;
}

double experiment_round_trip_ns(const struct record *r, double bytes)
{
    return call_at(r, GROUP_UPLOAD, bytes) + call_at(r, GROUP_READBACK, bytes);
}

void experiment_conclude_transfer(const struct experiment *x, struct record *r)
{
    const struct run *largest = NULL;
    char size[UNITS_TEXT], trip[UNITS_TEXT], step[UNITS_TEXT], rate[UNITS_TEXT];
    for (int i = 0; i < r->run_count && x->transfer; i++) {
        const struct run *run = &r->runs[i];
        bool timed = run->status == RUN_OK && run->time_ns.n > 0 && isfinite(experiment_round_trip_ns(r, run->tensor_bytes));
        if (timed && (!largest || run->tensor_bytes > largest->tensor_bytes))
            largest = run;
    }
    if (!largest)
        return;
    double ns = experiment_round_trip_ns(r, largest->tensor_bytes);
    units_format(size, UNIT_BYTES, largest->tensor_bytes);
    units_format(trip, UNIT_SECONDS, ns * 1e-9);
    units_format(step, UNIT_SECONDS, largest->time_ns.median * 1e-9);
    units_format(rate, UNIT_BYTES_PER_S, 2 * largest->tensor_bytes / ns * 1e9);
    experiment_say(r, "bringing %s to the device and back takes %s (%s), as long as %.2g dispatches of %s on it (%s each): fusion pays "
                      "for a round trip where it saves at least %.0f of them.",
                   size, trip, rate, ns / largest->time_ns.median, largest->kernel, step, ceil(ns / largest->time_ns.median));
}
