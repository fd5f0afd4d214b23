//! kernel     softmax/parts/exp-sum
//! idea       e = exp(x - m) for every element, and the sum of each row of it.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  in   f32[rows,1]     uniform(95,96)
//! buffer     e  out  f32[rows,cols]
//! buffer     s  out  f32[rows,1]
//! reference  exp_sum  tolerance 1e-5
//! passes     x=1 m=1 e=1 s=1
#include "kernels/native.h"

static inline void add(float *restrict sums, float *restrict e, const float *restrict x, float largest, int n)
{
    for (int i = 0; i < n; i++) {
        e[i] = power(x[i] - largest);
        sums[i] += e[i];
    }
}

static inline float exp_sum(const float *restrict x, float largest, float *restrict e, size_t cols)
{
    float sums[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK)
        add(sums, e + c, x + c, largest, BLOCK);
    add(sums, e + c, x + c, largest, (int)(cols - c));
    return block_sum(sums);
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0], *m = l->buffer[1];
    float *e = l->buffer[2], *s = l->buffer[3];
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        s[row] = exp_sum(x + row * cols, m[row], e + row * cols, cols);
}
