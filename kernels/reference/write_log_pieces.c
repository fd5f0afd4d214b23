/* y = x - m - log(s) with one m and one s for each row; -inf, the logarithm of 0, where the row is padded. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_write_log_pieces(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_shape(c, "cols"), length = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, length);
    const double *m = reference_row(c, "m", row, 1), *s = reference_row(c, "s", row, 1);
    for (uint64_t i = 0; x && m && s && i < length; i++)
        out[i] = i < cols ? x[i] - *m - log(*s) : -INFINITY;
    return x && m && s;
}
