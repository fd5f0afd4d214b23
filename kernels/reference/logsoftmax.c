/* The logarithm of softmax: x less the row's largest element, less the logarithm of the sum of exp of that.
 *
 * A masked element is -inf and stays -inf, the logarithm of a probability of 0; and so does all of a row that is
 * masked whole, as softmax's zeros there say. Verification takes an infinity for right where this says the same.
 *
 * A row may be padded to whole vec4: it is then longer than the shape's cols, and the rest counts as masked. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_logsoftmax(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t length = reference_cols(c, output), cols = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, length);
    double largest = -INFINITY, sum = 0;
    for (uint64_t i = 0; x && i < cols; i++)
        largest = fmax(largest, x[i]);
    for (uint64_t i = 0; x && i < cols && isfinite(largest); i++)
        sum += exp(x[i] - largest);
    for (uint64_t i = 0; x && i < length; i++)
        out[i] = i < cols && sum > 0 ? x[i] - largest - log(sum) : -INFINITY;
    return x;
}
