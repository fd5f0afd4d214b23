#include "harness/spirv/address.h"

#include <spirv/unified1/spirv.h>

bool address_chain(const struct module *m, uint32_t pointer, struct chain *c)
{
    *c = (struct chain){0};
    /* Copies could form a ring in a hostile module: the walk ends after a while. */
    for (uint32_t step = 0; step < 4 * ADDRESS_CHAIN_MAX; step++) {
        const uint32_t *w = module_def(m, pointer);
        switch (w ? word_op(*w) : 0) {
        case SpvOpVariable: c->variable = pointer; return true;
        case SpvOpAccessChain:
        case SpvOpInBoundsAccessChain:
            if (c->count == ADDRESS_CHAIN_MAX)
                return false;
            c->link[c->count++] = w;
            pointer = w[3];
            break;
        case SpvOpCopyObject: pointer = w[3]; break;
        default: return false;
        }
    }
    return false;
}

uint32_t address_u32(struct emit *e, struct words *to, uint32_t value)
{
    const struct spirv_type *t = type_of_value(e->m, value);
    uint32_t u32 = emit_u32(e);
    if (!t || t->kind != TYPE_INT || t->id == u32)
        return value;
    if (t->width == 32)
        return emit_op(e, to, SpvOpBitcast, u32, 1, &value);
    if (!t->is_signed || t->width == 64)
        return emit_op(e, to, SpvOpUConvert, u32, 1, &value);
    return emit_op(e, to, SpvOpSConvert, u32, 1, &value);
}

uint32_t address_alignment(const struct address *a, uint64_t at, uint32_t limit)
{
    uint64_t bits = (a->fixed + at) | a->strides | limit;
    return (uint32_t)(bits & (0 - bits));
}

static void add_offset(struct emit *e, struct words *to, struct address *a, uint32_t value)
{
    a->offset = a->offset ? emit_two(e, to, SpvOpIAdd, emit_u32(e), a->offset, value) : value;
}

uint32_t address_limit(struct emit *e, struct words *to, struct address *a, uint32_t index, uint32_t count)
{
    uint32_t boolean = emit_bool(e);
    uint32_t out = emit_two(e, to, SpvOpUGreaterThanEqual, boolean, index, emit_constant(e, count));
    a->bad = a->bad ? emit_two(e, to, SpvOpLogicalOr, boolean, a->bad, out) : out;
    return out;
}

/* One step into an array, matrix or vector, `stride` bytes an element. */
static void step_array(struct emit *e, struct words *to, struct address *a, const struct spirv_type *t,
                       uint32_t index, uint32_t stride)
{
    int64_t constant;
    bool array = t->kind == TYPE_ARRAY || t->kind == TYPE_RUNTIME_ARRAY;
    uint32_t count = t->kind == TYPE_RUNTIME_ARRAY ? 0 : t->count;
    bool known =
        constant_value(e->m, index, &constant) && constant >= 0 && !module_constant(e->m, index)->specialised;
    if (known && (!count || constant < count)) {
        a->fixed = saturating_add(a->fixed, saturating_multiply((uint64_t)constant, stride));
        return;
    }
    uint32_t value = address_u32(e, to, index);
    a->strides |= stride;
    if (array && !a->index)
        a->index = value;
    /* Behind a runtime array's last element that 32 bits can reach the product would wrap. */
    if (count)
        address_limit(e, to, a, value, count);
    else if (stride > 1)
        address_limit(e, to, a, value, UINT32_MAX / stride);
    if (stride != 1)
        value = emit_two(e, to, SpvOpIMul, emit_u32(e), value, emit_constant(e, stride));
    add_offset(e, to, a, value);
}

static bool step_struct(struct emit *e, struct address *a, const struct spirv_type *t, uint32_t index)
{
    int64_t member;
    if (!constant_value(e->m, index, &member) || member < 0 || member >= t->count)
        return false;
    if (!module_decoration(e->m, t->id, (uint32_t)member, SpvDecorationOffset))
        return false;
    a->fixed = saturating_add(a->fixed, layout_offset(e->m, t->id, (uint32_t)member));
    struct matrix_layout own = layout_matrix(e->m, t->id, (uint32_t)member);
    if (own.stride)
        a->matrix = own;
    a->type = type_member(e->m, t, (uint32_t)member);
    return true;
}

static bool step(struct emit *e, struct words *to, struct address *a, uint32_t index)
{
    const struct spirv_type *t = module_type(e->m, a->type);
    if (!t)
        return false;
    if (t->kind == TYPE_STRUCT)
        return step_struct(e, a, t, index);
    uint64_t stride = layout_stride(e->m, t, a->matrix);
    if (t->kind == TYPE_VECTOR && a->scatter)
        stride = a->scatter;
    a->scatter = t->kind == TYPE_MATRIX && a->matrix.row_major ? a->matrix.stride : 0;
    if (stride == 0 || stride > UINT32_MAX || !t->element)
        return false;
    step_array(e, to, a, t, index, (uint32_t)stride);
    a->type = t->element;
    return true;
}

/* The first index into an array of resources chooses the resource and is no part of the address. */
static bool step_resource(struct emit *e, struct address *a)
{
    const struct spirv_type *t = module_type(e->m, a->type);
    if (!t || (t->kind != TYPE_ARRAY && t->kind != TYPE_RUNTIME_ARRAY))
        return false;
    a->type = t->element;
    return true;
}

bool address_write(struct emit *e, struct words *to, const struct chain *c, bool resources, struct address *a,
                   const char **why)
{
    const struct spirv_type *t = type_pointee(e->m, c->variable);
    *a = (struct address){.variable = c->variable, .type = t ? t->id : 0};
    bool choose = resources && t && (t->kind == TYPE_ARRAY || t->kind == TYPE_RUNTIME_ARRAY);
    for (uint32_t i = c->count; i-- > 0;) {
        const uint32_t *w = c->link[i];
        for (uint32_t k = 4; k < word_length(*w); k++) {
            bool stepped = choose ? step_resource(e, a) : step(e, to, a, w[k]);
            choose = false;
            if (!stepped) {
                *why = "its layout is not explicit";
                return false;
            }
        }
    }
    *why = choose ? "it moves a whole array of resources" : NULL;
    return !choose;
}
