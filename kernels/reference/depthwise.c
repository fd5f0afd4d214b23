/* A 3x3 convolution of every channel with itself alone, with a border of zeros; row `row` of the output is one pixel. fused: as in
 * pointwise. */
#include <math.h>
#include <stddef.h>

#include "kernels/reference/reference.h"

bool reference_depthwise(const struct reference_case *c, int output, uint64_t row, double *out)
{
    int64_t side = (int64_t)reference_shape(c, "side"), stride = (int64_t)reference_shape(c, "stride");
    uint64_t cols = reference_cols(c, output), fused = reference_shape(c, "fused");
    if (side < 1 || stride < 1)
        return false;
    int64_t out_side = (side + stride - 1) / stride, top = (int64_t)row / out_side * stride - 1;
    int64_t left = (int64_t)row % out_side * stride - 1;
    const double *b = reference_row(c, "b", 0, cols);
    for (uint64_t j = 0; b && j < cols; j++)
        out[j] = fused > 1 ? b[j] : 0;
    for (int64_t t = 0; b && t < 9; t++) {
        int64_t y = top + t / 3, x = left + t % 3;
        const double *w = reference_row(c, "w", (uint64_t)t, cols);
        const double *v = y >= 0 && y < side && x >= 0 && x < side ? reference_row(c, "x", (uint64_t)(y * side + x), cols) : NULL;
        for (uint64_t j = 0; v && w && j < cols; j++)
            out[j] += v[j] * w[j];
    }
    for (uint64_t j = 0; fused > 2 && j < cols; j++)
        out[j] = fmin(fmax(out[j], 0), 6);
    return b;
}
