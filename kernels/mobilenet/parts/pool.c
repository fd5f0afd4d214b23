//! kernel     mobilenet/parts/pool
//! idea       The mean of every channel over all pixels.
//! shape      pixels=49 channels=1280
//! buffer     x  in   f32[pixels,channels]  uniform(0,6)
//! buffer     y  out  f32[1,channels]
//! reference  pool  tolerance 1e-5
//! passes     x=1 y=1
//! flops      pixels*channels
//! verify     pixels=1 channels=4
//! verify     pixels=37 channels=36
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *y = l->buffer[1];
    const size_t pixels = l->push[0], channels = l->push[1], end = share(channels, BLOCK, l->worker + 1, l->workers);
    for (size_t c = share(channels, BLOCK, l->worker, l->workers); c < end; c += BLOCK) {
        const size_t n = end - c < BLOCK ? end - c : BLOCK;
        float sums[BLOCK] = {0};
        for (size_t p = 0; p < pixels; p++)
            for (size_t i = 0; i < n; i++)
                sums[i] += x[p * channels + c + i];
        for (size_t i = 0; i < n; i++)
            y[c + i] = sums[i] / (float)pixels;
    }
}
