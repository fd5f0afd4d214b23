/* Lines of an experiment that ask for series: one work at many sizes of its tensor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/kernel/chain.h"
#include "harness/measure/experiment_parts.h"
#include "roofline/crossover.h"

/* Seconds of sampling where the experiment does not say; the large sizes need most of it. */
#define BUDGET_S 15.0
/* Rows and columns at which a chain is compared in full: primes. */
#define SMALL_ROWS 13
#define SMALL_COLS 37
#define RANGE_TEXT (2 * UNITS_TEXT + 8)

/* ---- reading ---- */

static bool is_kernel(const char *what)
{
    return strchr(what, '/') != NULL;
}

static int count_of(const struct experiment *x, enum work_kind kind)
{
    int n = 0;
    for (int i = 0; i < x->work_count; i++)
        n += x->works[i].kind == kind;
    return n;
}

/* Every kernel of the list must be there in some language. */
static bool kernels_are_right(struct reading *r, const char *what)
{
    char *copy = need_string(what), *save = NULL;
    bool ok = true;
    for (char *word = strtok_r(copy, ",", &save); word && ok; word = strtok_r(NULL, ",", &save)) {
        struct kernel *k = kernel_find(word, r->e);
        ok = k || error_prefix(r->e, "%s:%d", r->x->path, r->line);
        kernel_free(k);
    }
    free(copy);
    return ok;
}

static bool what_is_right(struct reading *r, const char *what)
{
    if (is_kernel(what))
        return kernels_are_right(r, what);
    struct chain *c = chain_parse(what, r->e);
    chain_free(c);
    return c || error_prefix(r->e, "%s:%d", r->x->path, r->line);
}

static bool read_work(struct reading *r, enum work_kind kind, char *value, const char *usage)
{
    char *save = NULL, *group = strtok_r(value, " \t", &save), *what = group ? strtok_r(NULL, " \t", &save) : NULL;
    struct experiment *x = r->x;
    if (!what || strtok_r(NULL, " \t", &save))
        return experiment_bad(r, usage, value);
    if (x->work_count == EXPERIMENT_WORKS_MAX)
        return experiment_bad(r, "too many series", group);
    if (strlen(group) >= sizeof x->works->group)
        return experiment_bad(r, "a group's name has at most 31 characters", group);
    if (experiment_has_group(x, group))
        return experiment_bad(r, "there is a group of this name already", group);
    if (!what_is_right(r, what))
        return false;
    struct experiment_work *w = &x->works[x->work_count++];
    *w = (struct experiment_work){.kind = kind, .what = need_string(what)};
    snprintf(w->group, sizeof w->group, "%s", group);
    return true;
}

bool experiment_read_series(struct reading *r, char *value)
{
    return read_work(r, WORK_SERIES, value, "series is 'GROUP CHAIN' or 'GROUP OP/RUNG,OP/RUNG'");
}

bool experiment_read_first(struct reading *r, char *value)
{
    if (strchr(value, '/'))
        return experiment_bad(r, "a first run is that of a chain", value);
    return read_work(r, WORK_FIRST, value, "first is 'GROUP CHAIN'");
}

bool experiment_read_transfer(struct reading *r, char *value)
{
    r->x->transfer = true;
    return !*value || experiment_bad(r, "transfer stands alone; a series says what runs between", value);
}

bool experiment_needs_sizes(const struct experiment *x)
{
    return x->transfer || count_of(x, WORK_SERIES) > 0;
}

static bool add_size(struct reading *r, double bytes, const char *text)
{
    struct experiment *x = r->x;
    if (x->size_count == EXPERIMENT_SIZES_MAX)
        return experiment_bad(r, "too many sizes", text);
    if (bytes < 4 || (x->size_count && bytes <= x->sizes[x->size_count - 1]))
        return experiment_bad(r, "sizes ascend, from 4 bytes on", text);
    x->sizes[x->size_count++] = bytes;
    return true;
}

static bool read_range(struct reading *r, char *word, char *dots)
{
    double from, to;
    *dots = '\0';
    if (!units_parse(UNIT_BYTES, word, &from, r->e) || !units_parse(UNIT_BYTES, dots + 2, &to, r->e))
        return error_prefix(r->e, "%s:%d", r->x->path, r->line);
    bool ok = to >= from || experiment_bad(r, "sizes ascend", word);
    for (double s = from; s <= to && ok; s *= 2)
        ok = add_size(r, s, word);
    return ok;
}

