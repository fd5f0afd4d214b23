/* e = exp(x - m) with one m for each row, and s[row] is the sum of that row of e. */
#include <math.h>
#include <string.h>

#include "kernels/reference/reference.h"

bool reference_exp_sum(const struct reference_case *c, int output, uint64_t row, double *out)
{
    bool whole = strcmp(reference_output(c, output), "e") == 0;
    uint64_t cols = whole ? reference_cols(c, output) : reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, cols);
    const double *m = reference_row(c, "m", row, 1);
    double sum = 0;
    for (uint64_t i = 0; x && m && i < cols; i++) {
        double e = exp(x[i] - *m);
        sum += e;
        if (whole)
            out[i] = e;
    }
    if (!whole)
        *out = sum;
    return x && m;
}
