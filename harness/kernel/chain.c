/* Chains: parsing, grouping, and the plan of a variant. The kernels' text comes from chain_glsl.c. */
#include "harness/kernel/chain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/kernel/chain_c.h"

/* ---- parsing ---- */

static bool fault(struct error *e, const char *text, const char *at, const char *what)
{
    return error_set(e, EXIT_USAGE,
                     "chain '%s', at character %d: %s. A chain is written like \"layernorm|bias|gelu|dropout(0.1)\".", text,
                     (int)(at - text) + 1, what);
}

static bool parse_arguments(struct chain_item *item, const char *text, char *list, const char *at, struct error *e)
{
    char message[160];
    int i = 0;
    for (char *word; (word = strsep(&list, ",")); i++) { /* strtok would skip a missing one */
        char *end, *number = trim(word);
        if (i >= item->op->param_count) {
            snprintf(message, sizeof message, "%s takes %d argument%s", item->op->name, item->op->param_count,
                     item->op->param_count == 1 ? "" : "s");
            return fault(e, text, at, message);
        }
        item->params[i] = strtod(number, &end);
        if (!*number)
            snprintf(message, sizeof message, "%s's argument %d is missing", item->op->name, i + 1);
        else
            snprintf(message, sizeof message, "%s's argument '%.60s' is not a number", item->op->name, number);
        if (end == number || *end || !isfinite(item->params[i]))
            return fault(e, text, at, message);
        double low = item->op->params[i].low, high = item->op->params[i].high;
        if (item->params[i] < low || item->params[i] > high) {
            snprintf(message, sizeof message, "%s's %s is %.9g, which is not between %.9g and %.9g", item->op->name,
                     item->op->params[i].name, item->params[i], low, high);
            return fault(e, text, at, message);
        }
    }
    return true;
}

/* One "name" or "name(arguments)", in `word`, which it may change; `at` is its place in text. */
static bool parse_item(struct chain_item *item, const char *text, char *word, const char *at, struct error *e)
{
    char *open = strchr(word, '(');
    if (!open && strchr(word, ')'))
        return fault(e, text, at, "brackets do not match");
    if (open) {
        char *close = word + strlen(word) - 1;
        if (*close != ')' || strchr(open, ')') != close || strchr(open + 1, '('))
            return fault(e, text, at, "brackets do not match");
        *open = *close = '\0';
    }
    item->op = operator_find(trim(word), e);
    if (!item->op)
        return error_prefix(e, "chain '%s', at character %d", text, (int)(at - text) + 1);
    for (int i = 0; i < item->op->param_count; i++)
        item->params[i] = item->op->params[i].standard;
    return !open || parse_arguments(item, text, open + 1, at, e);
}

static bool parse_items(struct chain *c, struct error *e)
{
    for (const char *at = c->text;; at++) {
        size_t n = strcspn(at, "|");
        char word[256];
        if (n >= sizeof word)
            return fault(e, c->text, at, "an operator's text is too long");
        memcpy(word, at, n);
        word[n] = '\0';
        char *trimmed = trim(word);
        if (!*trimmed)
            return fault(e, c->text, at, "an operator is missing");
        if (c->count == CHAIN_MAX)
            return fault(e, c->text, at, "more than 64 operators");
        if (!parse_item(&c->items[c->count++], c->text, trimmed, at, e))
            return false;
        at += n;
        if (!*at)
            return true;
    }
}

struct chain *chain_parse(const char *text, struct error *e)
{
    struct chain *c = need(sizeof *c);
    c->text = need_string(text);
    trim(c->text);
    if (parse_items(c, e))
        return c;
    chain_free(c);
    return NULL;
}

void chain_free(struct chain *c)
{
    if (!c)
        return;
    free(c->text);
    free(c);
}

int chain_grouping(const struct chain *c, const char *text, int sizes[CHAIN_MAX], struct error *e)
{
    int groups = 0, sum = 0;
    if (strcmp(text, "fused") == 0) {
        sizes[0] = c->count;
        return 1;
    }
    if (strcmp(text, "unfused") == 0) {
        for (int i = 0; i < c->count; i++)
            sizes[i] = 1;
        return c->count;
    }
    for (const char *p = text; *p && groups < CHAIN_MAX;) {
        char *end;
        long n = strtol(p, &end, 10);
        if (*p < '1' || *p > '9' || n < 1 || n > CHAIN_MAX || (*end && *end != '+') || (*end == '+' && !end[1]))
            break;
        sizes[groups++] = (int)n;
        sum += (int)n;
        p = *end ? end + 1 : end;
        if (!*p && sum == c->count)
            return groups;
    }
    error_set(e, EXIT_USAGE,
              "grouping '%s' does not fit the %d operators of '%s': write group sizes that add up to %d, like %d+%d, "
              "or 'fused' or 'unfused'.",
              text, c->count, c->text, c->count, c->count / 2, c->count - c->count / 2);
    return 0;
}

