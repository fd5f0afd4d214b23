//! kernel     argmax/1-compare
//! idea       Each worker has some rows, and compares one element after the other with the largest so far.
//! shape      rows=64 cols=50257
//! buffer     x      in   f32[rows,cols]  uniform(-9,9)
//! buffer     index  out  u32[rows,1]
//! reference  argmax  tolerance 1e-12
//! verify     rows=13 cols=37 x=masked(-9,9)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=constant(3)
//! verify     rows=7 cols=257 x=masked(3,3.0000001)
//! verify     rows=2 cols=50257 x=masked(-9,9)
//! verify     rows=300 cols=31
//! passes     x=1 index=1
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++) {
        const float *x = (const float *)l->buffer[0] + row * cols;
        uint32_t at = 0;
        for (size_t i = 1; i < cols; i++)
            if (x[i] > x[at])
                at = (uint32_t)i;
        ((uint32_t *)l->buffer[1])[row] = at;
    }
}
