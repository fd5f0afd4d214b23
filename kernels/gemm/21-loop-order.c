//! kernel     gemm/21-loop-order
//! idea       The naive kernel with its two inner loops exchanged: a row of b, times one element of a, is added to a row of c.
//! idea       All walks are along rows and every addition is another sum's: whole vectors, at two loads and a store for each.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! passes     a=1 b=m c=2*k+1
//! flops      2*m*n*k
//! verify     m=1 n=1 k=1
//! verify     m=13 n=31 k=67
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *a = l->buffer[0], *b = l->buffer[1];
    float *c = l->buffer[2];
    const size_t m = l->push[0], n = l->push[1], k = l->push[2], end = share(m, 1, l->worker + 1, l->workers);
    for (size_t i = share(m, 1, l->worker, l->workers); i < end; i++) {
        float *restrict row = c + i * n;
        for (size_t j = 0; j < n; j++)
            row[j] = 0;
        for (size_t p = 0; p < k; p++) {
            const float x = a[i * k + p], *from = b + p * n;
            for (size_t j = 0; j < n; j++)
                row[j] += x * from[j];
        }
    }
}
