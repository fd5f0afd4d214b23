//! kernel     mobilenet/parts/depthwise
//! idea       A 3x3 convolution of every channel with itself alone: for each pixel the loop goes along the channels, which
//! idea       lie together, and adds up nine products.
//! shape      side=56 channels=144 stride=1 fused=3
//! buffer     x  in   f32[side*side,channels]  uniform(0,6)
//! buffer     w  in   f32[9,channels]          normal(0,sqrt(2/9))
//! buffer     b  in   f32[channels]            uniform(-0.2,0.2)
//! buffer     y  out  f32[ceil(side/stride)^2,channels]
//! reference  depthwise  tolerance 1e-5
//! flops      channels*(2*(3*ceil(side/stride)-1-(stride*(ceil(side/stride)-1)+1>=side))^2+2*(fused>2)*ceil(side/stride)^2)
//! verify     side=1 channels=4 stride=1
//! verify     side=7 channels=36 stride=2
//! verify     side=6 channels=8 stride=2 fused=1
//! verify     side=5 channels=68 stride=1 fused=2
#include "kernels/native.h"

enum { WIDTH = 16 };
typedef float vec __attribute__((vector_size(4 * WIDTH)));

// n floats, or fewer at the end of the channels; what is beyond them is 0.
static inline vec load(const float *p, size_t n)
{
    vec v = {0};
    if (n >= WIDTH)
        __builtin_memcpy(&v, p, sizeof v);
    else if (n == WIDTH / 2) // as half of MobileNet's layers end: one instruction, where a length that is not known is a call
        __builtin_memcpy(&v, p, sizeof v / 2);
    else
        __builtin_memcpy(&v, p, 4 * n);
    return v;
}

static inline void store(float *p, vec v, size_t n)
{
    if (n >= WIDTH)
        __builtin_memcpy(p, &v, sizeof v);
    else
        __builtin_memcpy(p, &v, 4 * n);
}

static inline vec relu6(vec v)
{
    float t[WIDTH]; // of an array the compiler makes vectors, of a vector's elements it does not
    __builtin_memcpy(t, &v, sizeof t);
    for (int i = 0; i < WIDTH; i++)
        t[i] = min(max(t[i], 0.0f), 6.0f);
    __builtin_memcpy(&v, t, sizeof t);
    return v;
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0], *w = l->buffer[1], *b = l->buffer[2];
    float *y = l->buffer[3];
    const long side = l->push[0], channels = l->push[1], stride = l->push[2], fused = l->push[3];
    const long out_side = (side + stride - 1) / stride;
    const long end = (long)share((size_t)(out_side * out_side), 1, l->worker + 1, l->workers);
    for (long p = (long)share((size_t)(out_side * out_side), 1, l->worker, l->workers); p < end; p++) {
        const long top = p / out_side * stride - 1, left = p % out_side * stride - 1;
        const float *taps[9];
        int places[9], n = 0; // of the taps that do not lie beyond an edge
        for (int t = 0; t < 9; t++) {
            const long row = top + t / 3, at = left + t % 3;
            if (row >= 0 && row < side && at >= 0 && at < side) {
                taps[n] = x + (row * side + at) * channels;
                places[n++] = t;
            }
        }
        for (long c = 0; c < channels; c += WIDTH) {
            const size_t rest = (size_t)(channels - c);
            vec v = fused > 1 ? load(b + c, rest) : (vec){0};
            for (int t = 0; t < n; t++)
                v += load(taps[t] + c, rest) * load(w + places[t] * channels + c, rest);
            store(y + p * channels + c, fused > 2 ? relu6(v) : v, rest);
        }
    }
}
