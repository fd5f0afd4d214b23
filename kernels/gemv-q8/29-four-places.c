//! kernel     gemv-q8/29-four-places
//! idea       Four rows that lie far apart in a worker's share: as many streams, which hide from each other that the
//! idea       processor's prefetcher begins anew in every page.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,32*ceil(cols/32)]
//! buffer     x  in   f32[32*ceil(cols/32)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/4)*4/rows x=ceil(rows/4) y=1
//! flops      320*ceil(rows/4)*ceil(cols/32)
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#include "kernels/native.h"

/* With four rows 1024 bytes ahead are as good as 4096 where the matrix comes from memory, and better where it comes from
 * the last cache. Scales become floats one by one: with rows interleaved that is no slower than many together. */
enum { HALF = 16, ROWS = 4, AHEAD = 1024 }; // bytes asked for before they are needed

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
    return (vec)_mm512_cvtepi32_ps(low) * (vec)_mm512_loadu_ps(x) +
           (vec)_mm512_cvtepi32_ps(high) * (vec)_mm512_loadu_ps(x + HALF);
#else
    vec t;
    for (int i = 0; i < HALF; i++)
        t[i] = (float)q[i] * x[i] + (float)q[i + HALF] * x[i + HALF];
    return t;
#endif
}

static inline float sum_of(vec v)
{
#if defined __AVX512F__
    return _mm512_reduce_add_ps((__m512)v);
#else
    float sum = 0;
    for (int i = 0; i < HALF; i++)
        sum += v[i];
    return sum;
#endif
}

KERNEL void kernel(const struct launch *l)
{
    const struct block *w = l->buffer[0], *at[ROWS];
    const float *x = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], blocks = (l->push[1] + 31u) / 32, end = share(rows, 1, l->worker + 1, l->workers);
    const size_t begin = share(rows, 1, l->worker, l->workers), apart = (end - begin + ROWS - 1) / ROWS;
    for (size_t row = begin; row < begin + apart; row++) {
        vec sums[ROWS] = {{0}};
        // Beyond the last row it is read once more, and what comes of it is thrown away.
        for (int r = 0; r < ROWS; r++)
            at[r] = w + (row + r * apart < end ? row + r * apart : end - 1) * blocks;
        for (size_t b = 0; b < blocks; b++)
            for (int r = 0; r < ROWS; r++) {
                __builtin_prefetch((const char *)(at[r] + b) + AHEAD);
                sums[r] += float_of_half(at[r][b].scale) * block_times(at[r][b].q, x + 32 * b);
            }
        for (int r = 0; r < ROWS && row + r * apart < end; r++)
            y[row + r * apart] = sum_of(sums[r]);
    }
}
