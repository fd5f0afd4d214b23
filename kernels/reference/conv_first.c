/* A 3x3 convolution of every second pixel, from three colours, with a border of zeros; row `row` of the output is one pixel. fused:
 * as in pointwise. */
#include <math.h>
#include <stddef.h>

#include "kernels/reference/reference.h"

bool reference_conv_first(const struct reference_case *c, int output, uint64_t row, double *out)
{
    int64_t side = (int64_t)reference_shape(c, "side"), out_side = (side + 1) / 2;
    uint64_t cols = reference_cols(c, output), fused = reference_shape(c, "fused");
    if (side < 1)
        return false;
    int64_t top = (int64_t)row / out_side * 2 - 1, left = (int64_t)row % out_side * 2 - 1;
    const double *b = reference_row(c, "b", 0, cols);
    for (uint64_t j = 0; b && j < cols; j++)
        out[j] = fused > 1 ? b[j] : 0;
    for (int64_t t = 0; b && t < 27; t++) {
        int64_t y = top + t / 9, x = left + t / 3 % 3;
        const double *w = reference_row(c, "w", (uint64_t)t, cols);
        const double *v = y >= 0 && y < side && x >= 0 && x < side ? reference_row(c, "x", (uint64_t)(y * side + x), 3) : NULL;
        for (uint64_t j = 0; v && w && j < cols; j++)
            out[j] += v[t % 3] * w[j];
    }
    for (uint64_t j = 0; fused > 2 && j < cols; j++)
        out[j] = fmin(fmax(out[j], 0), 6);
    return b;
}
