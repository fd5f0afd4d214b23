/* silu(a) times b. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_swiglu(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *a = reference_row(c, "a", row, cols), *b = reference_row(c, "b", row, cols);
    for (uint64_t i = 0; a && b && i < cols; i++)
        out[i] = a[i] / (1 + exp(-a[i])) * b[i];
    return a && b;
}
