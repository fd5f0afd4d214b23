//! kernel     softmax/parts/row-max
//! idea       The largest element of each row.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  out  f32[rows,1]
//! reference  row_max  tolerance 1e-12
//! passes     x=1 m=1
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *m = l->buffer[1];
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        m[row] = row_max(x + row * cols, cols, LOWEST);
}
