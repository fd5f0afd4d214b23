//! kernel     gemv/8-ahead
//! idea       One row after the other again, and the matrix is asked for 4 KiB before it is needed: the processor's own
//! idea       prefetcher stops at the end of each page.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,4*ceil(cols/4)]
//! buffer     x  in   f32[4*ceil(cols/4)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      8*rows*ceil(cols/4)
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#include "kernels/native.h"

static inline float row_times(const float *w, const float *x, size_t n)
{
    float sums[BLOCK] = {0};
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        prefetch_block(w + i + 1024);
        for (int k = 0; k < BLOCK; k++)
            sums[k] += w[i + k] * x[i + k];
    }
    for (; i < n; i++)
        sums[i % BLOCK] += w[i] * x[i];
    return block_sum(sums);
}

KERNEL void kernel(const struct launch *l)
{
    const float *w = l->buffer[0], *x = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], n = (l->push[1] + 3u) / 4 * 4, end = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++)
        y[row] = row_times(w + row * n, x, n);
}
