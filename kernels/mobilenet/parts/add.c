//! kernel     mobilenet/parts/add
//! idea       The shortcut around a block is added to what came through it.
//! shape      pixels=3136 channels=144
//! buffer     x  in   f32[pixels,channels]  uniform(-8,8)
//! buffer     z  in   f32[pixels,channels]  uniform(-8,8)
//! buffer     y  out  f32[pixels,channels]
//! reference  add_pair  tolerance 1e-6
//! passes     x=1 z=1 y=1
//! flops      pixels*channels
//! verify     pixels=1 channels=4
//! verify     pixels=37 channels=36
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0], *z = l->buffer[1];
    float *y = l->buffer[2];
    const size_t channels = l->push[1], end = share(l->push[0], 1, l->worker + 1, l->workers);
    for (size_t p = share(l->push[0], 1, l->worker, l->workers); p < end; p++)
        for (size_t c = 0; c < channels; c++)
            y[p * channels + c] = x[p * channels + c] + z[p * channels + c];
}
