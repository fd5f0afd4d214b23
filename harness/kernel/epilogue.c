#include "harness/kernel/epilogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/chain_c.h"
#include "harness/kernel/chain_text.h"
#include "harness/kernel/kernel_parts.h"

/* ---- reading ---- */

static const char *const variant_names[] = {"alone", "unfused", "apart", "fused"};

enum epilogue_variant epilogue_variant(const char *name)
{
    int i = 0;
    while (i < EPILOGUE_VARIANTS && strcmp(variant_names[i], name) != 0)
        i++;
    return (enum epilogue_variant)i;
}

bool epilogue_is(const char *text)
{
    const char *slash = strchr(text, '/');
    return slash && slash < text + strcspn(text, "|(");
}

/* What cannot be put into a store: operators that need the whole row, or change the type. */
static bool only_maps(const struct epilogue *p, struct error *e)
{
    for (int i = 0; i < p->chain->count; i++) {
        const struct operator *o = p->chain->items[i].op;
        if (o->is_row)
            return error_set(e, EXIT_USAGE,
                             "'%s': %s needs whole rows, but an epilogue has one value at a time; use map operators", p->text,
                             o->name);
        if (o->type != TYPE_COUNT)
            return error_set(e, EXIT_USAGE, "'%s': %s changes the type, but an epilogue leaves the kernel's result as it is",
                             p->text, o->name);
    }
    return true;
}

static bool parse(struct epilogue *p, enum language language, struct error *e)
{
    const char *bar = strchr(p->text, '|');
    if (!bar)
        return error_set(e, EXIT_USAGE, "'%s': there is no operator behind the kernel; write it like %s|bias|gelu", p->text,
                         p->text);
    char *names = need_string(p->text), *rest = names;
    names[bar - p->text] = '\0';
    for (char *name; !p->kernel && (name = strsep(&rest, ","));)
        p->kernel = kernel_find_for(trim(name), language, e);
    free(names);
    if (!p->kernel)
        return false;
    if (!p->kernel->epilogue[0])
        return error_set(e, EXIT_USAGE,
                         "%s has no place for an epilogue: give its header a line like //! epilogue c float, and store through "
                         "EPILOGUE(value, row, col) (harness/kernel/epilogue.h)",
                         p->kernel->path);
    struct text text = {0}; /* of several kernels, the one that it is */
    text_add(&text, "%s%s", p->kernel->name, bar);
    p->chain = chain_parse(bar + 1, e);
    free(p->text);
    p->text = text.s;
    return p->chain && only_maps(p, e);
}

struct epilogue *epilogue_parse(const char *text, enum language language, struct error *e)
{
    struct epilogue *p = need(sizeof *p);
    p->text = need_string(text);
    trim(p->text);
    if (parse(p, language, e))
        return p;
    epilogue_free(p);
    return NULL;
}

void epilogue_free(struct epilogue *p)
{
    if (!p)
        return;
    free(p->text);
    kernel_free(p->kernel);
    chain_free(p->chain);
    free(p);
}

/* ---- the reference: the kernel's, then the operators' ---- */

struct behind {
    plan_reference kernel;
    void *context;
    void (*free)(void *);
    struct chain_item items[CHAIN_MAX];
    int tensors[CHAIN_MAX][OPERATOR_TENSORS_MAX];
    int count;
};

static bool behind_row(const struct plan *p, void *context, int output, uint64_t row, double *out, struct error *e)
{
    const struct behind *r = context;
    if (!r->kernel(p, r->context, output, row, out, e))
        return false;
    for (int k = 0; k < r->count; k++) {
        const struct operator *o = r->items[k].op;
        double params[OPERATOR_PARAMS_MAX], *rows[OPERATOR_TENSORS_MAX] = {NULL};
        uint64_t cols = 0;
        for (int t = 0; t < p->tensor_count; t++)
            if (p->tensors[t].role == ROLE_OUT)
                cols = p->tensors[t].cols;
        for (int i = 0; i < o->param_count; i++)
            params[i] = (float)r->items[k].params[i]; /* kernels get them as floats */
        for (int t = 0; t < o->tensor_count; t++) {
            rows[t] = need(cols * sizeof **rows);
            for (uint64_t i = 0; i < cols; i++)
                rows[t][i] = plan_input(p, r->tensors[k][t], (o->tensors[t].per_element ? row * cols : 0) + i);
        }
        operator_apply(o, out, cols, row, params, (const double *const *)rows);
        for (int t = 0; t < o->tensor_count; t++)
            free(rows[t]);
    }
    return true;
}

