#include "harness/measure/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/interrupt.h"
#include "harness/kernel/shader.h"
#include "harness/kernel/workgroup.h"
#include "harness/measure/sampling.h"
#include "harness/measure/verify.h"

enum {
    FIRST_SAMPLES = 3, /* of every candidate, in the first round */
    LAST_LEFT = 2,     /* beside the default: these are measured until they are precise */
    ROWS_VERIFIED = 16 /* at the shape itself; every element is looked at, and the small shape is compared in full */
};

void search_values(const struct kernel *k, const uint32_t *values, char *out, size_t size)
{
    struct text t = {0};
    for (int i = 0; i < k->tune_count; i++)
        text_add(&t, "%s%s=%u", i ? " " : "", k->tune[i].name, values[i]);
    snprintf(out, size, "%s", text_get(&t));
    text_free(&t);
}

static void drop(struct candidate *c, enum run_status status, const char *why)
{
    c->status = status;
    snprintf(c->why, sizeof c->why, "%.*s", (int)sizeof c->why - 1, why);
    workload_close(c->workload);
    c->workload = NULL;
}

/* ---- listing ---- */

static bool list_all(struct search *s, struct error *e)
{
    const struct kernel *k = s->kernel;
    double product = 1;
    for (int i = 0; i < k->tune_count; i++)
        product *= k->tune[i].count;
    if (k->tune_count == 0)
        return error_set(e, EXIT_USAGE, "%s has no tune line: there is nothing to search", k->name);
    if (product > SEARCH_CANDIDATES_MAX)
        return error_set(e, EXIT_USAGE, "%s has %.0f combinations of tune values; at most %d are searched: shorten its tune lines",
                         k->name, product, SEARCH_CANDIDATES_MAX);
    s->count = (int)product;
    s->list = need(sizeof *s->list * ((size_t)s->count + 1)); /* one more: a default that no line names */
    for (int c = 0; c < s->count; c++)
        for (int i = 0, rest = c; i < k->tune_count; rest /= k->tune[i++].count)
            s->list[c].values[i] = k->tune[i].values[rest % k->tune[i].count];
    return true;
}

static int by_hash(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    uint32_t u = 1, v = 1;
    for (int i = 0; i < KERNEL_TUNE_MAX; i++) {
        u = expr_hash(u, x->values[i]);
        v = expr_hash(v, y->values[i]);
    }
    return u < v ? -1 : u > v;
}

/* The default to the front, the rest in no order that a tune line could have. */
static void order(struct search *s, const struct device_info *d)
{
    uint32_t standard[KERNEL_TUNE_MAX] = {0};
    kernel_tune_default(s->kernel, d, standard);
    qsort(s->list, (size_t)s->count, sizeof *s->list, by_hash);
    int at = 0;
    while (at < s->count && memcmp(s->list[at].values, standard, sizeof standard) != 0)
        at++;
    if (at == s->count)
        memcpy(s->list[s->count++].values, standard, sizeof standard);
    struct candidate first = s->list[0];
    s->list[0] = s->list[at];
    s->list[at] = first;
    s->standard = 0;
}

/* ---- skipping ---- */

/* Under the candidate's values. */
static bool fits(const struct spirv *code, const struct kernel *k, const struct candidate *c, const struct device_info *d,
                 struct error *e)
{
    struct spec_value values[KERNEL_TUNE_MAX];
    for (int i = 0; i < k->tune_count; i++)
        values[i] = (struct spec_value){(uint32_t)i, c->values[i]};
    return workgroup_fits(code->words, code->count, NULL, values, (size_t)k->tune_count, d, e);
}

