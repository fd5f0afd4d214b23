/* Measuring a study: runs and ceilings in the same rounds, then their accounts. */
#include "harness/measure/study_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "roofline/account.h"
#include "roofline/ladder.h"

/* Steps shorter than this get no time stamp between them: one costs about 1 us, and must stay below 1 %. */
#define STEP_STAMP_NS 1e5
/* Samples of an ablation: it only has to tell which of two numbers is larger. */
#define ABLATION_SAMPLES 8
/* Seconds for measuring a beaten bound and its ceilings again, all together. */
#define AGAIN_S 15.0
/* What is read to empty caches: twice the last cache of the largest machine seen so far (480 MB), or this share of the device's memory. */
#define EVICT_BYTES 1e9
#define EVICT_SHARE 0.4

struct session {
    struct study *s;
    struct probes probes, evict;
    struct sequence **evictions;
    struct subject *subjects;
    int count, first_probe;
};

static bool is_ok(struct study *s, const struct item *item)
{
    return item->loads[LOAD_RUN] && study_run_of(s, item)->status == RUN_OK;
}

/* The first of i's group that runs, plus one: what the others are compared with. Items before i are settled. */
static int team_of(struct study *s, int i)
{
    int k = 0;
    while (k < i && (strcmp(s->items[k].group, s->items[i].group) != 0 || !is_ok(s, &s->items[k])))
        k++;
    return k + 1;
}

/* Warms a workload up and adds it; a long chain gets stamps between its steps. */
static bool add_subject(struct session *n, int i, int load, struct error *e)
{
    struct study *s = n->s;
    struct workload *w = s->items[i].loads[load];
    if (!w || !workload_warm(w, false, e))
        return w == NULL;
    struct timing t;
    if (!device_run(s->device, w->sequence, &t, e))
        return false;
    int steps = w->plan->step_count;
    bool stamps = steps > 1 && t.total_ns / steps > STEP_STAMP_NS;
    if (stamps && !workload_warm(w, true, e))
        return false;
    s->items[i].subjects[load] = n->count;
    struct subject *subject = &n->subjects[n->count++];
    *subject = subject_of(w->plan->name, s->device, w->sequence, steps, 0);
    if (load == LOAD_RUN) {
        subject->team = s->alone ? 0 : team_of(s, i);
        if (s->items[i].samples)
            subject->rule.min_samples = subject->rule.max_samples = s->items[i].samples;
    } else {
        subject->rule.min_samples = subject->rule.max_samples = ABLATION_SAMPLES;
    }
    return true;
}

/* The largest tensor that a probe can walk. A kernel that reads texels may have larger ones: it is held against the ceilings of
 * this size, which are no lower. */
static double largest_probed(const struct device_info *d)
{
    return fmin((double)d->max_binding_bytes, (double)d->max_buffer_bytes);
}

/* What the experiment's ceilings must cover: distinct tensor sizes, and the operations that occur. */
static int list_needs(struct study *s, double sizes[16], double ops[OP_COUNT])
{
    int n = 0;
    memset(ops, 0, sizeof *ops * OP_COUNT);
    for (int i = 0; i < s->count; i++) {
        if (!is_ok(s, &s->items[i]))
            continue;
        const struct plan *p = s->items[i].loads[LOAD_RUN]->plan;
        for (int k = 0; k < p->step_count; k++) {
            double largest = fmin(p->steps[k].cost.largest_buffer_bytes, largest_probed(&s->device->info));
            int at = 0;
            while (at < n && fabs(sizes[at] / largest - 1) > 0.01)
                at++;
            if (at == n && n < 16)
                sizes[n++] = largest;
            for (int op = 0; op < OP_COUNT; op++)
                ops[op] += p->steps[k].cost.ops[op];
        }
    }
    return n;
}

/* A model reads all its weights once: reading as much is what it is held against. Of more than a device can bind, the most. */
static void add_reading(struct session *n)
{
    const struct device_info *d = &n->s->device->info;
    const enum access accesses[] = {ceilings_access(d), ACCESS_VEC4};
    for (int i = 0; i < n->s->count; i++) {
        double bytes = is_ok(n->s, &n->s->items[i]) ? study_run_of(n->s, &n->s->items[i])->inputs_bytes : NAN;
        if (isnan(bytes)) /* of no model; fmin would pass over it */
            continue;
        bytes = fmin(fmin(bytes, largest_probed(d)), (double)d->memory_bytes / 2);
        for (int a = 0; a < 2 && bytes > 0; a++)
            if ((a == 0 || device_is_software(d)) && probe_fits(d, MIX_READ, accesses[a], bytes))
                probes_bandwidth(&n->probes, MIX_READ, accesses[a], ceilings_walk(d), bytes);
    }
}

