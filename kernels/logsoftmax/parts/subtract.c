//! kernel     logsoftmax/parts/subtract
//! idea       Two differences for every element.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  in   f32[rows,1]     uniform(95,96)
//! buffer     s  in   f32[rows,1]     uniform(5,7)
//! buffer     y  out  f32[rows,cols]
//! reference  log_differences  tolerance 1e-6
//! passes     x=1 m=1 s=1 y=1
#include "kernels/native.h"

static inline void subtract(float *restrict y, const float *restrict x, float largest, float logarithm, size_t cols)
{
    for (size_t c = 0; c < cols; c++)
        y[c] = (x[c] - largest) - logarithm;
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0], *m = l->buffer[1], *s = l->buffer[2];
    float *y = l->buffer[3];
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        subtract(y + row * cols, x + row * cols, m[row], s[row], cols);
}
