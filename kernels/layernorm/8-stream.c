//! kernel     layernorm/8-stream
//! idea       The results go past the caches to memory, so that a line of y is not read before it is written, and what is
//! idea       needed next is asked for meanwhile. Made for tensors that no cache holds.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=1 y=1
//! tune       COLS cols
#include "kernels/native.h"

EXPORT const unsigned long scratch_bytes = COLS * 4ul;

/* A row and a half: too early where a row is about as long as a core's own cache. 10-stream-pieces is for those. */
enum { AHEAD = COLS + COLS / 2 };

static inline void add(float *restrict sums, const float *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += x[i];
}

static inline void add_squares(float *restrict sums, const float *restrict x, float mean, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += (x[i] - mean) * (x[i] - mean);
}

static inline void layernorm(const float *restrict x, float *restrict y, float *restrict t)
{
    float sums[BLOCK] = {0}, squares[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= COLS; c += BLOCK)
        add(sums, x + c, BLOCK);
    add(sums, x + c, (int)(COLS - c));
    const float mean = block_sum(sums) / (float)COLS;

    for (c = 0; c + BLOCK <= COLS; c += BLOCK) {
        prefetch_block(x + c + AHEAD);
        add_squares(squares, x + c, mean, BLOCK);
    }
    add_squares(squares, x + c, mean, (int)(COLS - c));
    const float scale = inversesqrt(block_sum(squares) / (float)COLS + 1e-5f);

    for (c = 0; c < COLS; c++)
        t[c] = (x[c] - mean) * scale;
    stream_row(y, t, COLS);
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        layernorm((const float *)l->buffer[0] + row * COLS, (float *)l->buffer[1] + row * COLS, l->scratch);
}
