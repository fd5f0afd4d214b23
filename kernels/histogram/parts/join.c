//! kernel     histogram/parts/join
//! idea       Adds up the bins of 64 slices: one thread does it, they are few.
//! shape      n=4194304
//! buffer     part   in   u32[64,256]
//! buffer     count  out  u32[256]
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const uint32_t *part = l->buffer[0];
    uint32_t *count = l->buffer[1];
    if (l->worker > 0)
        return;
    for (int b = 0; b < 256; b++)
        count[b] = 0;
    for (int s = 0; s < 64; s++)
        for (int b = 0; b < 256; b++)
            count[b] += part[s * 256 + b];
}
