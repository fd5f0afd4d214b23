//! kernel     softmax/4-one-read
//! idea       The exponentials wait in the worker's own memory, which stays in its cache, until the sum is known: each is
//! idea       found once.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=1 y=1
//! tune       COLS cols
#include "kernels/native.h"

EXPORT const unsigned long scratch_bytes = COLS * 4ul;

static inline void add(float *restrict sums, float *restrict e, const float *restrict x, float largest, int n)
{
    for (int i = 0; i < n; i++) {
        e[i] = power(x[i] - largest);
        sums[i] += e[i];
    }
}

static inline void softmax(const float *restrict x, float *restrict y, float *restrict e)
{
    const float largest = row_max(x, COLS, LOWEST);

    float sums[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= COLS; c += BLOCK)
        add(sums, e + c, x + c, largest, BLOCK);
    add(sums, e + c, x + c, largest, (int)(COLS - c));
    const float sum = block_sum(sums), scale = sum > 0 ? 1 / sum : 0; /* zeros for a row of -inf */

    for (c = 0; c < COLS; c++)
        y[c] = e[c] * scale;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        softmax((const float *)l->buffer[0] + row * COLS, (float *)l->buffer[1] + row * COLS, l->scratch);
}
