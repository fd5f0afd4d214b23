/* index[row] is where the largest element of that row of x is; of several the first, and 0 where all are -inf. No sum is
 * made and nothing is rounded: there is one right answer. */
#include "kernels/reference/reference.h"

bool reference_argmax(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output;
    uint64_t cols = reference_shape(c, "cols"), at = 0;
    const double *x = reference_row(c, "x", row, cols);
    for (uint64_t i = 1; x && i < cols; i++)
        if (x[i] > x[at])
            at = i;
    *out = (double)at;
    return x;
}
