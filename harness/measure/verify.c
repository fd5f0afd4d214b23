#include "harness/measure/verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"

#define POISON 0xffffffffu /* NaN as f32 and as f16, and an unlikely integer */

/* What stands behind a tensor. Inputs have the poison there; what is written has another NaN for each tensor, as a kernel that
 * forgets its bound takes what is behind one tensor to where it is behind another, and a NaN goes through arithmetic as it is. */
static uint32_t guard_word(const struct workload *w, int tensor)
{
    enum role role = w->plan->tensors[tensor].role;
    return role == ROLE_OUT || role == ROLE_TEMP ? 0xfffefffeu - (uint32_t)(tensor % 63) * 0x10001u : POISON;
}

static uint64_t guard_begin(const struct tensor *t)
{
    return (tensor_bytes(t) + 3) & ~3ull;
}

/* Guard zones end where the buffer does, and are filled by whole words. */
static uint64_t guard_bytes(const struct tensor *t)
{
    return (tensor_bytes(t) + GUARD_BYTES - guard_begin(t)) & ~3ull;
}

/* Poisons everything that is written and runs the plan once. */
static bool run_poisoned(struct workload *w, struct error *e)
{
    struct device *d = pool_device(w->pool);
    int fills = 0;
    struct dispatch *list = need(sizeof *list * (size_t)(2 * w->plan->tensor_count + w->plan->step_count));
    for (int i = 0; i < w->plan->tensor_count; i++) {
        const struct tensor *t = &w->plan->tensors[i];
        if (t->role == ROLE_INOUT && !pool_refill(w->pool, w->buffers[i], t, e))
            return free(list), false;
        if (t->role != ROLE_OUT && t->role != ROLE_TEMP)
            continue;
        struct buffer_view all = {w->buffers[i], 0, guard_begin(t)}, guard = {w->buffers[i], guard_begin(t), guard_bytes(t)};
        list[fills++] = (struct dispatch){.kind = DISPATCH_FILL, .views = {all}, .view_count = 1, .fill = POISON};
        list[fills++] = (struct dispatch){.kind = DISPATCH_FILL, .views = {guard}, .view_count = 1, .fill = guard_word(w, i)};
    }
    workload_dispatches(w, true, list + fills);
    struct sequence *s = device_sequence(d, list, fills + w->plan->step_count, false, e);
    struct timing t;
    bool ok = s && device_run(d, s, &t, e);
    device_sequence_free(d, s);
    free(list);
    return ok;
}

static bool guard_intact(struct workload *w, int tensor, struct verification *v, struct error *e)
{
    const struct tensor *t = &w->plan->tensors[tensor];
    uint32_t guard[GUARD_BYTES / 4], word = guard_word(w, tensor);
    if (!device_download(pool_device(w->pool), w->buffers[tensor], guard_begin(t), guard, guard_bytes(t), e))
        return false;
    for (uint64_t i = 0; i < guard_bytes(t) / 4; i++)
        if (guard[i] != word) {
            v->passed = false;
            snprintf(v->why, sizeof v->why, "something wrote beyond the end of tensor %s, in the 4 bytes from %llu on", t->name,
                     (unsigned long long)(guard_begin(t) + 4 * i));
            return t->role != ROLE_IN || pool_refill(w->pool, w->buffers[tensor], t, e); /* others share it */
        }
    return true;
}

/* Elements that look as if nobody had written them, or as if something had gone wrong: not finite, or an integer that is the
 * poison itself. Floats are told by their exponent, without branches. */
static bool suspect(const struct tensor *t, const void *data, uint64_t i)
{
    if (t->type == TYPE_U32 || t->type == TYPE_I32)
        return ((const uint32_t *)data)[i] == POISON;
    return !isfinite(type_get(t->type, data, i));
}

static bool row_suspect(const struct tensor *t, const void *data, uint64_t row)
{
    uint32_t bad = 0;
    if (t->type == TYPE_F32) {
        const uint32_t *u = (const uint32_t *)data + row * t->cols;
        for (uint64_t i = 0; i < t->cols; i++)
            bad |= (u[i] & 0x7f800000) == 0x7f800000;
    } else {
        for (uint64_t i = row * t->cols; i < (row + 1) * t->cols && !bad; i++)
            bad = suspect(t, data, i);
    }
    return bad;
}

/* The first suspect of a row that the reference (NULL: there is none) does not say too. */
static void check_suspects(const struct tensor *t, const void *data, uint64_t row, const double *want, struct verification *v)
{
    for (uint64_t i = 0; i < t->cols && v->passed; i++) {
        double got = type_get(t->type, data, row * t->cols + i);
        if (!suspect(t, data, row * t->cols + i) || (want && got == want[i]))
            continue;
        char shown[32];
        snprintf(shown, sizeof shown, "%.10g", got);
        v->passed = false;
        snprintf(v->why, sizeof v->why, "%s[%llu,%llu] is %s: never written, or not a number", t->name,
                 (unsigned long long)row, (unsigned long long)i, isnan(got) ? "nan" : shown);
    }
}