static bool add_probes(struct session *n, struct error *e)
{
    double sizes[16], ops[OP_COUNT];
    int count = list_needs(n->s, sizes, ops);
    probes_for_runs(&n->probes, &n->s->device->info, sizes, count, ops);
    add_reading(n);
    /* From cold caches a footprint is gone over once: a second time it would be warm. */
    if (!probes_open(&n->probes, n->s->pool, n->s->cold ? 0 : 0.002, n->s->record, e))
        return false;
    n->subjects = need_more(n->subjects, sizeof *n->subjects * (size_t)(n->count + n->probes.count + 1));
    n->first_probe = n->count;
    for (int i = 0; i < n->probes.count; i++)
        n->subjects[n->count++] = subject_of(n->probes.list[i].label, n->s->device, n->probes.list[i].sequence, 1, 0);
    return true;
}

/* In buffers as large as a kernel can bind. None has the size of another: they would be one buffer of the pool. */
static bool add_evictions(struct session *n, struct error *e)
{
    const struct device_info *d = &n->s->device->info;
    double total = fmin(EVICT_BYTES, EVICT_SHARE * (double)d->memory_bytes), each = fmin(largest_probed(d), total);
    char text[UNITS_TEXT];
    for (double left = total; left > total / 100; left -= each)
        probes_bandwidth(&n->evict, MIX_READ, ceilings_access(d), ceilings_walk(d), fmin(each, left) - 4096.0 * n->evict.count);
    if (!probes_open(&n->evict, n->s->pool, 0, NULL, e))
        return false;
    n->evictions = need(sizeof *n->evictions * (size_t)(n->evict.count + 1));
    for (int i = 0; i < n->evict.count; i++)
        n->evictions[i] = n->evict.list[i].sequence;
    for (int i = 0; i < n->count; i++) {
        n->subjects[i].evict = n->evictions;
        n->subjects[i].evict_count = n->evict.count;
    }
    record_note(n->s->record, "cold: before each sample, of runs and of ceilings, %s of other memory were read",
                units_format(text, UNIT_BYTES, total));
    return true;
}

static bool add_subjects(struct session *n, struct error *e)
{
    struct study *s = n->s;
    n->subjects = need(sizeof *n->subjects * (size_t)(s->count * LOADS + 1));
    for (int i = 0; i < s->count && !interrupted; i++)
        for (int load = 0; load < LOADS && is_ok(s, &s->items[i]); load++) {
            struct error own = {0};
            if (add_subject(n, i, load, &own))
                continue;
            if (load == LOAD_RUN)
                study_mark(study_run_of(s, &s->items[i]), RUN_ERROR, own.text);
            else
                record_note(s->record, "an ablation could not run: %s", own.text);
            (void)e;
        }
    return true;
}

static void end_session(struct session *n)
{
    for (int i = 0; i < n->count; i++)
        subject_clear(&n->subjects[i]);
    free(n->subjects);
    free(n->evictions);
    probes_clear(&n->probes, n->s->pool);
    probes_clear(&n->evict, n->s->pool);
}

/* ---- accounts ---- */

static double median_of(const struct session *n, int subject)
{
    return subject < 0 ? NAN : stats_median(n->subjects[subject].ns, (size_t)n->subjects[subject].n);
}

/* Fills one step of a run from the stamps between the steps, where there are any. */
static void account_step(struct run *step, const struct plan *p, int k, const struct subject *q, struct ceilings c)
{
    double *ns = need(sizeof *ns * (size_t)(q->n + 1));
    for (int i = 0; i < q->n && q->step_ns; i++)
        ns[i] = q->step_ns[i * q->steps + k];
    step->kernel = need_string(p->steps[k].label);
    step->tensor_bytes = p->tensor_bytes;
    if (q->step_ns)
        account_samples(step, ns, q->n, stop_text(q->stop), NAN);
    else if (q->steps == 1)
        account_samples(step, q->ns, q->n, stop_text(q->stop), NAN);
    account_run(step, &p->steps[k].cost, 1, c);
    free(step->samples_ns); /* they are the run's own where there is one step, and bulky where there are many */
    step->samples_ns = NULL;
    step->samples = 0;
    free(ns);
}

