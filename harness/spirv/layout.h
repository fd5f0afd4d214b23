/* Explicit layout: where the parts of a type lie in memory, by Offset, ArrayStride and MatrixStride. */
#ifndef ROOFLAB_LAYOUT_H
#define ROOFLAB_LAYOUT_H

#include "harness/spirv/module.h"

/* How a matrix lies; inherited from the member of a structure down to the matrix. */
struct matrix_layout {
    uint32_t stride; /* 0 where the module does not say */
    bool row_major;
};
struct matrix_layout layout_matrix(const struct module *m, uint32_t structure, uint32_t member);

uint64_t layout_offset(const struct module *m, uint32_t structure, uint32_t member);
/* Distance of two elements: of an array its ArrayStride, of a matrix between columns, of a vector its
 * components' size. 0 where the module does not say. */
uint64_t layout_stride(const struct module *m, const struct spirv_type *t, struct matrix_layout matrix);

/* Bytes from the start of a type to the end of its last part, runtime arrays as empty. Linear in the module
 * over all calls that share a cache: `cache` holds one element per type, zeroed by the caller. */
uint64_t layout_bytes(const struct module *m, uint32_t type, struct matrix_layout matrix, uint64_t *cache);

#endif
