/* One part of a decoding step: of the keys p, p + splits, p + 2 splits ... of row p's head the largest score m, the sum s of
 * exp(score - m), and the sum a of the values weighted with it. A part without keys has m = -1e30. Where there is a
 * block table the cache is paged, as in decode.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

/* The cache's row of token j. */
static uint64_t place(const struct reference_case *c, uint64_t j)
{
    uint64_t page = reference_has(c, "table") ? reference_shape(c, "page") : 0;
    return page ? (uint64_t)reference_get(c, "table", j / page) * page + j % page : j;
}

static double score(const struct reference_case *c, const double *q, uint64_t j, uint64_t head, uint64_t kvheads, uint64_t d)
{
    const double *k = reference_row(c, "k", place(c, j), kvheads * d);
    double sum = 0;
    for (uint64_t i = 0; k && i < d; i++)
        sum += q[i] * k[head * d + i];
    return sum / sqrt((double)d);
}

bool reference_decode_part(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t n = reference_shape(c, "n"), d = reference_shape(c, "d"), splits = reference_shape(c, "splits");
    uint64_t kvheads = reference_shape(c, "kvheads"), head = row / splits * kvheads / reference_shape(c, "heads");
    const char *name = reference_output(c, output);
    const double *q = reference_row(c, "q", row / splits, d), *v = q;
    double largest = -1e30, sum = 0;
    for (uint64_t j = row % splits; j < n && q; j += splits)
        largest = fmax(largest, score(c, q, j, head, kvheads, d));
    for (uint64_t i = 0; i < reference_cols(c, output); i++)
        out[i] = 0;
    for (uint64_t j = row % splits; j < n && q && v; j += splits) {
        double weight = exp(score(c, q, j, head, kvheads, d) - largest);
        sum += weight;
        v = reference_row(c, "v", place(c, j), kvheads * d);
        for (uint64_t i = 0; v && i < d && *name == 'a'; i++)
            out[i] += weight * v[head * d + i];
    }
    if (*name != 'a')
        *out = *name == 'm' ? largest : sum;
    return q && v;
}
