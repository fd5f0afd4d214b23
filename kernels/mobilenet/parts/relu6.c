//! kernel     mobilenet/parts/relu6
//! idea       What is below 0 becomes 0, what is above 6 becomes 6: a pass of its own.
//! shape      pixels=3136 channels=144
//! buffer     x  in   f32[pixels,channels]  uniform(-8,8)
//! buffer     y  out  f32[pixels,channels]
//! reference  clamp(0,6)  tolerance 1e-6
//! passes     x=1 y=1
//! flops      2*pixels*channels
//! verify     pixels=1 channels=4
//! verify     pixels=37 channels=36
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    float *y = l->buffer[1];
    const size_t channels = l->push[1], end = share(l->push[0], 1, l->worker + 1, l->workers);
    for (size_t p = share(l->push[0], 1, l->worker, l->workers); p < end; p++)
        for (size_t c = 0; c < channels; c++)
            y[p * channels + c] = min(max(x[p * channels + c], 0.0f), 6.0f);
}
