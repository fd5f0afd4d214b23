//! kernel     softmax/parts/normalise
//! idea       Every element divided by its row's sum.
//! shape      rows=4096 cols=1024
//! buffer     e  in   f32[rows,cols]  uniform(0,1)
//! buffer     s  in   f32[rows,1]     uniform(50,150)
//! buffer     y  out  f32[rows,cols]
//! reference  normalise  tolerance 1e-7
//! passes     e=1 s=1 y=1
#include "kernels/native.h"

static inline void scaled(float *restrict y, const float *restrict e, float scale, size_t cols)
{
    for (size_t c = 0; c < cols; c++)
        y[c] = e[c] * scale;
}

KERNEL void kernel(const struct launch *l)
{
    const float *e = l->buffer[0], *s = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        scaled(y + row * cols, e + row * cols, s[row] > 0 ? 1 / s[row] : 0, cols); /* zeros for a row of -inf */
}
