//! kernel     transformer/parts/rope
//! idea       Rotary position: each pair of numbers half a head apart is turned by an angle of its own, whose cosine and
//! idea       sine at this position come from a table.
//! shape      heads=4 d=64
//! verify     heads=1 d=2
//! verify     heads=5 d=38
//! buffer     x     in   f32[heads,d]
//! buffer     turn  in   f32[2,d/2]
//! buffer     y     out  f32[heads,d]
//! reference  rope  tolerance 1e-6
//! flops      3*heads*d
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0], *cosine = l->buffer[1], *sine = cosine + l->push[1] / 2;
    float *y = l->buffer[2];
    const size_t heads = l->push[0], d = l->push[1], half = d / 2;
    for (size_t head = share(heads, 1, l->worker, l->workers); head < share(heads, 1, l->worker + 1, l->workers); head++)
        for (size_t i = 0; i < half; i++) {
            const float a = x[head * d + i], b = x[head * d + half + i];
            y[head * d + i] = a * cosine[i] - b * sine[i];
            y[head * d + half + i] = b * cosine[i] + a * sine[i];
        }
}
