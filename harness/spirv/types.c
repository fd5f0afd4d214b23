#include "harness/spirv/types.h"

#include <stdlib.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/constants.h"
#include "harness/spirv/module.h"

static bool fail(struct error *e, size_t at, const char *what)
{
    return error_set(e, EXIT_USAGE, "SPIR-V word %zu: %s; the file is damaged or not a SPIR-V module", at,
                     what);
}

uint64_t saturating_multiply(uint64_t a, uint64_t b)
{
    return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

uint64_t saturating_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Takes scalar facts, size and depth from one part that stands `times` times in t. */
static void take_part(struct spirv_type *t, const struct spirv_type *part, uint64_t times)
{
    t->width = part->width;
    t->is_float = part->is_float;
    t->is_signed = part->is_signed;
    t->scalars = saturating_multiply(part->scalars, times);
    t->bytes = saturating_multiply(part->bytes, times);
    t->depth = part->depth + 1;
}

static uint32_t known_count(const struct module *m, uint32_t id)
{
    int64_t value;
    return constant_value(m, id, &value) && value > 0 && value <= UINT32_MAX ? (uint32_t)value : 0;
}

/* What all members have in common; nothing where they differ. */
static void add_facts(struct spirv_type *t, const struct spirv_type *part, bool first)
{
    struct spirv_type own = part ? *part : (struct spirv_type){0};
    bool differ = t->width != own.width || t->is_float != own.is_float || t->is_signed != own.is_signed;
    if (!first && differ)
        own = (struct spirv_type){0};
    t->width = own.width;
    t->is_float = own.is_float;
    t->is_signed = own.is_signed;
}

static bool build_struct(struct module *m, struct spirv_type *t, const uint8_t *forward, struct error *e)
{
    const uint32_t *w = m->words + t->at;
    t->kind = TYPE_STRUCT;
    t->count = word_length(*w) - 2;
    bool sized = true;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct spirv_type *part = module_type(m, w[2 + i]);
        bool pointer = !part && w[2 + i] < m->bound && forward[w[2 + i]];
        if (!part && !pointer)
            return fail(e, t->at, "a structure's member is not a type that was defined before");
        t->scalars = saturating_add(t->scalars, pointer ? 1 : part->scalars);
        t->bytes = saturating_add(t->bytes, pointer ? 8 : part->bytes);
        add_facts(t, part, i == 0);
        sized = sized && (pointer || part->bytes > 0);
        if (part && part->depth >= t->depth)
            t->depth = part->depth + 1;
    }
    if (!sized)
        t->bytes = t->scalars = 0;
    return true;
}

static bool build_image(struct module *m, struct spirv_type *t, struct error *e)
{
    t->kind = TYPE_IMAGE;
    t->element = m->words[t->at + 2];
    if (!module_type(m, t->element))
        return fail(e, t->at, "an image's sampled type is not a type that was defined before");
    return true;
}

static void build_tile(struct module *m, struct spirv_type *t, const struct spirv_type *part)
{
    const uint32_t *w = m->words + t->at;
    t->kind = TYPE_TILE;
    t->element = w[2];
    take_part(t, part, (uint64_t)known_count(m, w[4]) * known_count(m, w[5]));
    t->count = t->scalars > UINT32_MAX ? 0 : (uint32_t)t->scalars;
}

/* Types that are made of one other type, the operand at word 2 (of a pointer, word 3). */
static bool build_composite(struct module *m, struct spirv_type *t, uint16_t op, const uint8_t *forward,
                            struct error *e)
{
    static const struct spirv_type address = {.kind = TYPE_POINTER, .scalars = 1, .bytes = 8};
    const uint32_t *w = m->words + t->at;
    t->element = w[op == SpvOpTypePointer ? 3 : 2];
    const struct spirv_type *part = module_type(m, t->element);
    bool array = op == SpvOpTypeArray || op == SpvOpTypeRuntimeArray;
    if (!part && array && t->element < m->bound && forward[t->element])
        part = &address;
    if (!part)
        return fail(e, t->at, "a type is made of something that is not a type defined before");
    switch (op) {
    case SpvOpTypeVector:
    case SpvOpTypeMatrix:
        t->kind = op == SpvOpTypeVector ? TYPE_VECTOR : TYPE_MATRIX;
        t->count = w[3];
        bool fits = op == SpvOpTypeVector ? part->kind <= TYPE_FLOAT && part->kind >= TYPE_BOOL
                                          : part->kind == TYPE_VECTOR;
        if (t->count < 2 || t->count > 16 || !fits)
            return fail(e, t->at, "a vector or matrix has an impossible component type or count");
        take_part(t, part, t->count);
        break;
    case SpvOpTypeArray:
        t->kind = TYPE_ARRAY;
        t->count = known_count(m, w[3]);
        take_part(t, part, t->count);
        break;
    case SpvOpTypeRuntimeArray:
        t->kind = TYPE_RUNTIME_ARRAY;
        take_part(t, part, 0);
        break;
    case SpvOpTypePointer:
        t->kind = TYPE_POINTER;
        t->storage = w[2];
        t->scalars = 1;
        t->bytes = 8;
        break;
    case SpvOpTypeSampledImage: t->kind = TYPE_SAMPLED_IMAGE; break;
    default: build_tile(m, t, part);
    }
    return true;
}

