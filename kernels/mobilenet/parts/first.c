//! kernel     mobilenet/parts/first
//! idea       The first layer: 3x3, every second pixel, from three colours; the loop goes along the channels that come out.
//! shape      side=224 out=32 fused=3
//! buffer     x  in   f32[side*side,3]  uniform(-1,1)
//! buffer     w  in   f32[27,out]       normal(0,sqrt(2/27))
//! buffer     b  in   f32[out]          uniform(-0.2,0.2)
//! buffer     y  out  f32[ceil(side/2)^2,out]
//! reference  conv_first  tolerance 1e-5
//! flops      out*(6*(3*ceil(side/2)-1-(2*ceil(side/2)-1>=side))^2+2*(fused>2)*ceil(side/2)^2)
//! verify     side=1 out=4
//! verify     side=7 out=36 fused=1
//! verify     side=10 out=32 fused=2
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
    const long side = l->push[0], out = l->push[1], fused = l->push[2], out_side = (side + 1) / 2;
    const long end = (long)share((size_t)(out_side * out_side), 1, l->worker + 1, l->workers);
    for (long p = (long)share((size_t)(out_side * out_side), 1, l->worker, l->workers); p < end; p++) {
        const long top = p / out_side * 2 - 1, left = p % out_side * 2 - 1;
        for (long c = 0; c < out; c += WIDTH) {
            const size_t rest = (size_t)(out - c);
            vec v = fused > 1 ? load(b + c, rest) : (vec){0};
            for (int t = 0; t < 27; t++) {
                const long row = top + t / 9, at = left + t / 3 % 3;
                if (row >= 0 && row < side && at >= 0 && at < side)
                    v += x[(row * side + at) * 3 + t % 3] * load(w + t * out + c, rest);
            }
            store(y + p * out + c, fused > 2 ? relu6(v) : v, rest);
        }
    }
}
