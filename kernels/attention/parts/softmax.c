//! kernel     attention/parts/softmax
//! idea       Softmax in three passes over each row, in place: for the maximum, for the sum, and to write. In place,
//! idea       because a second matrix of scores would be the largest tensor of all.
//! shape      rows=256 cols=1024
//! verify     rows=1 cols=1
//! verify     rows=7 cols=31
//! verify     rows=3 cols=1031
//! buffer     x  inout  f32[rows,cols]  uniform(40,50)
//! reference  softmax  tolerance 3e-6
//! passes     x=4
#include "kernels/native.h"

static void row_in_place(float *x, size_t cols)
{
    float part[BLOCK];
    for (int j = 0; j < BLOCK; j++)
        part[j] = LOWEST;
    size_t i = 0;
    for (; i + BLOCK <= cols; i += BLOCK)
        for (int j = 0; j < BLOCK; j++)
            part[j] = max(part[j], x[i + j]);
    for (; i < cols; i++)
        part[0] = max(part[0], x[i]);
    const float largest = block_max(part);

    for (int j = 0; j < BLOCK; j++)
        part[j] = 0;
    for (i = 0; i + BLOCK <= cols; i += BLOCK)
        for (int j = 0; j < BLOCK; j++)
            part[j] += exp(x[i + j] - largest);
    for (; i < cols; i++)
        part[0] += exp(x[i] - largest);
    const float scale = 1.0f / block_sum(part);

    for (i = 0; i < cols; i++)
        x[i] = exp(x[i] - largest) * scale;
}

KERNEL void kernel(const struct launch *l)
{
    float *x = l->buffer[0];
    const size_t rows = l->push[0], cols = l->push[1], end = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++)
        row_in_place(x + row * cols, cols);
}