uint64_t chain_rows(double bytes, uint64_t cols)
{
    double rows = floor(bytes / (4.0 * (double)cols));
    return rows < 1 ? 1 : (uint64_t)rows;
}

char *chain_label(const struct chain *c, int first, int count)
{
    struct text t = {0};
    for (int i = first; i < first + count; i++) {
        const struct chain_item *item = &c->items[i];
        int given = item->op->param_count; /* trailing arguments that are the defaults are left out */
        while (given > 0 && item->params[given - 1] == item->op->params[given - 1].standard)
            given--;
        text_add(&t, "%s%s", i > first ? "|" : "", item->op->name);
        for (int k = 0; k < given; k++)
            text_add(&t, "%s%.9g%s", k ? "," : "(", item->params[k], k == given - 1 ? ")" : "");
    }
    return t.s;
}

/* ---- the reference: the operators' own, row by row ---- */

struct reference {
    struct chain_item items[CHAIN_MAX];
    int tensors[CHAIN_MAX][OPERATOR_TENSORS_MAX];
    int count;
};

static bool reference_row(const struct plan *p, void *context, int output, uint64_t row, double *out, struct error *e)
{
    (void)output, (void)e;
    const struct reference *r = context;
    uint64_t cols = p->tensors[0].cols;
    float *raw = need(cols * sizeof *raw);
    double *rows[OPERATOR_TENSORS_MAX];
    for (int t = 0; t < OPERATOR_TENSORS_MAX; t++)
        rows[t] = need(cols * sizeof **rows);
    tensor_fill(&p->tensors[0], row * cols, cols, raw);
    for (uint64_t i = 0; i < cols; i++)
        out[i] = raw[i];
    for (int k = 0; k < r->count; k++) {
        const struct operator *o = r->items[k].op;
        double params[OPERATOR_PARAMS_MAX];
        for (int i = 0; i < o->param_count; i++)
            params[i] = (float)r->items[k].params[i]; /* kernels get them as floats */
        for (int t = 0; t < o->tensor_count; t++) {
            const struct tensor *tensor = &p->tensors[r->tensors[k][t]];
            tensor_fill(tensor, o->tensors[t].per_element ? row * cols : 0, cols, raw);
            for (uint64_t i = 0; i < cols; i++)
                rows[t][i] = raw[i];
        }
        operator_apply(o, out, cols, row, params, (const double *const *)rows);
    }
    for (int t = 0; t < OPERATOR_TENSORS_MAX; t++)
        free(rows[t]);
    free(raw);
    return true;
}

/* ---- the plan ---- */

struct building {
    const struct chain *c;
    struct plan *p;
    const struct device_info *device;
    struct chain_options o;
    struct reference *reference;
};

/* Parameters of all operators, as tensors named "2.bias.b" by their place in the chain. */
static void add_parameters(struct building *b)
{
    for (int k = 0; k < b->c->count; k++) {
        const struct operator *o = b->c->items[k].op;
        for (int t = 0; t < o->tensor_count; t++) {
            char name[80];
            struct fill fill = o->tensors[t].fill;
            fill.seed = (uint32_t)(1000 + k * 10 + t);
            snprintf(name, sizeof name, "%d.%s.%s", k + 1, o->name, o->tensors[t].name);
            b->reference->tensors[k][t] = plan_add_tensor(
                b->p, name, TYPE_F32, o->tensors[t].per_element ? b->o.rows : 1, b->o.cols, ROLE_IN, fill);
        }
    }
}

/* The tensor that step `i` writes: y at the end, else one of two buffers in turn, per type. */
static int step_output(struct building *b, int i, bool last, enum type type)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", type == TYPE_F16 ? "half" : "temp", i % 2);
    if (last)
        snprintf(name, sizeof name, "y");
    int t = plan_find_tensor(b->p, name);
    if (t < 0)
        t = plan_add_tensor(b->p, name, type, b->o.rows, b->o.cols, last ? ROLE_OUT : ROLE_TEMP, (struct fill){0});
    return t;
}

