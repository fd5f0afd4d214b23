//! kernel     transpose/1-reads-in-rows
//! idea       Row by row of x; each store is a row of y away from the last one, in another cache line and another page.
//! shape      rows=4096 cols=4096
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[cols,rows]
//! reference  transpose  tolerance 1e-12
//! passes     x=1 y=1
//! verify     rows=1 cols=1
//! verify     rows=67 cols=33
//! verify     rows=31 cols=129
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *y = l->buffer[1];
    const size_t rows = l->push[0], cols = l->push[1], end = share(rows, 16, l->worker + 1, l->workers);
    for (size_t row = share(rows, 16, l->worker, l->workers); row < end; row++)
        for (size_t col = 0; col < cols; col++)
            y[col * rows + row] = x[row * cols + col];
}
