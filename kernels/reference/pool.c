/* The mean of every column. */
#include "kernels/reference/reference.h"

bool reference_pool(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t pixels = reference_shape(c, "pixels"), cols = reference_cols(c, output);
    const double *x = out;
    for (uint64_t j = 0; j < cols; j++)
        out[j] = 0;
    for (uint64_t i = 0; x && i < pixels; i++) {
        x = reference_row(c, "x", row * pixels + i, cols);
        for (uint64_t j = 0; x && j < cols; j++)
            out[j] += x[j] / (double)pixels;
    }
    return x;
}
