/* Of each of 256 values, how many there are in x. */
#include "kernels/reference/reference.h"

bool reference_histogram(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t n = reference_shape(c, "n"), bins = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, n);
    for (uint64_t b = 0; b < bins; b++)
        out[b] = 0;
    for (uint64_t i = 0; x && i < n; i++)
        out[(uint64_t)x[i] % bins]++;
    return x;
}
