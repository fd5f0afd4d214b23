//! kernel     argmax/3-blocks
//! idea       The maximum of each block is found by whole vectors, and where it was only of the one block that raised
//! idea       the largest so far: of a row in no order that is the case for a few blocks, about ln(blocks) of them.
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

static const float NONE = -__builtin_inff();

static inline uint32_t argmax(const float *x, size_t cols)
{
    float largest = NONE;
    size_t block = 0, from = 0; /* of a row of -inf: its beginning */
    for (; block + BLOCK <= cols; block += BLOCK) {
        float most[BLOCK];
        prefetch_block(x + block + 1024);
        __builtin_memcpy(most, x + block, sizeof most);
        const float v = block_max(most);
        if (v > largest) {
            largest = v;
            from = block;
        }
    }
    for (; block < cols; block++)
        if (x[block] > largest) {
            largest = x[block];
            from = block;
        }
    while (x[from] < largest)
        from++;
    return (uint32_t)from;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        ((uint32_t *)l->buffer[1])[row] = argmax((const float *)l->buffer[0] + row * cols, cols);
}
