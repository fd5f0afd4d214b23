/* References: what an operation is, in double precision and as plainly as it can be said.
 *
 * One file for each operation, kernels/reference/NAME.c, with one function reference_NAME; a kernel's header
 * names it (`reference NAME`). The build makes the table below from the files' names. The function computes
 * one row of one output from the inputs, which it asks for by the names of the kernel's buffers:
 *
 *   bool reference_double_it(const struct reference_case *c, int output, uint64_t row, double *out)
 *   {
 *       uint64_t cols = reference_cols(c, output);
 *       const double *x = reference_row(c, "x", row, cols);
 *       for (uint64_t i = 0; x && i < cols; i++)
 *           out[i] = 2 * x[i];
 *       return x;
 *   }
 *
 * A tensor's columns are its last dimension, its rows all the others multiplied. */
#ifndef ROOFLAB_REFERENCE_H
#define ROOFLAB_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

struct reference_case; /* a kernel at one shape, with its inputs */

/* Length of a row of an output, and the output's name where there are several: they are numbered 0, 1, ... in
 * the order of the header's out and inout buffers. */
uint64_t reference_cols(const struct reference_case *c, int output);
const char *reference_output(const struct reference_case *c, int output);

/* Length of an input's rows, where it may differ between kernels (rows padded to whole texels). 0 where the kernel has
 * no such buffer. */
uint64_t reference_width(const struct reference_case *c, const char *buffer);
/* A whole row of an input, as the device sees it. NULL where the kernel has no such buffer, or its rows are
 * fewer or of another length: the reference then returns false, and the reason is told. Valid until the
 * next reference_row of the same buffer. */
const double *reference_row(const struct reference_case *c, const char *buffer, uint64_t row, uint64_t cols);
/* One element of an input; NAN where there is none. Slower than a row. */
double reference_get(const struct reference_case *c, const char *buffer, uint64_t index);
/* Does the kernel have such a buffer? For operations with an input that only some kernels take. */
bool reference_has(const struct reference_case *c, const char *buffer);
/* A value of the shape; 0 where there is no such name. */
uint64_t reference_shape(const struct reference_case *c, const char *name);

struct reference_entry {
    const char *name;
    bool (*row)(const struct reference_case *c, int output, uint64_t row, double *out);
};
extern const struct reference_entry reference_table[];
extern const int reference_table_count;

#endif
