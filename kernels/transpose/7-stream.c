//! kernel     transpose/7-stream
//! idea       Tiles of 16 x 64, changed over in a buffer in the first cache; from there each row of y gets whole cache lines
//! idea       by stores that go past the caches, so that no line of y has to be read before it is written.
//! shape      rows=4096 cols=4096
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[cols,rows]
//! reference  transpose  tolerance 1e-12
//! passes     x=1 y=1
//! verify     rows=1 cols=1
//! verify     rows=67 cols=33
//! verify     rows=31 cols=129
//! verify     rows=144 cols=80
#include "kernels/native.h"

enum { ACROSS = 16, DOWN = BLOCK };

static inline void whole_tile(float *y, const float *x, size_t rows, size_t cols, int aligned)
{
    float tile[ACROSS][DOWN] __attribute__((aligned(64)));
    for (int row = 0; row < DOWN; row++)
        for (int col = 0; col < ACROSS; col++)
            tile[col][row] = x[row * cols + col];
    for (int col = 0; col < ACROSS; col++)
        if (aligned)
            stream_block(y + col * rows, tile[col]);
        else
            __builtin_memcpy(y + col * rows, tile[col], sizeof tile[col]);
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *y = l->buffer[1];
    const size_t rows = l->push[0], cols = l->push[1], end = share(cols, ACROSS, l->worker + 1, l->workers);
    const int aligned = rows % 16 == 0; // then every row of y begins with a cache line
    for (size_t left = share(cols, ACROSS, l->worker, l->workers); left < end; left += ACROSS)
        for (size_t top = 0; top < rows; top += DOWN)
            if (left + ACROSS <= end && top + DOWN <= rows)
                whole_tile(y + left * rows + top, x + top * cols + left, rows, cols, aligned);
            else
                for (size_t col = left; col < left + ACROSS && col < end; col++)
                    for (size_t row = top; row < top + DOWN && row < rows; row++)
                        y[col * rows + row] = x[row * cols + col];
}