static bool skip_impossible(struct search *s, const struct device_info *d, struct error *e)
{
    const struct kernel *k = s->kernel;
    struct spirv code = {0};
    bool shader = k->language == LANGUAGE_GLSL;
    if (shader && !shader_compile(k->path, text_get(&k->source), &code, e))
        return false;
    s->hash = shader ? code.hash : hash_bytes(k->source.s, k->source.len);
    for (int i = 0; i < s->count; i++) {
        struct candidate *c = &s->list[i];
        struct error why = {0};
        c->status = RUN_OK;
        if (!kernel_tune_valid(k, s->shape, c->values, &why) || (shader && !fits(&code, k, c, d, &why))) {
            drop(c, RUN_SKIPPED, why.text);
            s->skipped++;
        }
    }
    return s->list[s->standard].status == RUN_OK ||
           error_set(e, EXIT_ENVIRONMENT, "%s: its default does not suit %s: %s", k->name, d->name, s->list[s->standard].why);
}

/* ---- compiling and verifying ---- */

static bool verify_at(struct workload *w, int rows, struct error *e)
{
    struct verification v = {.passed = true};
    return verify(w, rows, &v, e) && (v.passed || error_set(e, EXIT_CHECK, "%s", v.why));
}

static bool verify_small(struct search *s, struct pool *pool, const struct candidate *c, struct error *e)
{
    struct plan *p = kernel_verify_plan(s->kernel, &pool_device(pool)->info, 0, c->values, e);
    struct workload *w = p ? workload_open(pool, p, e) : NULL;
    bool ok = w && verify_at(w, VERIFY_ALL_ROWS, e);
    workload_close(w);
    return ok;
}

static bool compile(struct search *s, struct pool *pool, struct candidate *c, struct error *e)
{
    double begin = host_clock_ns();
    struct plan *p = kernel_plan_for(s->kernel, &pool_device(pool)->info, s->shape, s->kernel->shapes, c->values, e);
    c->workload = p ? workload_open(pool, p, e) : NULL;
    if (!c->workload || !workload_warm(c->workload, false, e))
        return false;
    double first = host_clock_ns() - begin;
    struct timing t;
    if (!device_run(pool_device(pool), c->workload->sequence, &t, e))
        return false;
    c->compile_ns = fmax(0, first - t.total_ns);
    s->compiled++;
    if (!pool_device(pool)->info.computes)
        return true;
    return verify_small(s, pool, c, e) && verify_at(c->workload, ROWS_VERIFIED, e);
}

static bool compile_all(struct search *s, struct pool *pool, double budget_s, struct progress_sink *progress, struct error *e)
{
    double begin = host_clock_ns();
    for (int i = 0; i < s->count && !interrupted; i++) {
        struct candidate *c = &s->list[i];
        struct error why = {0};
        progress_step(progress, "compiling and verifying", i, s->count);
        s->compile_s = (host_clock_ns() - begin) / 1e9;
        if (c->status != RUN_OK)
            continue;
        if (s->compile_s > budget_s && i != s->standard) {
            s->budget_spent = true;
            drop(c, RUN_SKIPPED, "the time for compiling was spent");
        } else if (!compile(s, pool, c, &why)) {
            drop(c, why.code == EXIT_ENVIRONMENT ? RUN_UNSUPPORTED : RUN_ERROR, why.text);
        }
    }
    s->compile_s = (host_clock_ns() - begin) / 1e9;
    const struct candidate *standard = &s->list[s->standard];
    return standard->workload || error_set(e, standard->status == RUN_ERROR ? EXIT_CHECK : EXIT_ENVIRONMENT, "%s, its default: %s",
                                           s->kernel->name, standard->why);
}

/* ---- halving ---- */

/* Samples those that are alive in the same rounds; their times go to the candidates. */
static bool sample(struct search *s, struct pool *pool, const int *alive, int n, struct stop_rule rule, struct subject *subjects,
                   struct progress_sink *progress, struct error *e)
{
    for (int i = 0; i < n; i++) {
        struct candidate *c = &s->list[alive[i]];
        subjects[i] = subject_of(s->kernel->name, pool_device(pool), c->workload->sequence, 1, rule.max_s);
        subjects[i].rule = rule;
        subjects[i].team = 1;
    }
    if (!sample_all(subjects, n, progress, "halving", e))
        return false;
    for (int i = 0; i < n; i++)
        s->list[alive[i]].time_ns = stats_interval(subjects[i].ns, (size_t)subjects[i].n, 0.95);
    return true;
}

