/* y = exp(x - largest m) / the sum of s * exp(m - largest m), over the m and s of the row's pieces; zeros where the row is
 * padded. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_join_pieces(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_shape(c, "cols"), length = reference_cols(c, output), pieces = (cols + 8191) / 8192;
    const double *x = reference_row(c, "x", row, length);
    const double *m = reference_row(c, "m", row, pieces), *s = reference_row(c, "s", row, pieces);
    double largest = -INFINITY, sum = 0;
    for (uint64_t p = 0; m && p < pieces; p++)
        largest = fmax(largest, m[p]);
    for (uint64_t p = 0; m && s && p < pieces; p++)
        sum += s[p] * exp(m[p] - largest);
    for (uint64_t i = 0; x && i < length; i++)
        out[i] = i < cols ? exp(x[i] - largest) / sum : 0;
    return x && m && s;
}
