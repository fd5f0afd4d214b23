/* References: what kernels/reference/ and chains say a plan's outputs must be. */
#include "kernels/reference/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/chain.h"
#include "harness/kernel/kernel_parts.h"

enum { BLOCK = 32 }; /* elements in a block of the quantised types */

/* The row of an input that was fetched last. */
struct fetched {
    double *values;
    unsigned char *raw;
    uint64_t row;
    bool valid, unrounded;
};

struct reference_case {
    const struct plan *plan;
    struct fetched *rows; /* one per tensor */
    struct text *wanting; /* what the reference asked for in vain */
};

/* What a plan keeps of its reference: an entry of the table, or a chain. */
struct context {
    struct reference_case c;
    struct text wanting;
    int tensor_count;
    const struct reference_entry *entry;
    struct chain *chain;
    char *name;
};

/* ---- what references see ---- */

static void wanting(const struct reference_case *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void wanting(const struct reference_case *c, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->wanting->len = 0;
    text_add(c->wanting, "%s", text);
}

/* The input of that name, or -1. */
static int input_find(const struct reference_case *c, const char *buffer)
{
    int t = plan_find_tensor(c->plan, buffer);
    if (t >= 0 && c->plan->tensors[t].role != ROLE_IN && c->plan->tensors[t].role != ROLE_INOUT)
        t = -1;
    if (t < 0)
        wanting(c, "an input '%s'", buffer);
    return t;
}

/* The plan's output number `output`, as verification counts them. */
static const struct tensor *output_tensor(const struct reference_case *c, int output)
{
    for (int t = 0; t < c->plan->tensor_count; t++) {
        enum role role = c->plan->tensors[t].role;
        if ((role == ROLE_OUT || role == ROLE_INOUT) && output-- == 0)
            return &c->plan->tensors[t];
    }
    return &c->plan->tensors[c->plan->tensor_count - 1];
}

uint64_t reference_cols(const struct reference_case *c, int output)
{
    return output_tensor(c, output)->cols;
}

const char *reference_output(const struct reference_case *c, int output)
{
    return output_tensor(c, output)->name;
}

uint64_t reference_width(const struct reference_case *c, const char *buffer)
{
    int t = input_find(c, buffer);
    return t < 0 ? 0 : c->plan->tensors[t].cols;
}

const double *reference_row(const struct reference_case *c, const char *buffer, uint64_t row, uint64_t cols)
{
    int at = input_find(c, buffer);
    if (at < 0)
        return NULL;
    const struct tensor *t = &c->plan->tensors[at];
    struct fetched *f = &c->rows[at];
    if (row >= t->rows || cols != t->cols) {
        wanting(c, "row %llu of %llu elements in input '%s'", (unsigned long long)row,
                (unsigned long long)cols, buffer);
        return NULL;
    }
    if (!f->values) {
        f->values = need(cols * sizeof *f->values);
        f->raw = need(type_bytes(t->type, cols + 2 * BLOCK));
    }
    if (!f->valid || f->row != row || f->unrounded != c->plan->unrounded) { /* whole blocks are filled, so the row may begin inside of one */
        uint64_t first = row * cols / BLOCK * BLOCK, last = row * cols + cols;
        tensor_fill(t, first, last - first, f->raw);
        for (uint64_t i = 0; i < cols; i++)
            if (!plan_input_unrounded(c->plan, at, row * cols + i, &f->values[i]))
                f->values[i] = type_get(t->type, f->raw, row * cols - first + i);
        f->row = row;
        f->valid = true;
        f->unrounded = c->plan->unrounded;
    }
    return f->values;
}

double reference_get(const struct reference_case *c, const char *buffer, uint64_t index)
{
    int t = input_find(c, buffer);
    if (t < 0)
        return NAN;
    if (index < tensor_elements(&c->plan->tensors[t]))
        return plan_input(c->plan, t, index);
    wanting(c, "element %llu in input '%s'", (unsigned long long)index, buffer);
    return NAN;
}

bool reference_has(const struct reference_case *c, const char *buffer)
{
    return plan_find_tensor(c->plan, buffer) >= 0;
}

uint64_t reference_shape(const struct reference_case *c, const char *name)
{
    for (int i = 0; i < c->plan->shapes; i++)
        if (strcmp(c->plan->shape[i].name, name) == 0)
            return c->plan->shape[i].value;
    wanting(c, "a shape name '%s'", name);
    return 0;
}

/* ---- chains as references ---- */

/* The chain flows from the input x, or from the only input there is where none has that name. */
static const char *chain_input(const struct plan *p)
{
    const char *first = NULL;
    for (int t = 0; t < p->tensor_count; t++) {
        bool input = p->tensors[t].role == ROLE_IN || p->tensors[t].role == ROLE_INOUT;
        if (input && (!first || strcmp(p->tensors[t].name, "x") == 0))
            first = p->tensors[t].name;
    }
    return first ? first : "x";
}

static bool chain_row(const struct reference_case *c, const struct chain *chain, int output, uint64_t row,
                      double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *x = reference_row(c, chain_input(c->plan), row, cols);
    if (!x)
        return false;
    memcpy(out, x, cols * sizeof *out);
    for (int i = 0; i < chain->count; i++) {
        const struct operator* op = chain->items[i].op;
        const double *rows[OPERATOR_TENSORS_MAX] = {NULL};
        double params[OPERATOR_PARAMS_MAX];
        for (int k = 0; k < op->param_count; k++)
            params[k] = (float)chain->items[i].params[k]; /* a kernel has them as floats */
        for (int t = 0; t < op->tensor_count; t++) {
            rows[t] = reference_row(c, op->tensors[t].name, op->tensors[t].per_element ? row : 0, cols);
            if (!rows[t])
                return false;
        }
        operator_apply(op, out, cols, row, params, rows);
    }
    return true;
}

/* ---- at the plan ---- */

static bool compute_row(const struct plan *p, void *context, int output, uint64_t row, double *out,
                        struct error *e)
{
    struct context *r = context;
    r->c.plan = p;
    r->wanting.len = 0;
    text_bytes(&r->wanting, "", 0);
    bool ok =
        r->entry ? r->entry->row(&r->c, output, row, out) : chain_row(&r->c, r->chain, output, row, out);
    /* A reference may go on with the NAN or 0 that it was given. */
    if (ok && r->wanting.len == 0)
        return true;
    return error_set(e, EXIT_USAGE,
                     "%s: the reference '%s' wants %s, which the kernel does not have; name its buffers "
                     "as the reference does",
                     p->name, r->name, r->wanting.len ? r->wanting.s : "something");
}

static void context_free(void *context)
{
    struct context *r = context;
    for (int t = 0; t < r->tensor_count; t++) {
        free(r->c.rows[t].values);
        free(r->c.rows[t].raw);
    }
    free(r->c.rows);
    text_free(&r->wanting);
    chain_free(r->chain);
    free(r->name);
    free(r);
}

static const struct reference_entry *entry_find(const char *name)
{
    for (int i = 0; i < reference_table_count; i++)
        if (strcmp(reference_table[i].name, name) == 0)
            return &reference_table[i];
    return NULL;
}

static bool unknown(const struct kernel *k, const struct error *chain_error, struct error *e)
{
    char shown[WORD_TEXT];
    const char **names = need((size_t)(reference_table_count + 1) * sizeof *names);
    for (int i = 0; i < reference_table_count; i++)
        names[i] = reference_table[i].name;
    const char *near = nearest_name(k->reference, names, (size_t)reference_table_count);
    free(names);
    word_shown(shown, k->reference);
    if (near)
        return error_set(e, EXIT_USAGE, "%s:%d: there is no reference '%s'; did you mean '%s'?", k->path,
                         k->reference_line, shown, near);
    return error_set(e, EXIT_USAGE,
                     "%s:%d: there is no reference '%s' in kernels/reference/, and as a chain: %s", k->path,
                     k->reference_line, shown, chain_error->text);
}

bool reference_attach(struct plan *p, const struct kernel *k, struct error *e)
{
    struct error chain_error = {.code = 0};
    const struct reference_entry *entry = entry_find(k->reference);
    struct chain *chain = entry ? NULL : chain_parse(k->reference, &chain_error);
    if (!entry && !chain)
        return unknown(k, &chain_error, e);
    struct context *r = need(sizeof *r);
    r->entry = entry;
    r->chain = chain;
    r->name = need_string(k->reference);
    r->tensor_count = p->tensor_count;
    r->c.rows = need((size_t)p->tensor_count * sizeof *r->c.rows);
    r->c.wanting = &r->wanting;
    p->reference = compute_row;
    p->reference_context = r;
    p->reference_free = context_free;
    return true;
}
