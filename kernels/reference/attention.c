/* Attention: each query's dot products with the keys of its head, through softmax, are the weights of a mean of
 * the values. Query heads share the heads of keys and values in groups of equal size (grouped-query attention).
 * With mask=2 a query sees only the keys up to its own place (causal). */
#include <math.h>
#include <stdlib.h>

#include "kernels/reference/reference.h"

bool reference_attention(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t n = reference_shape(c, "n"), d = reference_cols(c, output);
    uint64_t head = row / n * reference_shape(c, "kvheads") / reference_shape(c, "heads");
    uint64_t seen = reference_shape(c, "mask") == 2 ? row % n + 1 : n;
    const double *q = reference_row(c, "q", row, d), *k = q, *v = q;
    double *p = calloc(seen, sizeof *p), largest = -INFINITY, sum = 0;
    for (uint64_t j = 0; j < seen && p && k; j++) {
        k = reference_row(c, "k", head * n + j, d);
        for (uint64_t i = 0; k && i < d; i++)
            p[j] += q[i] * k[i];
        p[j] /= sqrt((double)d);
        largest = fmax(largest, p[j]);
    }
    for (uint64_t i = 0; i < d; i++)
        out[i] = 0;
    for (uint64_t j = 0; j < seen && p && k && v; j++) {
        v = reference_row(c, "v", head * n + j, d);
        double weight = exp(p[j] - largest);
        sum += weight;
        for (uint64_t i = 0; v && i < d; i++)
            out[i] += weight * v[i];
    }
    for (uint64_t i = 0; i < d; i++)
        out[i] /= sum;
    free(p);
    return p && k && v;
}
