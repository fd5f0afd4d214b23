#include "harness/measure/study_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"

struct study *study_open(struct device *d, struct record *r)
{
    struct study *s = need(sizeof *s);
    s->device = d;
    s->pool = pool_open(d);
    s->record = r;
    s->counts = counts_open();
    s->plateau = NAN;
    return s;
}

void study_close(struct study *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->count; i++) {
        for (int k = 0; k < LOADS; k++)
            workload_close(s->items[i].loads[k]);
        pool_close(s->items[i].pool);
        free(s->items[i].group);
    }
    counts_close(s->counts);
    pool_close(s->pool);
    free(s->items);
    free(s);
}

struct pool *study_pool(struct study *s)
{
    return s->pool;
}

void study_limit(struct study *s, double ns)
{
    s->most_ns = ns;
}

void study_models(struct study *s, bool models)
{
    s->models = models;
}

void study_samples(struct study *s, int samples)
{
    s->samples = samples;
}

double study_last_ns(const struct study *s)
{
    return s->count ? s->items[s->count - 1].once_ns : NAN;
}

void study_cold(struct study *s)
{
    s->cold = true;
}

void study_alone(struct study *s)
{
    s->alone = true;
}

/* ---- adding ---- */

static void describe_run(struct run *r, const struct study_run *q, const struct device *d)
{
    const struct plan *p = q->plan;
    r->kernel = need_string(q->kernel);
    r->chain = need_string(q->chain);
    r->group = need_string(q->group);
    r->tune = q->tune ? need_string(q->tune) : NULL;
    r->device = need_string(d->info.name);
    r->clock = need_string(d->info.clock);
    if (!p) {
        r->variant = need_string(q->variant);
        return;
    }
    r->variant = need_string(p->variant);
    r->groupings = p->groupings;
    r->grouping = need(sizeof *r->grouping * (size_t)(p->groupings + 1));
    if (p->groupings > 0) /* kernel files have none */
        memcpy(r->grouping, p->grouping, sizeof *r->grouping * (size_t)p->groupings);
    memcpy(r->shape, p->shape, sizeof r->shape);
    r->shapes = p->shapes;
    r->tensor_bytes = p->tensor_bytes;
    r->counts_from = need_string(p->counts_from);
    r->tolerance = p->tolerance;
}

void study_mark(struct run *r, enum run_status status, const char *why)
{
    r->status = status;
    free(r->why);
    r->why = need_string(why);
}

static struct item *add_item(struct study *s, const struct study_run *q)
{
    s->items = need_more(s->items, sizeof *s->items * (size_t)(s->count + 1));
    struct item *item = &s->items[s->count++];
    *item = (struct item){.group = need_string(q->group), .run = s->record->run_count, .subjects = {-1, -1, -1}, .once_ns = NAN,
                          .samples = s->samples};
    describe_run(record_add_run(s->record), q, s->device);
    return item;
}

struct run *study_run_of(struct study *s, const struct item *item)
{
    return &s->record->runs[item->run];
}

void study_add_failed(struct study *s, const struct study_run *q, const struct error *why)
{
    struct item *item = add_item(s, q);
    study_mark(study_run_of(s, item),
               why->code == EXIT_ENVIRONMENT ? RUN_UNSUPPORTED
               : why->code == EXIT_SKIPPED   ? RUN_SKIPPED
                                             : RUN_ERROR,
               why->text);
}

/* Runs the small plan, then the real one, and compares. */
static void verify_item(struct study *s, struct item *item, struct plan *small)
{
    struct run *r = study_run_of(s, item);
    struct error e = {0};
    struct verification v = {.passed = true};
    bool could = true;
    if (small) {
        struct text at = {0};
        for (int i = 0; i < small->shapes; i++)
            text_add(&at, " %s=%llu", small->shape[i].name, (unsigned long long)small->shape[i].value);
        struct workload *w = workload_open(s->pool, small, &e);
        could = w && verify(w, VERIFY_ALL_ROWS, &v, &e);
        workload_close(w);
        if (could && !v.passed)
            error_set(&e, EXIT_CHECK, "at%s: %s", text_get(&at), v.why);
        text_free(&at);
    }
    double small_error = v.error_max;
    if (could && v.passed) {
        could = verify(item->loads[LOAD_RUN], VERIFY_RANDOM_ROWS, &v, &e);
        if (could && !v.passed)
            error_set(&e, EXIT_CHECK, "%s", v.why);
    }
    if (!could || !v.passed)
        study_mark(r, RUN_ERROR, e.text);
    else if (item->loads[LOAD_RUN]->plan->reference)
        r->verified = true, r->error_quantised = v.error_quantised; /* of the real shape: a matter of many elements */
    r->error_max = fmax(small_error, v.error_max);
}

