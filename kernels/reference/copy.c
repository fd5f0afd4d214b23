/* y = x */
#include <string.h>

#include "kernels/reference/reference.h"

bool reference_copy(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, cols);
    if (x)
        memcpy(out, x, cols * sizeof *out);
    return x;
}
