//! kernel     histogram/parts/slices
//! idea       Counts each of 64 slices; a team of any size shares them out. Four sets of bins take turns, so that of
//! idea       equal values in a row one addition need not wait for the last one's store.
//! shape      n=4194304
//! buffer     x     in   u32[n]  indices(256)
//! buffer     part  out  u32[64,256]
#include "kernels/native.h"

enum { SLICES = 64, BINS = 256 };

static inline void count(const uint32_t *x, size_t n, uint32_t *part)
{
    uint32_t bins[4][BINS] = {{0}};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            bins[k][x[i + k] & 255]++;
    for (; i < n; i++)
        bins[0][x[i] & 255]++;
    for (int b = 0; b < BINS; b++)
        part[b] = bins[0][b] + bins[1][b] + bins[2][b] + bins[3][b];
}

KERNEL void kernel(const struct launch *l)
{
    const uint32_t *x = l->buffer[0];
    const size_t n = l->push[0], end = share(SLICES, 1, l->worker + 1, l->workers);
    for (size_t s = share(SLICES, 1, l->worker, l->workers); s < end; s++) {
        const size_t from = share(n, BLOCK, (uint32_t)s, SLICES);
        count(x + from, share(n, BLOCK, (uint32_t)s + 1, SLICES) - from, (uint32_t *)l->buffer[1] + s * BINS);
    }
}
