//! kernel     transformer/parts/add
//! idea       The residual: what a layer has found is added to what it was given, in place.
//! shape      n=4096
//! verify     n=1
//! verify     n=67
//! buffer     x  inout  f32[n]
//! buffer     y  in     f32[n]
//! reference  residual  tolerance 1e-6
//! flops      n
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    float *x = l->buffer[0];
    const float *y = l->buffer[1];
    const size_t n = l->push[0], end = share(n, BLOCK, l->worker + 1, l->workers);
    for (size_t i = share(n, BLOCK, l->worker, l->workers); i < end; i++)
        x[i] += y[i];
}
