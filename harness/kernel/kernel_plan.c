/* From a kernel's header to a plan: lengths, push constants, workgroups and costs, at one shape. */
#include <math.h>
#include <string.h>

#include "harness/kernel/chain_c.h"
#include "harness/kernel/kernel_parts.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: up to here a double holds every whole number */

/* Puts "file:line: " before an error. */
static bool placed(const struct kernel *k, int line, struct error *e)
{
    return error_prefix(e, "%s:%d", k->path, line);
}

/* The header's shape with what the caller asks for instead. */
static bool shape_at(const struct kernel *k, const struct shape_entry *overrides, int count,
                     struct shape_entry *shape, struct error *e)
{
    const char *names[RUN_SHAPE_MAX];
    char hint[HINT_TEXT], shown[WORD_TEXT];
    for (int i = 0; i < k->shapes; i++) {
        shape[i] = k->shape[i];
        names[i] = k->shape[i].name;
    }
    for (int i = 0; i < count; i++) {
        int at = kernel_find_shape(k, overrides[i].name);
        if (at < 0)
            return error_set(e, EXIT_USAGE, "the shape of %s has no '%s'%s", k->name,
                             word_shown(shown, overrides[i].name),
                             name_hint(hint, overrides[i].name, names, (size_t)k->shapes));
        if (overrides[i].value < 1 || overrides[i].value > UINT32_MAX)
            return error_set(e, EXIT_USAGE,
                             "%s=%llu is out of range for %s; write a number from 1 to 4294967295", names[at],
                             (unsigned long long)overrides[i].value, k->name);
        shape[at].value = overrides[i].value;
    }
    return true;
}

static uint64_t block_elements(enum type t)
{
    return t == TYPE_Q8_0 || t == TYPE_Q4_0 ? 32 : 1;
}

static bool add_tensor(struct plan *p, const struct kernel_buffer *b, const struct scope *s, struct error *e)
{
    uint64_t rows = 1, cols = 1;
    double elements = 1;
    for (int i = 0; i < b->dim_count; i++) {
        rows *= cols;
        if (!scope_whole(s, "the length", b->dims[i], 1, WHOLE_MAX, &cols, e))
            return false;
        elements *= (double)cols;
        if (elements > WHOLE_MAX)
            return error_set(e, EXIT_USAGE,
                             "buffer %s has more elements than can be counted; choose a smaller shape",
                             b->name);
    }
    uint64_t block = block_elements(b->type);
    if (cols % block)
        return error_set(e, EXIT_USAGE,
                         "buffer %s has %llu columns, but %s comes in blocks of %llu; choose a multiple",
                         b->name, (unsigned long long)cols, type_name(b->type), (unsigned long long)block);
    struct fill fill;
    if (!kernel_fill(b, s, &fill, e))
        return false;
    plan_add_tensor(p, b->name, b->type, rows, cols, b->role, fill);
    return true;
}

bool kernel_suits(const struct kernel *k, const struct scope *s, struct error *e)
{
    for (int i = 0; i < k->only_count; i++) {
        double v = 0;
        if (!scope_value(s, k->only[i], &v, e))
            return false;
        if (v != 1)
            return error_set(e, EXIT_ENVIRONMENT, "%s is only for shapes with %s; choose such a one, or another rung", k->name,
                             k->only[i]);
    }
    return true;
}

bool kernel_add_tensors(struct plan *p, const struct kernel *k, const struct scope *s, struct error *e)
{
    if (!kernel_suits(k, s, e))
        return false;
    for (int i = 0; i < k->buffer_count; i++)
        if (!add_tensor(p, &k->buffers[i], s, e))
            return placed(k, k->buffers[i].line, e);
    return true;
}

/* A texel of 4 numbers cannot be cut: the device would leave the last, broken one out of the view. */
static bool whole_texels(const struct kernel_buffer *b, const struct tensor *t, struct error *e)
{
    uint64_t each = block_elements(b->type);
    if (b->texel == TEXEL_NONE)
        return true;
    while (type_bytes(b->type, each) % texel_format_bytes(b->texel))
        each += block_elements(b->type);
    return tensor_elements(t) % each == 0 ||
           error_set(e, EXIT_USAGE,
                     "buffer %s holds %llu numbers, which are not whole %s texels of %llu; choose another "
                     "shape, or write the length as %llu*something",
                     b->name, (unsigned long long)tensor_elements(t), texel_facts[b->texel].name, (unsigned long long)each,
                     (unsigned long long)each);
}

static bool bind_buffers(struct plan *p, struct step *step, const struct kernel *k, const struct part *parts,
                         struct error *e)
{
    for (int i = 0; i < k->buffer_count; i++) {
        const struct kernel_buffer *b = &k->buffers[i];
        bool reads = b->role != ROLE_OUT, writes = b->role != ROLE_IN;
        enum bind_kind kind = b->texel == TEXEL_NONE ? BIND_STORAGE
                              : writes               ? BIND_TEXEL_WRITE
                                                     : BIND_TEXEL_READ;
        if (!whole_texels(b, &p->tensors[parts[i].tensor], e))
            return placed(k, b->line, e);
        step_bind(step, parts[i].tensor, kind, b->texel, reads, writes);
        step->bindings[i].offset = parts[i].offset;
        step->bindings[i].bytes = parts[i].bytes;
    }
    return true;
}

static bool set_groups(struct step *step, const struct kernel *k, const struct scope *s, struct error *e)
{
    for (int i = 0; i < 3; i++) {
        double v = 1;
        if (k->launch[i][0] && !scope_value(s, k->launch[i], &v, e))
            return placed(k, k->launch_line, e);
        v = floor(v);
        if (!(v >= 1 && v <= UINT32_MAX)) {
            error_set(e, EXIT_USAGE,
                      "groups '%s' is %.15g here; it must be from 1 to 4294967295: change it or the shape",
                      k->launch[i], v);
            return placed(k, k->launch_line, e);
        }
        step->groups[i] = (uint32_t)v;
    }
    return true;
}

