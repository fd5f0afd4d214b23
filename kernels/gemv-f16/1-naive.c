//! kernel     gemv-f16/1-naive
//! idea       The sum as it is written down, each weight turned into a float on the way. Each addition waits for the one
//! idea       before.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f16[rows,cols]
//! buffer     x  in   f32[cols]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      2*rows*cols
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const uint16_t *w = l->buffer[0];
    const float *x = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], cols = l->push[1], end = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++) {
        float sum = 0;
        for (size_t col = 0; col < cols; col++)
            sum += float_of_half(w[row * cols + col]) * x[col];
        y[row] = sum;
    }
}
