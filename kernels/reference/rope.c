/* Rotary position: x[i] and x[i + d/2] of each head are turned by the angle whose cosine and sine are in column i. */
#include "kernels/reference/reference.h"

bool reference_rope(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t d = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, d);
    for (uint64_t i = 0; x && i < d; i++) {
        uint64_t pair = i % (d / 2);
        double sine = reference_get(c, "turn", d / 2 + pair);
        out[i] = x[i] * reference_get(c, "turn", pair) + (i < d / 2 ? -sine * x[i + d / 2] : sine * x[i - d / 2]);
    }
    return x;
}