/* A number of operations or passes: any that is finite and not negative. */
static bool count_value(const struct kernel *k, int line, const char *what, const char *expression,
                        const struct scope *s, double *value, struct error *e)
{
    if (scope_value(s, expression, value, e)) {
        if (*value >= 0 && *value <= 1e300)
            return true;
        error_set(e, EXIT_USAGE, "%s '%s' is %.15g here; it must be 0 or more", what, expression, *value);
    }
    return placed(k, line, e);
}

static bool set_cost(struct plan *p, struct step *step, const struct kernel *k, const struct scope *s,
                     const struct part *parts, struct error *e)
{
    /* A header says how many operations there are, not which: they all count as additions, so that
     * ops_flops() gives the header's number back and the roof takes them at the rate of the cheapest one. */
    if (k->flops && !count_value(k, k->flops_line, "flops", k->flops, s, &step->cost.ops[OP_ADD], e))
        return false;
    for (int i = 0; i < k->buffer_count; i++) {
        const struct kernel_buffer *b = &k->buffers[i];
        double passes = b->role == ROLE_INOUT ? 2 : 1;
        if (b->passes[0] && !count_value(k, k->passes_line, "passes", b->passes, s, &passes, e))
            return false;
        if (k->passes_line && i < step->binding_count)
            step->bindings[i].passes_declared = passes;
        step->cost.bytes_issued += passes * (double)(parts[i].bytes ? parts[i].bytes : tensor_bytes(&p->tensors[parts[i].tensor]));
    }
    return true;
}

/* A kernel in C is compiled as one text: native.h stands where it is included, so that no folder has to be searched, and tune
 * values are macros before it. Messages keep the file's own lines. */
static bool c_source(struct step *step, const struct kernel *k, const struct scope *s, struct error *e)
{
    static const char include[] = "#include \"kernels/native.h\"\n";
    const char *at = strstr(k->source.s, include), *prelude = native_prelude(e);
    if (!prelude)
        return false;
    if (!at)
        return error_set(e, EXIT_USAGE, "%s: a kernel in C has the line %.*s, and this has not", k->path,
                         (int)sizeof include - 2, include);
    int line = 2; /* of what follows it */
    for (const char *c = k->source.s; c < at; c++)
        line += *c == '\n';
    for (int i = k->shapes; i < s->count; i++)
        text_add(&step->c, "#define %s %u\n", s->names[i], (unsigned)s->values[i]);
    text_bytes(&step->c, k->source.s, (size_t)(at - k->source.s));
    text_add(&step->c, "#line 1 \"kernels/native.h\"\n%s\n#line %d \"%s\"\n", prelude, line, k->path);
    text_add(&step->c, "%s", at + sizeof include - 1);
    step->language = LANGUAGE_C;
    return true;
}

bool kernel_add_step(struct plan *p, const struct kernel *k, const struct scope *s, const struct part *parts,
                     struct error *e)
{
    struct step *step = plan_add_step(p, k->name);
    step->path = need_string(k->path);
    if (k->language == LANGUAGE_GLSL)
        text_bytes(&step->glsl, k->source.s, k->source.len);
    else if (!c_source(step, k, s, e))
        return false;
    step->needs = k->needs;
    for (int i = 0; i < s->count; i++) { /* a scope is the shape, then the tune values */
        if (i < k->shapes) {
            step->push[step->push_count++] = (uint32_t)s->values[i];
        } else if (k->language == LANGUAGE_GLSL) {
            step->spec_ids[step->spec_count] = (uint32_t)step->spec_count;
            step->spec_values[step->spec_count++] = (uint32_t)s->values[i];
        }
    }
    return bind_buffers(p, step, k, parts, e) && set_groups(step, k, s, e) &&
           set_cost(p, step, k, s, parts, e);
}

static bool fill_plan(struct plan *p, const struct kernel *k, const struct shape_entry *overrides, int count,
                      const uint32_t *tune, struct error *e)
{
    struct part parts[KERNEL_BUFFERS_MAX] = {{0}};
    if (!shape_at(k, overrides, count, p->shape, e))
        return false;
    p->shapes = k->shapes;
    struct scope s = kernel_scope(k, p->shape, tune);
    if (!kernel_add_tensors(p, k, &s, e) || !scope_value(&s, k->tolerance, &p->tolerance, e))
        return false;
    p->tensor_bytes = (double)tensor_bytes(&p->tensors[0]); /* the parser has seen to it that there is one */
    for (int i = 0; i < k->buffer_count; i++)
        parts[i].tensor = i;
    if (!(k->is_plan ? plan_file_add_steps(p, k, &s, e) : kernel_add_steps(p, k, &s, parts, e)))
        return false;
    plan_finish(p);
    return !k->reference || reference_attach(p, k, e);
}

struct plan *kernel_plan(const struct kernel *k, const struct shape_entry *overrides, int count,
                         const uint32_t *tune, struct error *e)
{
    return kernel_plan_for(k, NULL, overrides, count, tune, e);
}

struct plan *kernel_plan_for(const struct kernel *k, const struct device_info *limits, const struct shape_entry *overrides,
                             int count, const uint32_t *tune, struct error *e)
{
    struct plan *p = need(sizeof *p);
    p->limits = limits;
    p->name = need_string(k->name);
    p->variant = need_string("single");
    p->counts_from = "header";
    if (fill_plan(p, k, overrides, count, tune, e))
        return p;
    plan_free(p);
    return NULL;
}
