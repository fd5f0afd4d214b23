//! kernel     layernorm/2-welford
//! idea       Mean and variance in one walk, in 64 places at once: every element moves the mean a little, and the squares
//! idea       are those of the distance to it (Welford 1962). The division is one for 64 elements.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=2 y=1
#include "kernels/native.h"

/* Means and squares of 64 columns' worth of a row each; all of them have seen the same number of elements, but for the
 * row's end, which comes last. */
struct seen {
    float mean[BLOCK], squares[BLOCK];
};

static inline void look(struct seen *restrict s, const float *restrict x, float count, int n)
{
    const float part = 1 / count;
    for (int i = 0; i < n; i++) {
        const float off = x[i] - s->mean[i];
        s->mean[i] += off * part;
        s->squares[i] += off * (x[i] - s->mean[i]);
    }
}

static inline void layernorm(const float *restrict x, float *restrict y, size_t cols)
{
    struct seen s = {.mean = {0}};
    float count = 0, sums[BLOCK];
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK)
        look(&s, x + c, ++count, BLOCK);
    const int rest = (int)(cols - c);
    look(&s, x + c, count + 1, rest);

    /* All means weighed, then all squares, with those of the means' own distance (Chan, Golub and LeVeque 1979). */
    for (int i = 0; i < BLOCK; i++)
        sums[i] = (i < rest ? count + 1 : count) * s.mean[i];
    const float mean = block_sum(sums) / (float)cols;
    for (int i = 0; i < BLOCK; i++)
        s.squares[i] += (i < rest ? count + 1 : count) * (s.mean[i] - mean) * (s.mean[i] - mean);
    const float scale = inversesqrt(block_sum(s.squares) / (float)cols + 1e-5f);

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