bool experiment_read_sizes(struct reading *r, char *value)
{
    char *save = NULL;
    bool ok = true;
    r->x->size_count = 0;
    for (char *word = strtok_r(value, " \t", &save); word && ok; word = strtok_r(NULL, " \t", &save)) {
        char *dots = strstr(word, "..");
        double bytes;
        if (dots)
            ok = read_range(r, word, dots);
        else
            ok = units_parse(UNIT_BYTES, word, &bytes, r->e) ? add_size(r, bytes, word)
                                                             : error_prefix(r->e, "%s:%d", r->x->path, r->line);
    }
    return ok && (r->x->size_count > 0 || experiment_bad(r, "sizes are like 1KiB..128MiB, or a list", value));
}

/* ---- measuring ---- */

static struct plan *fused(const char *text, const struct device_info *d, uint64_t rows, uint64_t cols, struct error *e)
{
    struct chain *c = chain_parse(text, e);
    struct chain_options o = {.rows = rows, .cols = cols};
    struct plan *p = c ? chain_plan(c, &c->count, 1, d, &o, e) : NULL;
    chain_free(c);
    return p;
}

static void add_chain(struct study *s, const struct experiment *x, const struct experiment_work *w, double bytes, bool first)
{
    const struct device_info *d = &pool_device(study_pool(s))->info;
    struct error e = {0};
    struct study_run run = {.group = w->group, .kernel = w->what, .chain = w->what, .variant = "fused"};
    uint64_t cols = fmin((double)x->cols, floor(bytes / 4)); /* a tensor smaller than a row is one short row */
    run.plan = fused(w->what, d, chain_rows(bytes, cols), cols, &e);
    if (run.plan && first)
        run.small = fused(w->what, d, SMALL_ROWS, SMALL_COLS, &e);
    if (run.plan)
        study_add(s, &run);
    else
        study_add_failed(s, &run, &e);
}

/* The first of the kernels that the device can take. */
static struct kernel *choose(const char *what, enum language language, struct error *e)
{
    char *copy = need_string(what), *save = NULL;
    struct kernel *k = NULL;
    for (char *word = strtok_r(copy, ",", &save); word && !k; word = strtok_r(NULL, ",", &save)) {
        *e = (struct error){0};
        k = kernel_find_for(word, language, e);
    }
    free(copy);
    return k;
}

/* The shape whose first tensor has about so many bytes: the rows grow, or where there are none, all lengths alike. */
static int shape_for(const struct kernel *k, double bytes, struct shape_entry *shape)
{
    double others = 4;
    for (int i = 0; i < k->shapes; i++)
        if (strcmp(k->shape[i].name, "cols") == 0)
            others *= (double)k->shape[i].value;
    for (int i = 0; i < k->shapes; i++)
        if (strcmp(k->shape[i].name, "rows") == 0) {
            shape[0] = k->shape[i];
            shape[0].value = (uint64_t)fmax(1, bytes / others);
            return 1;
        }
    for (int i = 0; i < k->shapes; i++) {
        shape[i] = k->shape[i];
        shape[i].value = (uint64_t)fmax(1, k->shapes == 1 ? bytes / 4 : sqrt(bytes / 4));
    }
    return k->shapes;
}

static void add_kernel(struct study *s, const struct experiment_work *w, double bytes)
{
    struct error e = {0};
    struct shape_entry shape[RUN_SHAPE_MAX];
    struct study_run failed = {.group = w->group, .kernel = w->what, .variant = "single"};
    struct kernel *k = choose(w->what, pool_device(study_pool(s))->info.language, &e);
    if (!k || !study_add_kernel(s, w->group, k, shape, shape_for(k, bytes, shape), &e))
        study_add_failed(s, &failed, &e);
    kernel_free(k);
}

bool experiment_measure_series(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                               struct error *e)
{
    if (x->work_count == 0)
        return true;
    struct study *s = study_open(d, r);
    study_alone(s);
    for (int i = 0; i < x->work_count && !interrupted; i++)
        for (int k = 0; k < (x->works[i].kind == WORK_SERIES ? x->size_count : 1) && !interrupted; k++) {
            double bytes = x->works[i].kind == WORK_SERIES ? x->sizes[k] : x->tensor_bytes;
            progress_step(progress, "compiling and verifying", i * x->size_count + k, x->work_count * x->size_count);
            if (is_kernel(x->works[i].what))
                add_kernel(s, &x->works[i], bytes);
            else
                add_chain(s, x, &x->works[i], bytes, k == 0);
        }
    bool ok = study_measure(s, x->seconds > 0 ? x->seconds : BUDGET_S, progress, e);
    study_close(s);
    fits_find(r);
    return ok;
}

