/* Softmax of each row of x: exp(x) divided by the row's sum of it. The largest element is subtracted first,
 * which changes nothing but keeps exp from overflowing.
 *
 * A masked element is -inf, and its result 0. Where all of a row is masked there is nothing to divide by: by
 * convention its results are zeros, so that attention over nothing adds nothing.
 *
 * A row may be padded to whole vec4: it is then longer than the shape's cols, and the rest of its results are
 * zeros. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_softmax(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t length = reference_cols(c, output), cols = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, length);
    double largest = -INFINITY, sum = 0;
    for (uint64_t i = 0; x && i < cols; i++)
        largest = fmax(largest, x[i]);
    for (uint64_t i = 0; x && i < cols && isfinite(largest); i++)
        sum += exp(x[i] - largest);
    for (uint64_t i = 0; x && i < length; i++)
        out[i] = i < cols && sum > 0 ? exp(x[i] - largest) / sum : 0;
    return x;
}
