/* The sum of `parts` matrices that lie behind each other. */
#include "kernels/reference/reference.h"

bool reference_split_add(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t m = reference_shape(c, "m"), parts = reference_shape(c, "parts"), cols = reference_cols(c, output);
    for (uint64_t j = 0; j < cols; j++)
        out[j] = 0;
    for (uint64_t z = 0; z < parts; z++) {
        const double *p = reference_row(c, "p", z * m + row, cols);
        if (!p)
            return false;
        for (uint64_t j = 0; j < cols; j++)
            out[j] += p[j];
    }
    return true;
}
