//! kernel     histogram/1-one-thread
//! idea       One thread counts; memory is its bins.
//! shape      n=4194304
//! buffer     x      in   u32[n]  indices(256)
//! buffer     count  out  u32[256]
//! reference  histogram  tolerance 1e-12
//! verify     n=1
//! verify     n=127
//! verify     n=257
//! verify     n=100003
//! verify     n=65537 x=indices(1)
//! verify     n=4099 x=indices(7)
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const uint32_t *x = l->buffer[0];
    uint32_t *count = l->buffer[1];
    if (l->worker > 0)
        return;
    __builtin_memset(count, 0, 256 * sizeof *count);
    for (size_t i = 0; i < l->push[0]; i++)
        count[x[i] & 255]++;
}
