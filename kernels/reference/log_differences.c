/* y = x - m - s, with one m and one s for each row. */
#include "kernels/reference/reference.h"

bool reference_log_differences(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, cols);
    const double *m = reference_row(c, "m", row, 1), *s = reference_row(c, "s", row, 1);
    for (uint64_t i = 0; x && m && s && i < cols; i++)
        out[i] = x[i] - *m - *s;
    return x && m && s;
}
