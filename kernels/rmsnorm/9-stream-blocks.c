//! kernel     rmsnorm/9-stream-blocks
//! idea       For rows too long for the first cache: memory is asked for a little ahead instead of a row, and what goes
//! idea       past the caches is found block by block and waits nowhere.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,cols]  uniform(1,3)
//! buffer     y  out  f32[rows,cols]
//! reference  rmsnorm  tolerance 1e-5
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=2 y=1
//! tune       AHEAD 3072 1024 2048 4096 8192
#include "kernels/native.h"

/* AHEAD is in columns: on a Xeon, 64 rows of 262144: 1024 2.99 ms, 2048 2.97, 3072 2.95, 4096 2.96, 8192 3.04.
 * Times as fast as 8-stream, which is a row and a half ahead, 67 MB in rows of 1024, 65536 and 262144 columns: 1.02
 * 1.34 2.01. */

static inline void add_squares(float *restrict sums, const float *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += x[i] * x[i];
}

static inline void write(float *restrict y, const float *restrict x, float scale, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = x[i] * scale;
}

/* Whole blocks of y lie at cache lines, but for its ends. */
static inline void write_row(float *restrict y, const float *restrict x, float scale, size_t cols)
{
    size_t c = (64 - (uintptr_t)y % 64) % 64 / 4;
    c = c < cols ? c : cols;
    write(y, x, scale, (int)c);
    for (; c + BLOCK <= cols; c += BLOCK) {
        float t[BLOCK];
        write(t, x + c, scale, BLOCK);
        stream_block(y + c, t);
    }
    write(y + c, x + c, scale, (int)(cols - c));
}

static inline void rmsnorm(const float *restrict x, float *restrict y, size_t cols)
{
    float squares[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK) {
        prefetch_block(x + c + AHEAD);
        add_squares(squares, x + c, BLOCK);
    }
    add_squares(squares, x + c, (int)(cols - c));
    write_row(y, x, inversesqrt(block_sum(squares) / (float)cols + 1e-5f), cols);
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        rmsnorm((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
