//! kernel     logsoftmax/2-three-reads
//! idea       Each worker has some rows, and goes over each of them three times: from the second time on the row lies in
//! idea       the first cache, so that memory is read once.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  logsoftmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=3 y=1
#include "kernels/native.h"

static inline void add(float *restrict sums, const float *restrict x, float largest, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += power(x[i] - largest);
}

static inline void logsoftmax(const float *restrict x, float *restrict y, size_t cols)
{
    const float largest = row_max(x, cols, LOWEST);

    float sums[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK)
        add(sums, x + c, largest, BLOCK);
    add(sums, x + c, largest, (int)(cols - c));
    const float sum = block_sum(sums), logarithm = sum > 0 ? log(sum) : 0; /* a row of -inf stays that */

    for (c = 0; c < cols; c++)
        y[c] = (x[c] - largest) - logarithm;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        logsoftmax((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
