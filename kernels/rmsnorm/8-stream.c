//! kernel     rmsnorm/8-stream
//! idea       The results go past the caches to memory, so that a line of y is not read before it is written, and what is
//! idea       needed next is asked for meanwhile. Made for tensors that no cache holds.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(1,3)
//! buffer     y  out  f32[rows,cols]
//! reference  rmsnorm  tolerance 1e-5
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=1 y=1
//! tune       COLS cols
#include "kernels/native.h"

EXPORT const unsigned long scratch_bytes = COLS * 4ul;

enum { AHEAD = COLS + COLS / 2 };

static inline void add_squares(float *restrict sums, const float *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += x[i] * x[i];
}

static inline void rmsnorm(const float *restrict x, float *restrict y, float *restrict t)
{
    float squares[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= COLS; c += BLOCK) {
        prefetch_block(x + c + AHEAD);
        add_squares(squares, x + c, BLOCK);
    }
    add_squares(squares, x + c, (int)(COLS - c));
    const float scale = inversesqrt(block_sum(squares) / (float)COLS + 1e-5f);

    for (c = 0; c < COLS; c++)
        t[c] = x[c] * scale;
    stream_row(y, t, COLS);
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        rmsnorm((const float *)l->buffer[0] + row * COLS, (float *)l->buffer[1] + row * COLS, l->scratch);
}