static void behind_free(void *context)
{
    struct behind *r = context;
    if (r->free)
        r->free(r->context);
    free(r);
}

/* ---- the hook ---- */

struct fusing {
    const struct epilogue *p;
    const struct device_info *device;
    struct plan *plan;
    struct behind *behind;
    uint64_t rows, cols;
    int result; /* the kernel's tensor that the hook stores */
    bool vectors, texels;
};

static void declare_tensors(const struct fusing *f, int binding, struct text *t)
{
    int n = 0;
    for (int i = 0; i < f->p->chain->count; i++)
        for (int k = 0; k < f->p->chain->items[i].op->tensor_count; k++, n++, binding++)
            if (f->texels)
                text_add(t, "layout(binding = %d) uniform samplerBuffer epilogue_%d;\n", binding, n);
            else
                text_add(t, "layout(std430, binding = %d) readonly restrict buffer Epilogue%d { %s epilogue_%d[]; };\n",
                         binding, n, f->vectors ? "vec4" : "float", n);
}

/* "op_bias(v.x, 0.5f, a0_0.x, index + 0u)" */
static void call(const struct chain_item *item, int i, const char *component, int number, struct text *t)
{
    text_add(t, "op_%s(v%s", item->op->name, component);
    chain_add_params(item, t);
    for (int k = 0; k < item->op->tensor_count; k++)
        text_add(t, ", a%d_%d%s", i, k, component);
    if (item->op->uses_index)
        text_add(t, ", index + %du", number);
    text_add(t, ")");
}

static void write_glsl(const struct fusing *f, struct text *t)
{
    static const char *const components[] = {".x", ".y", ".z", ".w"};
    const char *type = f->vectors ? "vec4" : "float";
    unsigned long long width = f->cols / (f->vectors ? 4 : 1);
    text_add(t, "%s epilogue(%s v, uint row, uint col)\n{\n    uint at = row * %lluu + col, index = at * %du;\n", type, type,
             width, f->vectors ? 4 : 1);
    for (int i = 0, n = 0; i < f->p->chain->count; i++) {
        const struct chain_item *item = &f->p->chain->items[i];
        for (int k = 0; k < item->op->tensor_count; k++, n++) {
            const char *place = item->op->tensors[k].per_element ? "at" : "col";
            if (f->texels)
                text_add(t, "    vec4 a%d_%d = texelFetch(epilogue_%d, int(%s));\n", i, k, n, place);
            else
                text_add(t, "    %s a%d_%d = epilogue_%d[%s];\n", type, i, k, n, place);
        }
        text_add(t, "    v = %s", f->vectors ? "vec4(" : "");
        for (int c = 0; c < (f->vectors ? 4 : 1); c++) {
            text_add(t, c ? ", " : "");
            call(item, i, f->vectors ? components[c] : "", c, t);
        }
        text_add(t, f->vectors ? ");\n" : ";\n");
    }
    text_add(t, "    return v;\n}\n#define EPILOGUE(value, row, col) epilogue(value, row, col)\n");
}

static void write_c(const struct fusing *f, int binding, struct text *t)
{
    unsigned long long width = f->cols;
    text_add(t, "static inline void epilogue(const struct launch *l, float *x, uint32_t row, uint32_t col, uint32_t count)\n{\n"
                "    uint32_t index = row * %lluu + col;\n    (void)index;\n", width);
    for (int i = 0, n = binding; i < f->p->chain->count; i++)
        for (int k = 0; k < f->p->chain->items[i].op->tensor_count; k++, n++)
            text_add(t, "    const float *r%d_%d = (const float *)l->buffer[%d] + %s;\n", i, k, n,
                     f->p->chain->items[i].op->tensors[k].per_element ? "index" : "col");
    text_add(t, "    for (uint32_t c = 0; c < count; c++) {\n        float v = x[c];\n");
    for (int i = 0; i < f->p->chain->count; i++) {
        const struct chain_item *item = &f->p->chain->items[i];
        for (int k = 0; k < item->op->tensor_count; k++)
            text_add(t, "        float a%d_%d = r%d_%d[c];\n", i, k, i, k);
        text_add(t, "        v = ");
        struct text one = {0};
        call(item, i, "", 0, &one);
        char *plus = strstr(one.s, "index + 0u");
        if (plus)
            memcpy(plus, "index + c ", 10);
        text_add(t, "%s;\n", one.s);
        text_free(&one);
    }
    text_add(t, "        x[c] = v;\n    }\n}\n"
                "#define EPILOGUE(launch, values, row, col, count) epilogue(launch, values, row, col, count)\n");
}

