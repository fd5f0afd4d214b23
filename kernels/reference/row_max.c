/* m[row] is the largest element of that row of x. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_row_max(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output;
    uint64_t cols = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, cols);
    *out = -INFINITY;
    for (uint64_t i = 0; x && i < cols; i++)
        *out = fmax(*out, x[i]);
    return x;
}
