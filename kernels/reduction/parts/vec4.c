//! kernel     reduction/parts/vec4
//! idea       One sum for each of 256 slices, from vectors. A team of any size shares them out.
//! shape      n=4194304
//! buffer     x     in   f32[4*ceil(n/4)]  uniform(0,1)
//! buffer     part  out  f32[256]
#include "kernels/native.h"

enum { PARTS = 256 };

static inline float slice_sum(const float *x, size_t n)
{
    float sums[BLOCK] = {0};
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        prefetch_block(x + i + 1024);
        for (int k = 0; k < BLOCK; k++)
            sums[k] += x[i + k];
    }
    for (; i < n; i++)
        sums[i % BLOCK] += x[i];
    return block_sum(sums);
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *part = l->buffer[1];
    const size_t n = (l->push[0] + 3u) / 4 * 4, end = share(PARTS, 1, l->worker + 1, l->workers);
    for (size_t s = share(PARTS, 1, l->worker, l->workers); s < end; s++) {
        const size_t from = share(n, BLOCK, (uint32_t)s, PARTS);
        part[s] = slice_sum(x + from, share(n, BLOCK, (uint32_t)s + 1, PARTS) - from);
    }
}
