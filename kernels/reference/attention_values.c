/* The second product of attention: each row of weights p times the values of its head. Rows of p are those of
 * `count` heads, from the `first` on (counted from 1); a check has to ask for all heads. */
#include "kernels/reference/reference.h"

bool reference_attention_values(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t n = reference_shape(c, "n"), d = reference_cols(c, output);
    uint64_t head = row / n * reference_shape(c, "kvheads") / reference_shape(c, "heads");
    const double *p = reference_row(c, "p", row, n), *v = p;
    for (uint64_t i = 0; i < d; i++)
        out[i] = 0;
    for (uint64_t j = 0; j < n && v; j++) {
        v = reference_row(c, "v", head * n + j, d);
        for (uint64_t i = 0; v && i < d; i++)
            out[i] += p[j] * v[i];
    }
    return v;
}
