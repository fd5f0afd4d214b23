/* A 1x1 convolution: every pixel's channels times the matrix w. fused: 1 nothing behind it, 2 plus b, 3 then clamped to 0..6. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_pointwise(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t in = reference_shape(c, "in"), cols = reference_cols(c, output), fused = reference_shape(c, "fused");
    const double *x = reference_row(c, "x", row, in), *b = reference_row(c, "b", 0, cols), *w = b;
    for (uint64_t j = 0; b && j < cols; j++)
        out[j] = fused > 1 ? b[j] : 0;
    for (uint64_t i = 0; x && w && i < in; i++) {
        w = reference_row(c, "w", i, cols);
        for (uint64_t j = 0; w && j < cols; j++)
            out[j] += x[i] * w[j];
    }
    for (uint64_t j = 0; fused > 2 && j < cols; j++)
        out[j] = fmin(fmax(out[j], 0), 6);
    return x && w;
}
