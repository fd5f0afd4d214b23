/* The generator of GLSL, in two parts: kernels by rows (chain_glsl_rows.c), and all the rest (chain_glsl.c). */
#ifndef ROOFLAB_CHAIN_GLSL_PARTS_H
#define ROOFLAB_CHAIN_GLSL_PARTS_H

#include "harness/kernel/chain_glsl.h"

struct glsl {
    const struct chain_group *g;
    const struct device_info *device;
    struct text *t;
    int width;        /* floats per vector */
    uint64_t row_vectors;
    uint32_t team;
    int row_operators, walks;
    bool registers;
    int register_vectors;
};

/* GLSL's name of a vector of so many floats: 1, 2 or 4. */
const char *glsl_vector(int width);
/* ".x" and so on; nothing where the vector is one float. */
const char *glsl_component(const struct glsl *s, int i);
/* Writes lines that take v through operator i; c is the vector's place in the row, at its place in memory. */
void glsl_apply(struct glsl *s, int i, const char *indent);
/* Bytes of the window on which ABLATE_WINDOW works. */
uint64_t glsl_window_bytes(const struct glsl *s);
/* The place in memory of unit i (a vector or a row): itself, or in the window. */
void glsl_window_line(struct glsl *s, const char *indent, const char *name, const char *i, uint64_t window);

/* Writes the team's reductions and main for a group with row operators. */
void glsl_main_rows(struct glsl *s);

#endif
