//! kernel     transformer/parts/gate
//! idea       The gated unit in the middle of a layer (SwiGLU): a, weighed with its sigmoid, times b.
//! shape      n=4096
//! verify     n=1
//! verify     n=67
//! buffer     a  in   f32[n]
//! buffer     b  in   f32[n]
//! buffer     y  out  f32[n]
//! reference  swiglu  tolerance 1e-6
//! flops      4*n
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *a = l->buffer[0], *b = l->buffer[1];
    float *y = l->buffer[2];
    const size_t n = l->push[0], end = share(n, BLOCK, l->worker + 1, l->workers);
    for (size_t i = share(n, BLOCK, l->worker, l->workers); i < end; i++)
        y[i] = a[i] / (1.0f + exp(-a[i])) * b[i];
}
