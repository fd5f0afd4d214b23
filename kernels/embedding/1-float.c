//! kernel     embedding/1-float
//! idea       Each worker has some rows, and copies them one after the other.
//! shape      rows=4096 cols=768 vocabulary=32003
//! buffer     table  in   f32[vocabulary,cols]
//! buffer     index  in   u32[rows]  indices(vocabulary)
//! buffer     y      out  f32[rows,cols]
//! reference  embedding  tolerance 1e-12
//! verify     rows=13 cols=36 vocabulary=101
//! verify     rows=1 cols=4 vocabulary=1
//! verify     rows=300 cols=1028 vocabulary=7
//! verify     rows=5 cols=37 vocabulary=11
//! passes     table=rows/vocabulary index=1 y=1
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *table = l->buffer[0];
    const uint32_t *index = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        __builtin_memcpy(y + row * cols, table + index[row] * cols, cols * sizeof *y);
}