/* Did the plan change what it may only read? The others who share the buffer get it back as it was. */
static bool input_intact(struct workload *w, int tensor, struct verification *v, struct error *e)
{
    const struct tensor *t = &w->plan->tensors[tensor];
    uint64_t bytes = tensor_bytes(t), at = 0;
    unsigned char *seen = need(bytes), *filled = need(bytes);
    bool ok = device_download(pool_device(w->pool), w->buffers[tensor], 0, seen, bytes, e);
    tensor_fill(t, 0, tensor_elements(t), filled);
    while (ok && at < bytes && seen[at] == filled[at])
        at++;
    if (ok && at < bytes) {
        v->passed = false;
        snprintf(v->why, sizeof v->why, "tensor %s is an input, and byte %llu of it was changed", t->name, (unsigned long long)at);
        ok = pool_refill(w->pool, w->buffers[tensor], t, e);
    }
    free(seen);
    free(filled);
    return ok;
}

static void check_row(struct workload *w, int tensor, uint64_t row, const void *data, const double *want,
                      struct verification *v)
{
    const struct tensor *t = &w->plan->tensors[tensor];
    for (uint64_t i = 0; i < t->cols && v->passed; i++) {
        double got = type_get(t->type, data, row * t->cols + i);
        v->elements++;
        if (got == want[i])
            continue;
        double error = fabs(got - want[i]) / (1 + fabs(want[i]));
        if (!(error <= w->plan->tolerance)) {
            v->passed = false;
            snprintf(v->why, sizeof v->why, "%s[%llu,%llu] is %.9g, the reference says %.9g (tolerance %.1e)", t->name,
                     (unsigned long long)row, (unsigned long long)i, got, want[i], w->plan->tolerance);
        }
        v->error_max = fmax(v->error_max, error);
    }
    v->rows++;
}

/* Adds up the squares of a row's distance from the reference on unrounded inputs, and of that reference itself. */
static bool add_rounding(struct workload *w, int tensor, int output, uint64_t row, const void *data, double *want,
                         double squares[2], struct error *e)
{
    struct plan *p = w->plan;
    const struct tensor *t = &p->tensors[tensor];
    p->unrounded = true;
    bool ok = p->reference(p, p->reference_context, output, row, want, e);
    p->unrounded = false;
    for (uint64_t i = 0; i < t->cols && ok; i++) {
        double error = type_get(t->type, data, row * t->cols + i) - want[i];
        squares[0] += error * error;
        squares[1] += want[i] * want[i];
    }
    return ok;
}

static uint64_t pick_row(uint64_t rows, uint64_t k, uint64_t picks)
{
    if (picks >= rows)
        return k;
    if (k < 4) /* the edges */
        return k < 2 ? k : rows - 1 - (k - 2);
    return expr_hash(0x7e57u, (uint32_t)k) % rows;
}

static bool check_output(struct workload *w, int tensor, int output, int random_rows, struct verification *v,
                         struct error *e)
{
    const struct plan *p = w->plan;
    const struct tensor *t = &p->tensors[tensor];
    void *data = need(tensor_bytes(t) + 4);
    double *want = need(t->cols * sizeof *want), squares[2] = {0, 0};
    bool rounds = plan_rounds(p);
    bool ok = device_download(pool_device(w->pool), w->buffers[tensor], 0, data, tensor_bytes(t), e);
    for (uint64_t row = 0; row < t->rows && ok && v->passed; row++) {
        if (!row_suspect(t, data, row))
            continue;
        ok = !p->reference || p->reference(p, p->reference_context, output, row, want, e);
        if (ok)
            check_suspects(t, data, row, p->reference ? want : NULL, v);
    }
    uint64_t picks = random_rows == VERIFY_ALL_ROWS ? t->rows : (uint64_t)random_rows + 4;
    if (picks > t->rows)
        picks = t->rows;
    for (uint64_t k = 0; k < picks && ok && v->passed && p->reference; k++) {
        uint64_t row = pick_row(t->rows, k, picks);
        ok = p->reference(p, p->reference_context, output, row, want, e);
        if (ok)
            check_row(w, tensor, row, data, want, v);
        if (ok && rounds)
            ok = add_rounding(w, tensor, output, row, data, want, squares, e);
    }
    if (squares[1] > 0) /* of several outputs the worst */
        v->error_quantised = fmax(v->error_quantised, sqrt(squares[0] / squares[1]));
    free(want);
    free(data);
    return ok;
}

/* A kernel that is right on other devices may be cut short on this one, where there is enough to walk over. */
static void add_hint(const struct workload *w, struct verification *v)
{
    const struct device_info *info = &pool_device(w->pool)->info;
    size_t n = strlen(v->why);
    uint64_t elements = 0;
    for (int i = 0; i < w->plan->tensor_count; i++)
        elements += tensor_elements(&w->plan->tensors[i]);
    if (info->loop_passes && elements > info->loop_passes)
        snprintf(v->why + n, sizeof v->why - n,
                 " (if it is right elsewhere: this driver ends all loops of an invocation after %u passes)", info->loop_passes);
}

bool verify(struct workload *w, int random_rows, struct verification *v, struct error *e)
{
    *v = (struct verification){.passed = true, .error_quantised = NAN};
    if (!run_poisoned(w, e))
        return false;
    int output = 0;
    for (int i = 0; i < w->plan->tensor_count && v->passed; i++) {
        const struct tensor *t = &w->plan->tensors[i];
        if (!guard_intact(w, i, v, e))
            return false;
        if (t->role == ROLE_IN && random_rows == VERIFY_ALL_ROWS && v->passed && !input_intact(w, i, v, e))
            return false;
        if ((t->role != ROLE_OUT && t->role != ROLE_INOUT) || !v->passed)
            continue;
        if (!check_output(w, i, output++, random_rows, v, e))
            return false;
        if (!v->passed)
            add_hint(w, v);
    }
    return true;
}
