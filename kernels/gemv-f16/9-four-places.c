//! kernel     gemv-f16/9-four-places
//! idea       Four rows that lie far apart in a worker's share: streams that do not end where a short row does. They
//! idea       hide from each other that the processor's prefetcher begins anew in every page.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f16[rows,8*ceil(cols/8)]
//! buffer     x  in   f32[8*ceil(cols/8)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/4)*4/rows x=ceil(rows/4) y=1
//! flops      64*ceil(rows/4)*ceil(cols/8)
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#include "kernels/native.h"

enum { ROWS = 4, WIDTH = 16 }; // of a vector, or of two or four where vectors are shorter
enum { AHEAD = 1024 };         // bytes asked for before they are needed

typedef float vec __attribute__((vector_size(WIDTH * 4)));

static inline vec load(const float *p)
{
    vec v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

static inline vec load_half_vector(const uint16_t *p)
{
    float t[WIDTH];
    load_halves(t, p, WIDTH);
    return load(t);
}

static inline float sum_of(vec v)
{
    float sum = 0;
    for (int i = 0; i < WIDTH; i++)
        sum += v[i];
    return sum;
}

KERNEL void kernel(const struct launch *l)
{
    const uint16_t *w = l->buffer[0];
    const float *x = l->buffer[1];
    float *y = l->buffer[2];
    const size_t rows = l->push[0], n = (l->push[1] + 7u) / 8 * 8, end = share(rows, 1, l->worker + 1, l->workers);
    const size_t begin = share(rows, 1, l->worker, l->workers), apart = (end - begin + ROWS - 1) / ROWS;
    for (size_t row = begin; row < begin + apart; row++) {
        vec sums[ROWS] = {0};
        const uint16_t *at[ROWS];
        // Beyond the last row it is read once more, and what comes of it is thrown away.
        for (int r = 0; r < ROWS; r++)
            at[r] = w + (row + r * apart < end ? row + r * apart : end - 1) * n;
        size_t i = 0;
        for (; i + WIDTH <= n; i += WIDTH)
            for (int r = 0; r < ROWS; r++) {
                __builtin_prefetch((const char *)(at[r] + i) + AHEAD);
                sums[r] += load_half_vector(at[r] + i) * load(x + i);
            }
        for (int r = 0; r < ROWS && row + r * apart < end; r++) {
            float sum = sum_of(sums[r]);
            for (size_t k = i; k < n; k++)
                sum += float_of_half(at[r][k]) * x[k];
            y[row + r * apart] = sum;
        }
    }
}
