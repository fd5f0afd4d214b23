/* x + y, in the place of x. */
#include "kernels/reference/reference.h"

bool reference_residual(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, cols), *y = reference_row(c, "y", row, cols);
    for (uint64_t i = 0; x && y && i < cols; i++)
        out[i] = x[i] + y[i];
    return x && y;
}
