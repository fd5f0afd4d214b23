/* y is the sum of all elements of x. */
#include "kernels/reference/reference.h"

bool reference_sum(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output, (void)row;
    uint64_t n = reference_width(c, "x");
    const double *x = reference_row(c, "x", 0, n);
    double sum = 0;
    for (uint64_t i = 0; x && i < n; i++)
        sum += x[i];
    *out = sum;
    return x;
}
