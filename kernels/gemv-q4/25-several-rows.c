//! kernel     gemv-q4/25-several-rows
//! idea       Four rows together: so that a part of x, once loaded, is used for all of them. The loops are
//! idea       plain: the compiler makes vectors of them, whatever their width.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q4_0[rows,32*ceil(cols/32)]
//! buffer     x  in   f32[32*ceil(cols/32)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/4)*4/rows x=ceil(rows/4) y=1
//! flops      320*ceil(rows/4)*ceil(cols/32)
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#include "kernels/native.h"

enum { ROWS = 4, HALF = 16 };

struct block {
    uint16_t scale;
    uint8_t q[HALF]; // low nibbles are elements 0..15, high ones 16..31
};

static inline void add_block(float *sums, const struct block *b, const float *x)
{
    const float scale = float_of_half(b->scale);
    for (int i = 0; i < HALF; i++) {
        const int low = (b->q[i] & 15) - 8, high = (b->q[i] >> 4) - 8;
        sums[i] += scale * ((float)low * x[i] + (float)high * x[i + HALF]);
    }
}

static inline float sum_of(const float *v)
{
    float sum = 0;
    for (int i = 0; i < HALF; i++)
        sum += v[i];
    return sum;
}

KERNEL void kernel(const struct launch *l)
{
    const struct block *w = l->buffer[0];
    const float *x = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], blocks = (l->push[1] + 31u) / 32, end = share(rows, ROWS, l->worker + 1, l->workers);
    for (size_t row = share(rows, ROWS, l->worker, l->workers); row < end; row += ROWS) {
        float sums[ROWS][HALF] = {{0}};
        const struct block *at[ROWS];
        // Beyond the last row it is read once more, and what comes of it is thrown away.
        for (int r = 0; r < ROWS; r++)
            at[r] = w + (row + r < rows ? row + r : rows - 1) * blocks;
        for (size_t b = 0; b < blocks; b++)
            for (int r = 0; r < ROWS; r++)
                add_block(sums[r], at[r] + b, x + 32 * b);
        for (int r = 0; r < ROWS && row + r < rows; r++)
            y[row + r] = sum_of(sums[r]);
    }
}