static void clear_subjects(struct subject *subjects, int n)
{
    for (int i = 0; i < n; i++)
        subject_clear(&subjects[i]);
}

/* The fastest `left` of them and the default stay, in order of time; the number that stays is returned. */
static int halve(struct search *s, int *alive, int n, int left)
{
    for (int i = 1; i < n; i++) /* few: by insertion */
        for (int k = i; k > 0 && s->list[alive[k]].time_ns.median < s->list[alive[k - 1]].time_ns.median; k--) {
            int swap = alive[k];
            alive[k] = alive[k - 1];
            alive[k - 1] = swap;
        }
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (i < left || alive[i] == s->standard) {
            alive[kept++] = alive[i];
            s->list[alive[kept - 1]].rounds++;
        }
    return kept;
}

static bool decide(struct search *s, struct pool *pool, int *alive, int n, struct progress_sink *progress, struct error *e)
{
    struct subject *subjects = need(sizeof *subjects * (size_t)n);
    struct stop_rule rule = {.min_samples = FIRST_SAMPLES, .max_samples = FIRST_SAMPLES, .precision = 0, .max_s = 1e9};
    bool ok = true;
    while (ok && n > LAST_LEFT + 1 && !interrupted) {
        ok = sample(s, pool, alive, n, rule, subjects, progress, e);
        clear_subjects(subjects, n);
        int left = (n + 1) / 2;
        n = ok ? halve(s, alive, n, left > LAST_LEFT ? left : LAST_LEFT) : n;
        rule.min_samples = rule.max_samples *= 2;
    }
    rule = (struct stop_rule){SAMPLE_LEAST, SAMPLE_MOST, SAMPLE_PRECISION, 4};
    ok = ok && sample(s, pool, alive, n, rule, subjects, progress, e);
    if (ok) {
        int best = 0, standard = 0;
        for (int i = 0; i < n; i++) {
            best = s->list[alive[i]].time_ns.median < s->list[alive[best]].time_ns.median ? i : best;
            standard = alive[i] == s->standard ? i : standard;
        }
        s->best = alive[best];
        if (best != standard) {
            int pairs = subjects[best].n < subjects[standard].n ? subjects[best].n : subjects[standard].n;
            s->speedup = stats_ratio(subjects[standard].ns, subjects[best].ns, (size_t)pairs);
        }
    }
    clear_subjects(subjects, n);
    free(subjects);
    return ok;
}

bool search_run(struct search *s, const struct kernel *k, const struct shape_entry *shape, int count, struct pool *pool,
                double compile_s, struct progress_sink *progress, struct error *e)
{
    const struct device_info *d = &pool_device(pool)->info;
    *s = (struct search){.kernel = k, .best = -1, .speedup = {NAN, NAN, NAN, 0}};
    struct plan *p = kernel_plan(k, shape, count, NULL, e); /* says what is wrong with the shape, and has it in full */
    if (!p)
        return false;
    memcpy(s->shape, p->shape, sizeof s->shape);
    plan_free(p);
    if (!list_all(s, e))
        return false;
    order(s, d);
    if (!skip_impossible(s, d, e) || !compile_all(s, pool, compile_s, progress, e))
        return false;
    int *alive = need(sizeof *alive * (size_t)s->count), n = 0;
    for (int i = 0; i < s->count; i++)
        if (s->list[i].workload)
            alive[n++] = i;
    bool ok = decide(s, pool, alive, n, progress, e);
    free(alive);
    return ok;
}

void search_clear(struct search *s)
{
    for (int i = 0; i < s->count; i++)
        workload_close(s->list[i].workload);
    free(s->list);
    *s = (struct search){.best = -1};
}
