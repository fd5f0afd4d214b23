/* Attention of one new query per head over a cache of n keys and values: each row of the cache is one token's, all its
 * heads side by side. Query heads share the cache's heads in groups of equal size. Where the kernel has a block table, the
 * cache is paged: token j lies in row table[j / page] * page + j % page. */
#include <math.h>
#include <stdlib.h>

#include "kernels/reference/reference.h"

bool reference_decode(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t n = reference_shape(c, "n"), d = reference_cols(c, output), kvheads = reference_shape(c, "kvheads");
    uint64_t head = row * kvheads / reference_shape(c, "heads");
    uint64_t page = reference_has(c, "table") ? reference_shape(c, "page") : 0;
    const double *q = reference_row(c, "q", row, d), *k = q, *v = q;
    double *p = calloc(n, sizeof *p), largest = -INFINITY, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint64_t j = 0; j < n && p && k && v; j++) {
            uint64_t at = page ? (uint64_t)reference_get(c, "table", j / page) * page + j % page : j;
            if (pass == 0) {
                k = reference_row(c, "k", at, kvheads * d);
                for (uint64_t i = 0; k && i < d; i++)
                    p[j] += q[i] * k[head * d + i] / sqrt((double)d);
                largest = fmax(largest, p[j]);
                continue;
            }
            v = reference_row(c, "v", at, kvheads * d);
            double weight = exp(p[j] - largest);
            sum += weight;
            for (uint64_t i = 0; v && i < d; i++)
                out[i] = (j ? out[i] : 0) + weight * v[head * d + i];
        }
    for (uint64_t i = 0; i < d; i++)
        out[i] /= sum;
    free(p);
    return p && k && v;
}
