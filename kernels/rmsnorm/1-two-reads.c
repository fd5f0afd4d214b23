//! kernel     rmsnorm/1-two-reads
//! idea       Each worker has some rows, and goes over each of them twice: the second time the row lies in the first cache,
//! idea       so that memory is read once.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(1,3)
//! buffer     y  out  f32[rows,cols]
//! reference  rmsnorm  tolerance 1e-5
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=2 y=1
#include "kernels/native.h"

static inline void add_squares(float *restrict sums, const float *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += x[i] * x[i];
}

static inline void rmsnorm(const float *restrict x, float *restrict y, size_t cols)
{
    float squares[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK)
        add_squares(squares, x + c, BLOCK);
    add_squares(squares, x + c, (int)(cols - c));
    const float scale = inversesqrt(block_sum(squares) / (float)cols + 1e-5f);

    for (c = 0; c < cols; c++)
        y[c] = x[c] * scale;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        rmsnorm((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
