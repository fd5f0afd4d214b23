#include "harness/spirv/layout.h"

#include <spirv/unified1/spirv.h>

struct matrix_layout layout_matrix(const struct module *m, uint32_t structure, uint32_t member)
{
    return (struct matrix_layout){module_literal(m, structure, member, SpvDecorationMatrixStride, 0),
                                  module_decoration(m, structure, member, SpvDecorationRowMajor) != NULL};
}

uint64_t layout_offset(const struct module *m, uint32_t structure, uint32_t member)
{
    return module_literal(m, structure, member, SpvDecorationOffset, 0);
}

uint64_t layout_stride(const struct module *m, const struct spirv_type *t, struct matrix_layout matrix)
{
    switch (t->kind) {
    case TYPE_ARRAY:
    case TYPE_RUNTIME_ARRAY: return module_literal(m, t->id, MEMBER_NONE, SpvDecorationArrayStride, 0);
    case TYPE_MATRIX: return matrix.row_major ? t->width / 8 : matrix.stride;
    case TYPE_VECTOR: return t->width / 8;
    default: return 0;
    }
}

/* A row-major matrix ends with its last row; `rows` are the components of a column. */
static uint64_t matrix_bytes(const struct module *m, const struct spirv_type *t, struct matrix_layout matrix)
{
    const struct spirv_type *column = module_type(m, t->element);
    uint32_t scalar = t->width / 8, rows = column ? column->count : 0;
    if (matrix.row_major)
        return (uint64_t)matrix.stride * (rows ? rows - 1 : 0) + (uint64_t)t->count * scalar;
    return (uint64_t)matrix.stride * (t->count - 1) + (uint64_t)rows * scalar;
}

/* Recursion is as deep as types nest, which module_read limits; a structure is worked out once. */
uint64_t layout_bytes(const struct module *m, uint32_t type, struct matrix_layout matrix, uint64_t *cache)
{
    const struct spirv_type *t = module_type(m, type);
    if (!t)
        return 0;
    uint64_t *known = &cache[t - m->types], end = 0;
    switch (t->kind) {
    case TYPE_STRUCT:
        if (*known)
            return *known - 1;
        for (uint32_t i = 0; i < t->count; i++) {
            uint64_t part = layout_bytes(m, type_member(m, t, i), layout_matrix(m, t->id, i), cache);
            part = saturating_add(part, layout_offset(m, t->id, i));
            end = part > end ? part : end;
        }
        *known = saturating_add(end, 1);
        return end;
    case TYPE_ARRAY:
        if (t->count == 0)
            return 0;
        end = saturating_multiply(layout_stride(m, t, matrix), t->count - 1);
        return saturating_add(end, layout_bytes(m, t->element, matrix, cache));
    case TYPE_MATRIX: return matrix_bytes(m, t, matrix);
    case TYPE_RUNTIME_ARRAY: return 0;
    default: return t->bytes;
    }
}
