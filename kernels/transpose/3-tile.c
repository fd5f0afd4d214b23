//! kernel     transpose/3-tile
//! idea       Tile by tile of 16 x 16: what a cache line brings is all used while it is there.
//! shape      rows=4096 cols=4096
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[cols,rows]
//! reference  transpose  tolerance 1e-12
//! passes     x=1 y=1
//! verify     rows=1 cols=1
//! verify     rows=67 cols=33
//! verify     rows=31 cols=129
#include "kernels/native.h"

enum { TILE = 16 }; // a cache line of floats

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *y = l->buffer[1];
    const size_t rows = l->push[0], cols = l->push[1], end = share(cols, TILE, l->worker + 1, l->workers);
    for (size_t left = share(cols, TILE, l->worker, l->workers); left < end; left += TILE)
        for (size_t top = 0; top < rows; top += TILE)
            for (size_t col = left; col < left + TILE && col < end; col++)
                for (size_t row = top; row < top + TILE && row < rows; row++)
                    y[col * rows + row] = x[row * cols + col];
}