/* Puts the operators before the line that says what EPILOGUE is where nobody did. */
static bool fill_hook(const struct fusing *f, struct step *s, struct error *e)
{
    struct text *source = s->language == LANGUAGE_C ? &s->c : &s->glsl, all = {0};
    const char *hook = strstr(text_get(source), "#ifndef EPILOGUE");
    if (!hook)
        return error_set(e, EXIT_CHECK, "%s: the header has an epilogue line, but there is no #ifndef EPILOGUE below it",
                         f->p->kernel->path);
    struct chain_group g = {.items = f->p->chain->items, .count = f->p->chain->count, .rows = f->rows, .cols = f->cols};
    text_bytes(&all, source->s, (size_t)(hook - source->s));
    if (s->language != LANGUAGE_C)
        declare_tensors(f, s->binding_count, &all);
    chain_declare_operators(&g, &all);
    if (s->language == LANGUAGE_C)
        write_c(f, s->binding_count, &all);
    else
        write_glsl(f, &all);
    text_add(&all, "%s", hook);
    text_free(source);
    *source = all;
    return true;
}

static bool fuse(const struct fusing *f, struct error *e)
{
    struct step *s = &f->plan->steps[0];
    if (!fill_hook(f, s, e))
        return false;
    double elements = (double)f->rows * (double)f->cols;
    for (int i = 0; i < f->p->chain->count; i++) {
        const struct operator *o = f->p->chain->items[i].op;
        for (int k = 0; k < o->tensor_count; k++) {
            if (s->binding_count == STEP_BINDINGS_MAX)
                return error_set(e, EXIT_ENVIRONMENT, "'%s' needs more than %d buffers in one kernel", f->p->text,
                                 STEP_BINDINGS_MAX);
            step_bind(s, f->behind->tensors[i][k], f->texels ? BIND_TEXEL_READ : BIND_STORAGE,
                      f->texels ? TEXEL_RGBA32F : TEXEL_NONE, true, false);
            s->cost.bytes_issued += 4 * elements;
        }
        for (int op = 0; op < OP_COUNT; op++)
            s->cost.ops[op] += o->ops[op] * elements;
    }
    free(s->label);
    s->label = need_string(f->p->text);
    return true;
}

/* ---- kernels of their own ---- */

/* Operators [first, first+count) as one kernel from tensor `in`; returns what it writes, or -1. */
static int add_group(const struct fusing *f, int first, int count, int in, struct error *e)
{
    bool last = first + count == f->p->chain->count;
    char name[32];
    snprintf(name, sizeof name, last ? "y" : "temp%d", first % 2);
    int out = plan_find_tensor(f->plan, name), parameters[STEP_BINDINGS_MAX], n = 0;
    if (out < 0)
        out = plan_add_tensor(f->plan, name, TYPE_F32, f->rows, f->cols, last ? ROLE_OUT : ROLE_TEMP, (struct fill){0});
    char *label = chain_label(f->p->chain, first, count);
    struct step *s = plan_add_step(f->plan, label);
    free(label);
    struct chain_group g = {.items = f->p->chain->items + first, .count = count, .rows = f->rows, .cols = f->cols,
                            .in = TYPE_F32, .out = TYPE_F32, .access = chain_best_access(f->device)};
    for (int i = first; i < first + count; i++)
        for (int k = 0; k < f->p->chain->items[i].op->tensor_count; k++) {
            if (n + 2 >= STEP_BINDINGS_MAX) {
                error_set(e, EXIT_ENVIRONMENT, "'%s' needs more than %d buffers in one kernel", s->label, STEP_BINDINGS_MAX);
                return -1;
            }
            parameters[n++] = f->behind->tensors[i][k];
        }
    bool c = f->device->language == LANGUAGE_C;
    return (c ? chain_group_step_c : chain_group_step)(&g, s, in, out, parameters, f->device, e) ? out : -1;
}