static double step_median(const struct subject *q, int k)
{
    if (!q->step_ns)
        return q->steps == 1 ? stats_median(q->ns, (size_t)q->n) : NAN;
    double *ns = need(sizeof *ns * (size_t)(q->n + 1));
    for (int i = 0; i < q->n; i++)
        ns[i] = q->step_ns[i * q->steps + k];
    double median = stats_median(ns, (size_t)q->n);
    free(ns);
    return median;
}

static void account_item(struct study *s, const struct session *n, struct item *item, struct ceilings c)
{
    struct run *r = study_run_of(s, item);
    const struct plan *p = item->loads[LOAD_RUN]->plan;
    const struct subject *q = &n->subjects[item->subjects[LOAD_RUN]];
    struct cost *costs = need(sizeof *costs * (size_t)p->step_count);
    for (int k = 0; k < p->step_count; k++)
        costs[k] = p->steps[k].cost;
    account_samples(r, q->ns, q->n, stop_text(q->stop), item->loads[LOAD_RUN]->first_ns);
    r->start_ns = r->first_ns - r->programs_ns;
    subject_account(q, r);
    if (r->time_ns.n == 0)
        study_mark(r, RUN_ERROR, "the device gave a time that is not a number");
    account_run(r, costs, p->step_count, c);
    account_model(r, c);
    bool ablated = item->subjects[LOAD_WINDOW] >= 0 && item->subjects[LOAD_COPY] >= 0;
    if (ablated)
        account_ablations(r, median_of(n, item->subjects[LOAD_WINDOW]), median_of(n, item->subjects[LOAD_COPY]));
    for (int k = 0; k < r->step_count; k++)
        run_clear(&r->steps[k]);
    r->step_count = 0;
    for (int k = 0; k < p->step_count; k++) {
        struct run *step = run_add_step(r);
        account_step(step, p, k, q, c);
        if (ablated)
            account_ablations(step, step_median(&n->subjects[item->subjects[LOAD_WINDOW]], k),
                              step_median(&n->subjects[item->subjects[LOAD_COPY]], k));
    }
    free(costs);
}

static void account_all(struct study *s, const struct session *n)
{
    struct ceilings c = {s->record->ceilings, s->record->ceiling_count, device_is_software(&s->device->info)};
    for (int i = 0; i < s->count; i++) {
        struct item *item = &s->items[i];
        if (!is_ok(s, item) || item->subjects[LOAD_RUN] < 0 || n->subjects[item->subjects[LOAD_RUN]].n == 0)
            continue;
        account_item(s, n, item, c);
        struct item *base = &s->items[team_of(s, i) - 1];
        if (base != item && !s->alone && is_ok(s, base) && study_run_of(s, base)->samples > 0)
            account_speedup(study_run_of(s, item), study_run_of(s, base),
                            kernel_roof_ns(c, study_run_of(s, base)) / kernel_roof_ns(c, study_run_of(s, item)));
    }
}

static bool same_ceiling(const struct ceiling *a, const struct ceiling *b)
{
    return a->kind == b->kind && a->mix == b->mix && a->via == b->via && a->access == b->access &&
           a->workgroup == b->workgroup && a->places == b->places && a->footprint_bytes == b->footprint_bytes && a->width == b->width &&
           a->chains == b->chains && strcmp(a->op, b->op) == 0;
}

/* Ceilings into the record. `again`: a roof that rose replaces the old one, a lower one does not. */
static void take_ceilings(struct study *s, struct session *n, bool again)
{
    for (int i = 0; i < n->probes.count; i++) {
        const struct subject *q = &n->subjects[n->first_probe + i];
        struct ceiling *old = NULL;
        if (q->n == 0)
            continue;
        probe_finish(&n->probes.list[i], q->ns, q->n);
        const struct ceiling *c = &n->probes.list[i].ceiling;
        for (int k = 0; k < s->record->ceiling_count && again && !old; k++)
            if (same_ceiling(&s->record->ceilings[k], c))
                old = &s->record->ceilings[k];
        if (!old)
            *record_add_ceiling(s->record) = *c;
        else if (c->value.high > old->value.high)
            *old = *c;
    }
}