/* ---- claims ---- */

static const char *const times[] = {OF_DISPATCH, OF_CALL};

static void add_claims(struct claim_names *n, const char *group, const char *of, const struct fit *f)
{
    char subject[80];
    snprintf(subject, sizeof subject, "%s.%s", group, of);
    claim_value(n, subject, "launch_ns", f ? &f->launch_ns : NULL);
    claim_value(n, subject, "bytes_per_s", f ? &f->bytes_per_s : NULL);
}

/* The ends of a series are runs as others are: "copy.smallest.time_ns". */
static void add_ends(struct claim_names *n, const char *group, const struct record *record, const struct run *small, const struct run *large)
{
    char subject[80];
    snprintf(subject, sizeof subject, "%s.smallest", group);
    claim_subject(n, subject, record, small);
    snprintf(subject, sizeof subject, "%s.largest", group);
    claim_subject(n, subject, record, large);
}

static void ends_of(struct claim_names *n, const struct record *r, int first)
{
    const struct run *small = &r->runs[first], *large = small;
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (!run->group || strcmp(run->group, small->group) != 0 || run->status != RUN_OK || run->time_ns.n == 0)
            continue;
        if (i < first)
            return;
        small = run->tensor_bytes < small->tensor_bytes ? run : small;
        large = run->tensor_bytes > large->tensor_bytes ? run : large;
    }
    if (small != large)
        add_ends(n, small->group, r, small, large);
}

void experiment_series_subjects(const struct experiment *x, struct claim_names *n)
{
    for (int i = 0; i < x->work_count; i++)
        for (int k = 0; k < 2 && x->works[i].kind == WORK_SERIES; k++)
            add_claims(n, x->works[i].group, times[k], NULL);
    for (int i = 0; i < x->work_count; i++)
        if (x->works[i].kind == WORK_SERIES)
            add_ends(n, x->works[i].group, NULL, NULL, NULL);
}

void experiment_series_results(const struct record *r, struct claim_names *n)
{
    for (int i = 0; i < r->fit_count; i++)
        add_claims(n, r->fits[i].group, r->fits[i].of, &r->fits[i]);
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].group && r->runs[i].chain && r->runs[i].status == RUN_OK && r->runs[i].time_ns.n && isnan(r->runs[i].roof_ns))
            ends_of(n, r, i);
}

/* ---- the conclusion ---- */

/* The fits' range by one time: of launch costs, or of rates. */
static struct interval range_of(const struct record *r, const char *of, bool rate)
{
    struct interval v = {.low = INFINITY, .high = -INFINITY};
    for (int i = 0; i < r->fit_count; i++) {
        double x = rate ? r->fits[i].bytes_per_s.median : fmax(0, r->fits[i].launch_ns.median * 1e-9);
        if (strcmp(r->fits[i].of, of) != 0 || !fit_of(r, r->fits[i].group, OF_DISPATCH)) /* transfers are no dispatches */
            continue;
        v.low = fmin(v.low, x);
        v.high = fmax(v.high, x);
        v.n++;
    }
    return v;
}


/* "5.1 us", or "5.1 to 7.3 us" */
static const char *range_text(char out[RANGE_TEXT], enum unit unit, struct interval v)
{
    char low[UNITS_TEXT], high[UNITS_TEXT];
    units_format(low, unit, v.low);
    units_format(high, unit, v.high);
    if (v.high < 1.1 * v.low)
        snprintf(out, RANGE_TEXT, "%s", high);
    else
        snprintf(out, RANGE_TEXT, "%s to %s", low, high);
    return out;
}

void experiment_conclude_series(const struct experiment *x, struct record *r)
{
    char launch[RANGE_TEXT], call[RANGE_TEXT], rate[RANGE_TEXT];
    struct interval a = range_of(r, OF_DISPATCH, false);
    (void)x;
    if (a.n == 0)
        return;
    range_text(launch, UNIT_SECONDS, a);
    range_text(call, UNIT_SECONDS, range_of(r, OF_CALL, false));
    range_text(rate, UNIT_BYTES_PER_S, range_of(r, OF_DISPATCH, true));
    if (strcmp(launch, call) == 0)
        experiment_say(r, "a dispatch costs %s before its first byte; then bytes move at %s.", launch, rate);
    else
        experiment_say(r, "a dispatch costs %s before its first byte, and %s where the program waits for each one; then bytes "
                          "move at %s.", launch, call, rate);
}
