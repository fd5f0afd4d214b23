/* Scores of attention: dot products of queries and keys over the square root of the head's size. Rows are those of
 * `count` heads, from the `first` on (counted from 1). With mask=2 what a query may not see is the lowest float. */
#include <float.h>
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_attention_scores(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t n = reference_shape(c, "n"), d = reference_shape(c, "d"), cols = reference_cols(c, output);
    row += (reference_shape(c, "first") - 1) * n;
    uint64_t head = row / n * reference_shape(c, "kvheads") / reference_shape(c, "heads");
    bool causal = reference_shape(c, "mask") == 2;
    const double *q = reference_row(c, "q", row, d), *k = q;
    for (uint64_t j = 0; j < cols && k; j++) {
        out[j] = 0;
        k = reference_row(c, "k", head * n + j, d);
        for (uint64_t i = 0; k && i < d; i++)
            out[j] += q[i] * k[i] / sqrt((double)d);
        if (causal && j > row % n)
            out[j] = -FLT_MAX;
    }
    return k;
}