/* ---- the last cache ---- */

bool study_plateau(struct study *s, double *bytes, struct progress_sink *progress, struct error *e)
{
    const struct device_info *d = &s->device->info;
    struct session n = {.s = s};
    enum access access = ceilings_access(d);
    for (double f = 65536; f <= 1e9 && probe_fits(d, MIX_COPY, access, f); f *= 2) {
        probes_bandwidth(&n.probes, MIX_COPY, access, ceilings_walk(d), f);
        if (d->language == LANGUAGE_C) /* beyond the caches its kernels store past them */
            probes_bandwidth(&n.probes, MIX_COPY, ACCESS_STREAM, ceilings_walk(d), f);
    }
    bool ok = probes_open(&n.probes, s->pool, 0.002, s->record, e);
    n.subjects = need(sizeof *n.subjects * (size_t)(n.probes.count + 1));
    for (int i = 0; i < n.probes.count && ok; i++)
        n.subjects[n.count++] = subject_of(n.probes.list[i].label, s->device, n.probes.list[i].sequence, 1, 0.2);
    ok = ok && sample_all(n.subjects, n.count, progress, "copy over footprints: where do the caches end?", e);
    if (ok)
        take_ceilings(s, &n, false);
    end_session(&n);
    s->plateau = *bytes = ceilings_last_plateau((struct ceilings){s->record->ceilings, s->record->ceiling_count, false});
    return ok;
}

/* ---- beaten? ---- */

static bool any_beaten(struct study *s)
{
    for (int i = 0; i < s->count; i++)
        if (is_ok(s, &s->items[i]) && study_run_of(s, &s->items[i])->verdict == VERDICT_BEATEN)
            return true;
    return false;
}

/* Measures all again, ceilings and runs in the same rounds, for a bound that looks beaten may be a roof that was
 * measured in a slow minute. */
static bool measure_again(struct study *s, struct session *n, struct progress_sink *progress, struct error *e)
{
    for (int i = 0; i < n->count; i++) {
        n->subjects[i].n = 0;
        n->subjects[i].stop = STOP_NOT_YET;
        n->subjects[i].spent_s = 0;
        n->subjects[i].rule.max_s = AGAIN_S / n->count;
    }
    if (!sample_all(n->subjects, n->count, progress, "a bound looks beaten: measuring again", e))
        return false;
    take_ceilings(s, n, true);
    account_all(s, n);
    record_note(s->record, "a bound looked beaten; runs and ceilings were measured again together");
    for (int i = 0; i < s->count; i++)
        account_cause(study_run_of(s, &s->items[i]));
    return true;
}

/* One number for all kernels that ran: another compiler or driver option changes it. */
static void note_programs(struct study *s)
{
    unsigned long long hash = 0;
    char text[24];
    for (int i = 0; i < s->count; i++)
        if (s->items[i].loads[LOAD_RUN])
            hash = hash * 31 + s->items[i].loads[LOAD_RUN]->spirv_hash;
    snprintf(text, sizeof text, "%016llx", hash);
    free(s->record->provenance.spirv_hash);
    s->record->provenance.spirv_hash = need_string(text);
}

bool study_measure(struct study *s, double budget_s, struct progress_sink *progress, struct error *e)
{
    struct session n = {.s = s};
    bool ok = add_subjects(&n, e) && (n.count == 0 || s->alone || add_probes(&n, e)); /* without runs, ceilings judge nothing */
    ok = ok && (n.count == 0 || !s->cold || add_evictions(&n, e));
    for (int i = 0; i < n.count && ok; i++)
        n.subjects[i].rule.max_s = budget_s / n.count;
    ok = ok && sample_all(n.subjects, n.count, progress, "runs and ceilings, interleaved", e);
    if (ok) {
        take_ceilings(s, &n, !isnan(s->plateau));
        account_all(s, &n);
    }
    if (ok && !interrupted && any_beaten(s))
        ok = measure_again(s, &n, progress, e);
    for (int i = 0; i < s->count; i++) {
        struct run *r = study_run_of(s, &s->items[i]);
        if (r->status == RUN_OK && r->samples == 0)
            study_mark(r, RUN_SKIPPED, "interrupted before it was measured");
    }
    end_session(&n);
    note_programs(s);
    return ok;
}
