//! kernel     layernorm/1-three-reads
//! idea       Each worker has some rows, and goes over each of them three times: from the second time on the row lies in
//! idea       the first cache, so that memory is read once.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=3 y=1
#include "kernels/native.h"

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

static inline void layernorm(const float *restrict x, float *restrict y, size_t cols)
{
    float sums[BLOCK] = {0}, squares[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK)
        add(sums, x + c, BLOCK);
    add(sums, x + c, (int)(cols - c));
    const float mean = block_sum(sums) / (float)cols;

    for (c = 0; c + BLOCK <= cols; c += BLOCK)
        add_squares(squares, x + c, mean, BLOCK);
    add_squares(squares, x + c, mean, (int)(cols - c));
    const float scale = inversesqrt(block_sum(squares) / (float)cols + 1e-5f);

    for (c = 0; c < cols; c++)
        y[c] = (x[c] - mean) * scale;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        layernorm((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
