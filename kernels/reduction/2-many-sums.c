//! kernel     reduction/2-many-sums
//! idea       BLOCK sums beside each other, whole vectors that do not wait for each other; still one thread.
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
    float *y = l->buffer[1], sums[BLOCK] = {0};
    const size_t n = (l->push[0] + 3u) / 4 * 4;
    size_t i = 0;
    if (l->worker > 0)
        return;
    for (; i + BLOCK <= n; i += BLOCK)
        for (int k = 0; k < BLOCK; k++)
            sums[k] += x[i + k];
    for (; i < n; i++)
        sums[i % BLOCK] += x[i];
    *y = block_sum(sums);
}
