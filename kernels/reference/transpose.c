/* y is x with rows and columns changed over. */
#include "kernels/reference/reference.h"

bool reference_transpose(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t rows = reference_cols(c, output), cols = reference_width(c, "x");
    for (uint64_t i = 0; i < rows; i++)
        out[i] = reference_get(c, "x", i * cols + row);
    return true;
}
