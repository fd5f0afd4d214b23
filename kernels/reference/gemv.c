/* y = W x: each row of w times the vector x. Where a kernel rounds the rows' length up, to whole blocks or texels,
 * what it is rounded up with are numbers like the others. */
#include "kernels/reference/reference.h"

bool reference_gemv(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output;
    uint64_t cols = reference_width(c, "x");
    const double *w = reference_row(c, "w", row, cols);
    const double *x = reference_row(c, "x", 0, cols);
    double sum = 0;
    for (uint64_t i = 0; w && x && i < cols; i++)
        sum += w[i] * x[i];
    *out = sum;
    return w && x;
}
