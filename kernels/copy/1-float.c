//! kernel     copy/1-float
//! idea       The loop as anyone writes it: the compiler makes vectors of it, and the stores go through the caches.
//! shape      rows=16384 cols=1024
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[rows,cols]
//! reference  copy  tolerance 1e-12
//! passes     x=1 y=1
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *y = l->buffer[1];
    size_t n = (size_t)l->push[0] * l->push[1], end = share(n, BLOCK, l->worker + 1, l->workers);
    for (size_t i = share(n, BLOCK, l->worker, l->workers); i < end; i++)
        y[i] = x[i];
}
