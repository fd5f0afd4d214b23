/* s[row] is the logarithm of the sum of exp(x - m) over that row of x, with one m for each row. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_log_sum(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output;
    uint64_t cols = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, cols);
    const double *m = reference_row(c, "m", row, 1);
    double sum = 0;
    for (uint64_t i = 0; x && m && i < cols; i++)
        sum += exp(x[i] - *m);
    *out = log(sum);
    return x && m;
}