static bool add_groups(const struct fusing *f, int each, struct error *e)
{
    int at = f->result;
    f->plan->tensors[at].role = ROLE_TEMP;
    for (int i = 0; i < f->p->chain->count && at >= 0; i += each)
        at = add_group(f, i, each, at, e);
    return at >= 0;
}

/* ---- the plan ---- */

static void add_parameters(const struct fusing *f)
{
    for (int i = 0; i < f->p->chain->count; i++) {
        const struct operator *o = f->p->chain->items[i].op;
        for (int k = 0; k < o->tensor_count; k++) {
            char name[80];
            struct fill fill = o->tensors[k].fill;
            fill.seed = (uint32_t)(1000 + i * 10 + k);
            snprintf(name, sizeof name, "%d.%s.%s", i + 2, o->name, o->tensors[k].name);
            f->behind->tensors[i][k] = plan_add_tensor(f->plan, name, TYPE_F32, o->tensors[k].per_element ? f->rows : 1, f->cols,
                                                       ROLE_IN, fill);
        }
    }
}

static void attach_reference(struct fusing *f)
{
    struct plan *plan = f->plan;
    struct behind *r = need(sizeof *r);
    *r = (struct behind){.kernel = plan->reference, .context = plan->reference_context, .free = plan->reference_free,
                         .count = f->p->chain->count};
    memcpy(r->items, f->p->chain->items, sizeof r->items);
    for (int i = 0; i < r->count; i++)
        plan->tolerance += r->items[i].op->tolerance;
    plan->reference = behind_row;
    plan->reference_context = r;
    plan->reference_free = behind_free;
    f->behind = r;
}

static void name_plan(struct plan *plan, const struct epilogue *p, enum epilogue_variant v)
{
    int count = p->chain->count + 1;
    free(plan->name);
    free(plan->variant);
    plan->name = need_string(p->text);
    plan->variant = need_string(variant_names[v]);
    plan->groupings = v == EPILOGUE_UNFUSED ? count : v == EPILOGUE_APART ? 2 : 1;
    plan->grouping = need(sizeof *plan->grouping * (size_t)plan->groupings);
    for (int i = 0; i < plan->groupings; i++)
        plan->grouping[i] = 1;
    if (v == EPILOGUE_APART)
        plan->grouping[1] = count - 1;
    if (v == EPILOGUE_FUSED)
        plan->grouping[0] = count;
}

static bool extend(struct fusing *f, enum epilogue_variant v, struct error *e)
{
    const struct tensor *c = &f->plan->tensors[f->result];
    f->rows = c->rows;
    f->cols = c->cols;
    if (f->plan->step_count != 1 || !f->plan->reference || c->type != TYPE_F32)
        return error_set(e, EXIT_USAGE, "%s: an epilogue is for one kernel with a reference and a result of f32",
                         f->p->kernel->path);
    f->vectors = f->p->kernel->epilogue_vectors;
    if (f->vectors && f->cols % 4)
        return error_set(e, EXIT_USAGE, "%s: its epilogue stores vectors of four, but a row has %llu columns",
                         f->p->kernel->path, (unsigned long long)f->cols);
    f->texels = f->vectors && device_is_software(f->device) && f->device->max_texel_elements * 4 >= f->rows * f->cols;
    attach_reference(f);
    add_parameters(f);
    return v == EPILOGUE_FUSED ? fuse(f, e) : add_groups(f, v == EPILOGUE_APART ? f->p->chain->count : 1, e);
}

struct plan *epilogue_plan(const struct epilogue *p, enum epilogue_variant v, const struct shape_entry *shape, int count,
                           const uint32_t *tune, const struct device_info *device, struct error *e)
{
    struct plan *plan = kernel_plan(p->kernel, shape, count, tune, e);
    if (!plan)
        return NULL;
    struct fusing f = {.p = p, .device = device, .plan = plan, .result = plan_find_tensor(plan, p->kernel->epilogue)};
    if (v != EPILOGUE_ALONE && !extend(&f, v, e)) {
        plan_free(plan);
        return NULL;
    }
    name_plan(plan, p, v);
    plan_finish(plan);
    return plan;
}
