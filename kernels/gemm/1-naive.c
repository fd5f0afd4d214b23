//! kernel     gemm/1-naive
//! idea       The definition, written down: each element of c is a row of a times a column of b. Every step down the column
//! idea       is in another cache line, and each sum waits for its own last addition.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! passes     a=n b=m c=1
//! flops      2*m*n*k
//! verify     m=1 n=1 k=1
//! verify     m=13 n=31 k=67
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *a = l->buffer[0], *b = l->buffer[1];
    float *c = l->buffer[2];
    const size_t m = l->push[0], n = l->push[1], k = l->push[2], end = share(m, 1, l->worker + 1, l->workers);
    for (size_t i = share(m, 1, l->worker, l->workers); i < end; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t p = 0; p < k; p++)
                sum += a[i * k + p] * b[p * n + j];
            c[i * n + j] = sum;
        }
}
