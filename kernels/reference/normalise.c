/* y = e / s with one s for each row. */
#include "kernels/reference/reference.h"

bool reference_normalise(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *e = reference_row(c, "e", row, cols);
    const double *s = reference_row(c, "s", row, 1);
    for (uint64_t i = 0; e && s && i < cols; i++)
        out[i] = e[i] / *s;
    return e && s;
}
