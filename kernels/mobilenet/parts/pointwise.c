//! kernel     mobilenet/parts/pointwise
//! idea       A matrix product, pixels times channels: 8 pixels by 32 channels wait in registers, and the weights of these
//! idea       channels stay in the second cache while all pixels go by.
//! shape      pixels=3136 in=24 out=144 fused=3
//! buffer     x  in   f32[pixels,in]   uniform(0,6)
//! buffer     w  in   f32[in,out]      normal(0,sqrt(2/in))
//! buffer     b  in   f32[out]         uniform(-0.2,0.2)
//! buffer     y  out  f32[pixels,out]
//! reference  pointwise  tolerance 2e-6*sqrt(in)
//! flops      8*ceil(pixels/8)*out*(2*in+1+2*(fused>2))
//! verify     pixels=1 in=4 out=4 fused=3
//! verify     pixels=49 in=20 out=36 fused=1
//! verify     pixels=37 in=8 out=132 fused=2
//! verify     pixels=7 in=132 out=12 fused=3
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

enum { ROWS = 8, COLS = 2 }; // pixels, and vectors of channels, in registers

struct layer {
    const float *x, *w, *b;
    float *y;
    size_t pixels, in, out, fused;
};

// `rows`, `vectors` and `n`, the channels, are constants where this is inlined: only then do the sums stay in registers.
static inline __attribute__((always_inline)) void tile(const struct layer *l, size_t pixel, size_t channel, int rows, int vectors, size_t n)
{
    const float *row[ROWS];
    vec sums[ROWS][COLS] = {0};
    // Beyond the last pixel it is computed again, and not stored.
    for (int r = 0; r < rows; r++)
        row[r] = l->x + (pixel + r < l->pixels ? pixel + r : l->pixels - 1) * l->in;
    for (size_t k = 0; k < l->in; k++) {
        const float *at = l->w + k * l->out + channel;
        for (int c = 0; c < vectors; c++) {
            const vec w = load(at + c * WIDTH, n - c * WIDTH);
            for (int r = 0; r < rows; r++)
                sums[r][c] += row[r][k] * w;
        }
    }
    for (int c = 0; c < vectors; c++) {
        const size_t from = channel + c * WIDTH, rest = n - c * WIDTH;
        const vec bias = l->fused > 1 ? load(l->b + from, rest) : (vec){0};
        for (int r = 0; r < rows && pixel + r < l->pixels; r++) {
            const vec v = sums[r][c] + bias;
            store(l->y + (pixel + r) * l->out + from, l->fused > 2 ? relu6(v) : v, rest);
        }
    }
}

KERNEL void kernel(const struct launch *l)
{
    const struct layer q = {l->buffer[0], l->buffer[1], l->buffer[2], l->buffer[3], l->push[0], l->push[1], l->push[2], l->push[3]};
    const size_t rows = (q.pixels + ROWS - 1) / ROWS, columns = (q.out + COLS * WIDTH - 1) / (COLS * WIDTH);
    const size_t end = share(rows * columns, 1, l->worker + 1, l->workers);
    for (size_t i = share(rows * columns, 1, l->worker, l->workers); i < end; i++) {
        const size_t pixel = i % rows * ROWS, channel = i / rows * COLS * WIDTH, left = q.out - channel;
        if (q.pixels == 1 && left >= COLS * WIDTH) // the classifier
            tile(&q, 0, channel, 1, COLS, COLS * WIDTH);
        else if (left >= COLS * WIDTH)
            tile(&q, pixel, channel, ROWS, COLS, COLS * WIDTH);
        else if (left == WIDTH + WIDTH / 2)
            tile(&q, pixel, channel, ROWS, COLS, WIDTH + WIDTH / 2);
        else if (left > WIDTH)
            tile(&q, pixel, channel, ROWS, COLS, left);
        else
            tile(&q, pixel, channel, ROWS, 1, left);
    }
}
