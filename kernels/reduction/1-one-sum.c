//! kernel     reduction/1-one-sum
//! idea       One sum, element by element: each addition waits for the one before, and nobody helps.
//! shape      n=4194304
//! buffer     x  in   f32[4*ceil(n/4)]  uniform(0,1)
//! buffer     y  out  f32[1]
//! reference  sum  tolerance 2e-7*sqrt(n)
//! flops      4*ceil(n/4)
//! verify     n=1
//! verify     n=127
//! verify     n=257
//! verify     n=100003
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *y = l->buffer[1], sum = 0;
    const size_t n = (l->push[0] + 3u) / 4 * 4;
    if (l->worker > 0)
        return;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    *y = sum;
}