/* Bytes and operations as counted, where the device's programs can count themselves; else they stay as declared. */
static void count_item(struct study *s, struct item *item)
{
    struct run *r = study_run_of(s, item);
    struct workload *w = item->loads[LOAD_RUN];
    struct error e = {0};
    if (s->alone || r->status != RUN_OK || s->device->info.language != LANGUAGE_GLSL)
        return;
    if (!counts_apply(s->counts, w, &e))
        record_note(s->record, "bytes and operations of %s are as declared, not counted: %s", r->kernel, e.text);
    free(r->counts_from);
    r->counts_from = need_string(w->plan->counts_from);
}

/* Is the run short enough to be measured many times? */
static bool is_quick(struct study *s, struct item *item)
{
    struct error e = {0};
    struct timing t;
    char why[120], most[UNITS_TEXT], took[UNITS_TEXT];
    if (s->most_ns <= 0)
        return true;
    if (!device_run(s->device, item->loads[LOAD_RUN]->sequence, &t, &e)) {
        study_mark(study_run_of(s, item), RUN_ERROR, e.text);
        return false;
    }
    item->once_ns = t.total_ns;
    if (t.total_ns <= s->most_ns)
        return true;
    snprintf(why, sizeof why, "one run takes %s, and here it may take %s", units_format(took, UNIT_SECONDS, t.total_ns / 1e9),
             units_format(most, UNIT_SECONDS, s->most_ns / 1e9));
    study_mark(study_run_of(s, item), RUN_SKIPPED, why);
    return false;
}

/* What a model needs before its first run, and for its runs: its pool holds nothing else yet. */
static void account_start(struct run *r, const struct item *item)
{
    const struct workload *w = item->loads[LOAD_RUN];
    const struct plan *p = w->plan;
    r->inputs_bytes = r->inout_bytes = 0;
    for (int i = 0; i < p->tensor_count; i++) {
        r->inputs_bytes += p->tensors[i].role == ROLE_IN ? (double)tensor_bytes(&p->tensors[i]) : 0;
        r->inout_bytes += p->tensors[i].role == ROLE_INOUT ? (double)tensor_bytes(&p->tensors[i]) : 0;
    }
    r->steady_bytes = pool_bytes(item->pool) + workload_scratch_bytes(w);
    r->peak_bytes = r->steady_bytes + (double)pool_device(item->pool)->info.staging_bytes;
    if (!pool_device(item->pool)->info.computes) /* a model's programs and buffers take no time */
        return;
    r->programs_ns = w->program_ns;
    r->upload_ns = pool_upload_ns(item->pool);
    r->ready_ns = r->programs_ns + r->upload_ns;
}

void study_add(struct study *s, const struct study_run *q)
{
    struct item *item = add_item(s, q);
    item->pool = s->models ? pool_open(s->device) : NULL;
    struct plan *plans[LOADS] = {q->plan, q->window, q->copy};
    struct error e = {0};
    for (int k = 0; k < LOADS; k++) {
        bool wanted = plans[k] && (k == LOAD_RUN || item->loads[LOAD_RUN]);
        if (wanted)
            item->loads[k] = workload_open(item->pool ? item->pool : s->pool, plans[k], &e);
        else
            plan_free(plans[k]);
    }
    if (item->loads[LOAD_RUN])
        study_run_of(s, item)->temp_bytes = workload_temp_bytes(item->loads[LOAD_RUN]);
    if (item->loads[LOAD_RUN] && item->pool)
        account_start(study_run_of(s, item), item);
    /* The first run ever, before verification lets the driver compile: it is a result too. */
    if (item->loads[LOAD_RUN] && !workload_warm(item->loads[LOAD_RUN], false, &e)) {
        study_mark(study_run_of(s, item), RUN_ERROR, e.text);
        plan_free(q->small);
    } else if (!item->loads[LOAD_RUN]) {
        study_mark(study_run_of(s, item), e.code == EXIT_ENVIRONMENT ? RUN_UNSUPPORTED : RUN_ERROR, e.text);
        plan_free(q->small);
    } else if (!is_quick(s, item)) {
        plan_free(q->small);
    } else if (s->device->info.computes) {
        verify_item(s, item, q->small);
        count_item(s, item);
    } else {
        plan_free(q->small);
    }
}

int study_exit(const struct record *r)
{
    int code = EXIT_OK;
    for (int i = 0; i < r->run_count; i++) {
        if (r->runs[i].verdict == VERDICT_BEATEN)
            return EXIT_BEATEN;
        if (r->runs[i].status == RUN_ERROR)
            code = EXIT_CHECK;
    }
    return code;
}
