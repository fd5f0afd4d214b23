/* Scores become weights of attention: softmax of each row over the square root of the head's size. With mask=2 a query sees
 * only the keys up to its own place, and what it does not see weighs nothing. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_attention_weights(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t n = reference_cols(c, output), seen = reference_shape(c, "mask") == 2 ? row % n + 1 : n;
    double scaling = 1 / sqrt((double)reference_shape(c, "d")), largest = -INFINITY, sum = 0;
    const double *x = reference_row(c, "x", row, n);
    for (uint64_t i = 0; x && i < seen; i++)
        largest = fmax(largest, x[i] * scaling);
    for (uint64_t i = 0; x && i < seen; i++)
        sum += exp(x[i] * scaling - largest);
    for (uint64_t i = 0; x && i < n; i++)
        out[i] = i < seen ? exp(x[i] * scaling - largest) / sum : 0;
    return x;
}
