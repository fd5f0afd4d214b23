//! kernel     logsoftmax/parts/log-sum
//! idea       The logarithm of the sum of exp(x - m), one number for each row.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  in   f32[rows,1]     uniform(95,96)
//! buffer     s  out  f32[rows,1]
//! reference  log_sum  tolerance 1e-5
//! passes     x=1 m=1 s=1
#include "kernels/native.h"

static inline void add(float *restrict sums, const float *restrict x, float largest, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += power(x[i] - largest);
}

static inline float log_sum(const float *restrict x, float largest, size_t cols)
{
    float sums[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK)
        add(sums, x + c, largest, BLOCK);
    add(sums, x + c, largest, (int)(cols - c));
    const float sum = block_sum(sums);
    return sum > 0 ? log(sum) : 0; /* all of a row of -inf stays -inf */
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0], *m = l->buffer[1];
    float *s = l->buffer[2];
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        s[row] = log_sum(x + row * cols, m[row], cols);
}