static bool build_type(struct module *m, struct spirv_type *t, uint16_t op, const uint8_t *forward, struct error *e)
{
    const uint32_t *w = m->words + t->at;
    switch (op) {
    case SpvOpTypeVoid: t->kind = TYPE_VOID; return true;
    case SpvOpTypeBool:
        t->kind = TYPE_BOOL;
        t->width = t->scalars = 1;
        t->bytes = 4; /* it has no size by the standard; drivers keep one word */
        return true;
    case SpvOpTypeInt:
    case SpvOpTypeFloat:
        t->kind = op == SpvOpTypeInt ? TYPE_INT : TYPE_FLOAT;
        t->width = w[2];
        t->is_float = op == SpvOpTypeFloat;
        t->is_signed = op == SpvOpTypeInt && w[3];
        if (t->width != 8 && t->width != 16 && t->width != 32 && t->width != 64)
            return fail(e, t->at, "a number type is not 8, 16, 32 or 64 bits wide");
        t->scalars = 1;
        t->bytes = t->width / 8;
        return true;
    case SpvOpTypeStruct: return build_struct(m, t, forward, e);
    case SpvOpTypeImage: return build_image(m, t, e);
    case SpvOpTypeVector:
    case SpvOpTypeMatrix:
    case SpvOpTypeArray:
    case SpvOpTypeRuntimeArray:
    case SpvOpTypePointer:
    case SpvOpTypeSampledImage:
    case SpvOpTypeCooperativeMatrixNV:
    case OP_TYPE_COOPERATIVE_MATRIX_KHR: return build_composite(m, t, op, forward, e);
    default:
        t->kind = op == SpvOpTypeSampler    ? TYPE_SAMPLER
                  : op == SpvOpTypeFunction ? TYPE_FUNCTION
                                            : TYPE_OPAQUE;
        return true;
    }
}

static bool add_type(struct module *m, uint32_t at, uint8_t *forward, struct error *e)
{
    const uint32_t *w = m->words + at;
    uint16_t op = word_op(*w);
    if (op == SpvOpTypeForwardPointer) {
        if (w[1] >= m->bound)
            return fail(e, at, "a forward pointer's id is not below the bound");
        forward[w[1]] = 1;
        return true;
    }
    /* A forward-declared id may close a cycle, so it has to be a pointer: sizes stop at pointers. */
    if (forward[w[1]] && op != SpvOpTypePointer)
        return fail(e, at, "a type declared as a forward pointer is not a pointer");
    struct spirv_type *t = &m->types[m->type_count];
    *t = (struct spirv_type){.id = w[1], .at = at};
    if (!build_type(m, t, op, forward, e))
        return false;
    if (t->depth > TYPE_DEPTH_MAX)
        return fail(e, at, "types nest deeper than SPIR-V allows");
    m->slot[w[1]] = ++m->type_count;
    return true;
}

static bool build_all(struct module *m, uint32_t end, const struct spec_value *spec, uint32_t specs,
                      uint8_t *forward, struct error *e)
{
    for (uint32_t at = MODULE_HEADER; at < end; at += word_length(m->words[at])) {
        enum op_class class = opcode_find(word_op(m->words[at])).class;
        if (class == CLASS_TYPE && !add_type(m, at, forward, e))
            return false;
        if (class == CLASS_CONSTANT || word_op(m->words[at]) == SpvOpUndef)
            constant_add(m, at, spec, specs);
    }
    return true;
}

bool types_build(struct module *m, const struct spec_value *spec, uint32_t specs, struct error *e)
{
    uint32_t end = m->function_count ? m->functions[0].at : m->count, types = 0, constants = 0;
    for (uint32_t at = MODULE_HEADER; at < end; at += word_length(m->words[at])) {
        enum op_class class = opcode_find(word_op(m->words[at])).class;
        types += class == CLASS_TYPE;
        constants += class == CLASS_CONSTANT || word_op(m->words[at]) == SpvOpUndef;
    }
    m->types = need((types + 1) * sizeof *m->types);
    m->constants = need((constants + 1) * sizeof *m->constants);
    uint8_t *forward = need(m->bound);
    bool built = build_all(m, end, spec, specs, forward, e);
    free(forward);
    return built;
}

const struct spirv_type *module_type(const struct module *m, uint32_t id)
{
    const uint32_t *w = module_def(m, id);
    return w && m->slot[id] && opcode_find(word_op(*w)).class == CLASS_TYPE ? &m->types[m->slot[id] - 1]
                                                                            : NULL;
}

const struct spirv_type *type_of_value(const struct module *m, uint32_t id)
{
    return module_type(m, module_type_of(m, id));
}

const struct spirv_type *type_pointee(const struct module *m, uint32_t id)
{
    const struct spirv_type *t = type_of_value(m, id);
    return t && t->kind == TYPE_POINTER ? module_type(m, t->element) : NULL;
}

uint32_t type_member(const struct module *m, const struct spirv_type *t, uint32_t i)
{
    switch (t->kind) {
    case TYPE_STRUCT: return i < t->count ? m->words[t->at + 2 + i] : 0;
    case TYPE_VECTOR:
    case TYPE_MATRIX:
    case TYPE_ARRAY:
    case TYPE_RUNTIME_ARRAY: return t->element;
    default: return 0;
    }
}
