//! kernel     gemm/22-blocked
//! idea       The loops of 21-loop-order over a block of b that stays in the second cache, four rows of b at a time: what is
//! idea       loaded of c takes four products before it is stored.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! passes     a=ceil(n/NB) b=m c=2*ceil(k/4)+1
//! flops      2*m*n*k
//! tune       KB 128 64 256
//! tune       NB 512 256 1024
//! verify     m=1 n=1 k=1
//! verify     m=5 n=515 k=131
//! verify     m=67 n=31 k=3
#include "kernels/native.h"

enum { DEPTH = 4 };

/* row[0..n) += x[0] b[0] + ... of the first `depth` rows of b, which lie `width` apart. */
static inline void add_rows(float *restrict row, const float *x, const float *b, size_t width, size_t n, size_t depth)
{
    if (depth == DEPTH)
        for (size_t j = 0; j < n; j++)
            row[j] += x[0] * b[j] + x[1] * b[width + j] + x[2] * b[2 * width + j] + x[3] * b[3 * width + j];
    else
        for (size_t p = 0; p < depth; p++)
            for (size_t j = 0; j < n; j++)
                row[j] += x[p] * b[p * width + j];
}

KERNEL void kernel(const struct launch *l)
{
    const float *a = l->buffer[0], *b = l->buffer[1];
    float *c = l->buffer[2];
    const size_t m = l->push[0], n = l->push[1], k = l->push[2];
    const size_t first = share(m, 1, l->worker, l->workers), end = share(m, 1, l->worker + 1, l->workers);
    for (size_t i = first * n; i < end * n; i++)
        c[i] = 0;
    for (size_t j = 0; j < n; j += NB)
        for (size_t q = 0; q < k; q += KB) {
            const size_t width = n - j < NB ? n - j : NB, last = k - q < KB ? k : q + KB;
            for (size_t i = first; i < end; i++)
                for (size_t p = q; p < last; p += DEPTH)
                    add_rows(c + i * n + j, a + i * k + p, b + p * n + j, n, width, last - p < DEPTH ? last - p : DEPTH);
        }
}
