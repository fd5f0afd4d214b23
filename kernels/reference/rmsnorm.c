/* Each row of x divided by its root mean square (Zhang and Sennrich 2019), without gain.
 *
 * A row may be padded to whole vec4: it is then longer than the shape's cols, and the rest of its results are
 * zeros. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_rmsnorm(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t length = reference_cols(c, output), cols = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, length);
    double square = 0;
    for (uint64_t i = 0; x && i < cols; i++)
        square += x[i] * x[i] / (double)cols;
    for (uint64_t i = 0; x && i < length; i++)
        out[i] = i < cols ? x[i] / sqrt(square + 1e-5) : 0;
    return x;
}
