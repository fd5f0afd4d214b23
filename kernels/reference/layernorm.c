/* Layer normalisation without gain and offset: each row of x less its mean, divided by its standard
 * deviation (Ba, Kiros and Hinton 2016). The variance is divided by n, not by n - 1.
 *
 * A row may be padded to whole vec4: it is then longer than the shape's cols, and the rest of its results are
 * zeros. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_layernorm(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t length = reference_cols(c, output), cols = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, length);
    double mean = 0, variance = 0;
    for (uint64_t i = 0; x && i < cols; i++)
        mean += x[i] / (double)cols;
    for (uint64_t i = 0; x && i < cols; i++)
        variance += (x[i] - mean) * (x[i] - mean) / (double)cols;
    for (uint64_t i = 0; x && i < length; i++)
        out[i] = i < cols ? (x[i] - mean) / sqrt(variance + 1e-5) : 0;
    return x;
}
