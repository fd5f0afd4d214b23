//! kernel     gemv-q4/21-naive
//! idea       Weight by weight: its nibble less 8 times its block's scale times x, and each addition waits for the one
//! idea       before.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q4_0[rows,32*ceil(cols/32)]
//! buffer     x  in   f32[32*ceil(cols/32)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      96*rows*ceil(cols/32)
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#include "kernels/native.h"

struct block {
    uint16_t scale;
    uint8_t q[16]; // low nibbles are elements 0..15, high ones 16..31
};

KERNEL void kernel(const struct launch *l)
{
    const struct block *w = l->buffer[0];
    const float *x = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], blocks = (l->push[1] + 31u) / 32, end = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++) {
        float sum = 0;
        for (size_t b = 0; b < blocks; b++)
            for (size_t i = 0; i < 32; i++) {
                const struct block *at = &w[row * blocks + b];
                const int nibble = i < 16 ? at->q[i] & 15 : at->q[i - 16] >> 4;
                sum += float_of_half(at->scale) * (float)(nibble - 8) * x[32 * b + i];
            }
        y[row] = sum;
    }
}
