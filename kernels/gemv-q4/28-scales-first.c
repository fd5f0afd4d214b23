//! kernel     gemv-q4/28-scales-first
//! idea       Row by row. The scales of many blocks become floats together, for one alone costs three instructions, and
//! idea       where a vector can be a table of 16 floats, a nibble is looked up: no subtraction, no conversion.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q4_0[rows,32*ceil(cols/32)]
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
    uint8_t q[HALF]; // low nibbles are elements 0..15, high ones 16..31
};

static inline vec block_times(const uint8_t *q, const float *x)
{
#if defined __AVX512F__
    // Of an index the permutation takes the low four bits, so that the low nibbles need no mask.
    const __m512 table = _mm512_set_ps(7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8);
    const __m512i at = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)q));
    const __m512 low = _mm512_permutexvar_ps(at, table), high = _mm512_permutexvar_ps(_mm512_srli_epi32(at, 4), table);
    return (vec)low * (vec)_mm512_loadu_ps(x) + (vec)high * (vec)_mm512_loadu_ps(x + HALF);
#else
    vec t;
    for (int i = 0; i < HALF; i++) {
        const int low = (q[i] & 15) - 8, high = (q[i] >> 4) - 8;
        t[i] = (float)low * x[i] + (float)high * x[i + HALF];
    }
    return t;
#endif
}

// Two sums: the next block does not wait for this one.
static inline void add_piece(vec sums[2], const struct block *w, size_t n, const float *x)
{
    // One by one through memory: about 4 % less time than inserts into a vector, seen once; why is not known.
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
        vec total = sums[0] + sums[1];
#if defined __AVX512F__
        sum = _mm512_reduce_add_ps((__m512)total);
#else
        for (int i = 0; i < HALF; i++)
            sum += total[i];
#endif
        y[row] = sum;
    }
}
