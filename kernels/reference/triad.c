/* y = a * x + z, with one number a for all elements */
#include "kernels/reference/reference.h"

bool reference_triad(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, cols);
    const double *z = reference_row(c, "z", row, cols);
    double a = reference_get(c, "a", 0);
    for (uint64_t i = 0; x && z && i < cols; i++)
        out[i] = a * x[i] + z[i];
    return x && z;
}