static bool add_step(struct building *b, int first, int count, int in, int out, struct error *e)
{
    char *label = chain_label(b->c, first, count);
    struct step *s = plan_add_step(b->p, label);
    free(label);
    struct chain_group g = {.items = b->c->items + first,
                            .count = count,
                            .rows = b->o.rows,
                            .cols = b->o.cols,
                            .in = b->p->tensors[in].type,
                            .out = b->p->tensors[out].type,
                            .access = b->o.access,
                            .workgroup = b->o.workgroup,
                            .ablation = b->o.ablation};
    int parameters[STEP_BINDINGS_MAX], n = 0;
    for (int k = first; k < first + count; k++)
        for (int t = 0; t < b->c->items[k].op->tensor_count; t++) {
            if (n + 2 >= STEP_BINDINGS_MAX)
                return error_set(e, EXIT_ENVIRONMENT,
                                 "'%s' needs more than %d buffers in one kernel: fuse fewer operators (--fuse 8+8)",
                                 s->label, STEP_BINDINGS_MAX);
            parameters[n++] = b->reference->tensors[k][t];
        }
    return (b->device->language == LANGUAGE_C ? chain_group_step_c : chain_group_step)(&g, s, in, out, parameters, b->device, e);
}

/* The tolerance of a chain: the operators' own add up; each store as f16 rounds once more. */
static double tolerance(const struct chain *c)
{
    double sum = 0;
    bool half = false;
    for (int i = 0; i < c->count; i++) {
        const struct operator *o = c->items[i].op;
        half = o->type == TYPE_COUNT ? half : o->type == TYPE_F16;
        sum += o->tolerance + (half ? 1e-3 : 0);
    }
    return sum;
}

static bool add_steps(struct building *b, const int *sizes, int groups, struct error *e)
{
    enum type type = TYPE_F32;
    int at = 0, in = 0;
    for (int i = 0; i < groups; i++) {
        for (int k = at; k < at + sizes[i]; k++)
            if (b->c->items[k].op->type != TYPE_COUNT)
                type = b->c->items[k].op->type;
        int out = step_output(b, i, i == groups - 1, type);
        if (!add_step(b, at, sizes[i], in, out, e))
            return false;
        at += sizes[i];
        in = out;
    }
    return true;
}

/* What an ablation leaves out costs nothing: a model has no cache that would show it. */
static void ablate_costs(struct plan *p, enum ablation ablation)
{
    for (int i = 0; i < p->step_count; i++) {
        struct cost *c = &p->steps[i].cost;
        if (ablation == ABLATE_WINDOW)
            c->bytes_read = c->bytes_written = 0;
        if (ablation == ABLATE_COPY)
            memset(c->ops, 0, sizeof c->ops);
    }
}

/* Kernels count elements in 32 bits. */
static bool countable(const struct chain_options *o, const struct device_info *device, struct error *e)
{
    const double most = 4294967295.0, bytes = fmin((double)device->max_binding_bytes, (double)device->max_buffer_bytes);
    return (double)o->rows * (double)o->cols <= most ||
           error_set(e, EXIT_ENVIRONMENT, "a tensor has at most 2^32-1 elements. The largest size that works is --tensor %.0fB.",
                     fmin(most * 4, bytes));
}

struct plan *chain_plan(const struct chain *c, const int *sizes, int groups, const struct device_info *device,
                        const struct chain_options *o, struct error *e)
{
    if (!countable(o, device, e))
        return NULL;
    struct plan *p = need(sizeof *p);
    struct building b = {.c = c, .p = p, .device = device, .o = *o, .reference = need(sizeof *b.reference)};
    memcpy(b.reference->items, c->items, sizeof b.reference->items);
    b.reference->count = c->count;
    if (b.o.access == ACCESS_NONE)
        b.o.access = chain_best_access(device);
    p->name = need_string(c->text);
    p->variant = need_string(groups == c->count ? "unfused" : groups == 1 ? "fused" : "grouped");
    p->grouping = need(sizeof *p->grouping * (size_t)groups);
    memcpy(p->grouping, sizes, sizeof *sizes * (size_t)groups);
    p->groupings = groups;
    p->shape[0] = (struct shape_entry){"rows", o->rows};
    p->shape[1] = (struct shape_entry){"cols", o->cols};
    p->shapes = 2;
    p->tensor_bytes = 4.0 * (double)o->rows * (double)o->cols;
    p->counts_from = "operators";
    p->reference = reference_row;
    p->reference_context = b.reference;
    p->reference_free = free;
    p->tolerance = tolerance(c);
    struct fill fill = c->items[0].op->input;
    fill.seed = 1;
    plan_add_tensor(p, "x", TYPE_F32, o->rows, o->cols, ROLE_IN, fill);
    add_parameters(&b);
    if (!add_steps(&b, sizes, groups, e)) {
        plan_free(p);
        return NULL;
    }
    plan_finish(p);
    ablate_costs(p, o->ablation);
    return p;
}
