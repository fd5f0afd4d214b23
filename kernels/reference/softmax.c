/* Softmax of each row of x: exp(x) divided by the row's sum of it. The largest element is subtracted first,
 * which changes nothing but keeps exp from overflowing. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_softmax(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t cols = reference_cols(c, output);
    const double *x = reference_row(c, "x", row, cols);
    double largest = -INFINITY, sum = 0;
    for (uint64_t i = 0; x && i < cols; i++)
        largest = fmax(largest, x[i]);
    for (uint64_t i = 0; x && i < cols; i++)
        sum += exp(x[i] - largest);
    for (uint64_t i = 0; x && i < cols; i++)
        out[i] = exp(x[i] - largest) / sum;
    return x;
}
