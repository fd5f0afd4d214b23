//! kernel     softmax/parts/piece-sums
//! idea       Of every piece of 8192 columns the maximum and the sum: a row has several workers.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  uniform(85,95)
//! buffer     m  out  f32[rows,ceil(cols/8192)]
//! buffer     s  out  f32[rows,ceil(cols/8192)]
//! reference  piece_sums  tolerance 1e-5
//! verify     rows=1 cols=1
//! verify     rows=3 cols=8192
//! verify     rows=2 cols=8195
//! verify     rows=1 cols=20011
//! passes     x=2 m=1 s=1
#include "kernels/native.h"

enum { PIECE = 8192 };

static inline void add(float *restrict sums, const float *restrict x, float largest, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += power(x[i] - largest);
}

static inline float exp_sum(const float *x, float largest, size_t n)
{
    float sums[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= n; c += BLOCK)
        add(sums, x + c, largest, BLOCK);
    add(sums, x + c, largest, (int)(n - c));
    return block_sum(sums);
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *m = l->buffer[1], *s = l->buffer[2];
    const size_t rows = l->push[0], cols = l->push[1], pitch = (cols + 3) / 4 * 4, pieces = (cols + PIECE - 1) / PIECE;
    const size_t last = share(rows * pieces, 1, l->worker + 1, l->workers);
    for (size_t i = share(rows * pieces, 1, l->worker, l->workers); i < last; i++) {
        const size_t row = i / pieces, first = i % pieces * PIECE, n = cols - first < PIECE ? cols - first : PIECE;
        m[i] = row_max(x + row * pitch + first, n, LOWEST);
        s[i] = exp_sum(x + row * pitch + first, m[i], n);
    }
}
