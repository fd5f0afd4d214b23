/* Matrix product: row i of c is the sum over k of a[i,k] times row k of b. A kernel that reads whole texels keeps
 * its rows padded to them: a's rows are then longer than k, and what stands behind k is nobody's; b's and c's rows
 * are of one length in any case, and columns behind n are computed like all others. */
#include "kernels/reference/reference.h"

bool reference_gemm(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t k = reference_shape(c, "k"), cols = reference_cols(c, output);
    const double *a = reference_row(c, "a", row, reference_width(c, "a"));
    const double *b = a;
    for (uint64_t j = 0; j < cols; j++)
        out[j] = 0;
    for (uint64_t i = 0; b && i < k; i++) {
        b = reference_row(c, "b", i, cols);
        for (uint64_t j = 0; b && j < cols; j++)
            out[j] += a[i] * b[j];
    }
    return b;
}
