//! kernel     attention/parts/scores
//! idea       Queries times keys, one dot product after the other, in whole vectors: every score goes out to memory. What a
//! idea       causal query may not see is computed too and then replaced by the lowest float.
//! shape      heads=2 kvheads=1 n=128 d=64 mask=1 first=1 count=2
//! verify     heads=1 kvheads=1 n=1 d=1 mask=1 first=1 count=1
//! verify     heads=6 kvheads=2 n=37 d=19 mask=2 first=2 count=3
//! verify     heads=2 kvheads=2 n=17 d=64 mask=1 first=1 count=2
//! buffer     q  in   f32[heads*n,d]    uniform(-5,5)
//! buffer     k  in   f32[kvheads*n,d]  uniform(4,6)
//! buffer     s  out  f32[count*n,n]
//! reference  attention_scores  tolerance 1e-5
//! flops      count*n*n*(2*d+1)
#include "kernels/native.h"

static inline float dot(const float *a, const float *b, size_t d)
{
    float part[BLOCK / 4] = {0}, sum = 0; /* as many sums as a vector has lanes */
    size_t i = 0;
    for (; i + BLOCK / 4 <= d; i += BLOCK / 4)
        for (int j = 0; j < BLOCK / 4; j++)
            part[j] += a[i + j] * b[i + j];
    for (; i < d; i++)
        sum += a[i] * b[i];
    for (int h = BLOCK / 8; h; h /= 2)
        for (int j = 0; j < h; j++)
            part[j] += part[j + h];
    return sum + part[0];
}

KERNEL void kernel(const struct launch *l)
{
    const float *q = l->buffer[0], *k = l->buffer[1];
    float *s = l->buffer[2];
    const size_t heads = l->push[0], kvheads = l->push[1], n = l->push[2], d = l->push[3];
    const size_t first = l->push[5] - 1, rows = l->push[6] * n, end = share(rows, 1, l->worker + 1, l->workers);
    const float scale = inversesqrt((float)d);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++) {
        const size_t head = first + row / n, seen = l->push[4] == 2 ? row % n + 1 : n;
        const float *query = q + (first * n + row) * d, *keys = k + head * kvheads / heads * n * d;
        for (size_t j = 0; j < n; j++) {
            const float score = dot(query, keys + j * d, d) * scale;
            s[row * n + j] = j < seen ? score : LOWEST;
        }
    }
}
