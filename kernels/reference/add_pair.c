/* The sum of two tensors, element by element. */
#include "kernels/reference/reference.h"

bool reference_add_pair(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, cols), *z = reference_row(c, "z", row, cols);
    for (uint64_t j = 0; x && z && j < cols; j++)
        out[j] = x[j] + z[j];
    return x && z;
}
