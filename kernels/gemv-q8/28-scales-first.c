//! kernel     gemv-q8/28-scales-first
//! idea       Row by row. The scales of many blocks become floats together, for one alone costs three instructions, and
//! idea       the matrix is asked for 4 KiB before it is needed.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,32*ceil(cols/32)]
//! buffer     x  in   f32[32*ceil(cols/32)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      80*rows*ceil(cols/32)
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#include "kernels/native.h"

enum { HALF = 16, PIECE = 64, AHEAD = 4096 }; // blocks whose scales are floats at a time; bytes asked for before they are needed

typedef float vec __attribute__((vector_size(HALF * 4)));

struct block {
    uint16_t scale;
    int8_t q[32];
};

static inline vec block_times(const int8_t *q, const float *x)
{
#if defined __AVX512F__
    const __m512i low = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)q));
    const __m512i high = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(q + HALF)));
    return (vec)_mm512_cvtepi32_ps(low) * (vec)_mm512_loadu_ps(x) + (vec)_mm512_cvtepi32_ps(high) * (vec)_mm512_loadu_ps(x + HALF);
#else
    vec t;
    for (int i = 0; i < HALF; i++)
        t[i] = (float)q[i] * x[i] + (float)q[i + HALF] * x[i + HALF];
    return t;
#endif
}

// Two sums: the next block does not wait for this one.
static inline void add_piece(vec sums[2], const struct block *w, size_t n, const float *x)
{
    // One by one through memory, as in gemv-q4: there it was about 4 % faster than inserts into a vector.
    volatile uint16_t halves[PIECE];
    float scales[PIECE];
#pragma GCC unroll 8
    for (size_t b = 0; b < n; b++)
        halves[b] = w[b].scale;
    load_halves(scales, (const uint16_t *)halves, PIECE);
    size_t b = 0;
    for (; b + 2 <= n; b += 2) {
        __builtin_prefetch((const char *)(w + b) + AHEAD);
        sums[0] += scales[b] * block_times(w[b].q, x + 32 * b);
        sums[1] += scales[b + 1] * block_times(w[b + 1].q, x + 32 * b + 32);
    }
    if (b < n)
        sums[0] += scales[b] * block_times(w[b].q, x + 32 * b);
}

KERNEL void kernel(const struct launch *l)
{
    const struct block *w = l->buffer[0];
    const float *x = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], blocks = (l->push[1] + 31u) / 32, end = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++) {
        vec sums[2] = {{0}};
        float sum = 0;
        size_t b = 0;
        for (; b + PIECE <= blocks; b += PIECE)
            add_piece(sums, w + row * blocks + b, PIECE, x + 32 * b);
        if (b < blocks)
            add_piece(sums, w + row * blocks + b, blocks - b, x + 32 * b);
        for (int i = 0; i < HALF; i++)
            sum += sums[0][i] + sums[1][i];
        y[row] = sum;
    }
}
