//! kernel     softmax/3-online
//! idea       Maximum and sum in one reading, in 64 places at once: whenever the maximum of one grows, its sum so far is
//! idea       scaled down (Milakov and Gimelshein 2018). Where a row lies in the first cache this saves nothing, and an
//! idea       exponential more has to be found for every element.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=2 y=1
#include "kernels/native.h"

struct seen {
    float most[BLOCK], sum[BLOCK]; /* the sums are those of exp(x - most) */
};

static inline void look(struct seen *s, const float *x, int n)
{
    for (int i = 0; i < n; i++) {
        const float most = max(s->most[i], x[i]);
        s->sum[i] = s->sum[i] * power(s->most[i] - most) + power(x[i] - most);
        s->most[i] = most;
    }
}

static inline void softmax(const float *restrict x, float *restrict y, size_t cols)
{
    struct seen s;
    for (int i = 0; i < BLOCK; i++) {
        s.most[i] = LOWEST;
        s.sum[i] = 0;
    }
    size_t c = 0;
    for (; c + BLOCK <= cols; c += BLOCK)
        look(&s, x + c, BLOCK);
    look(&s, x + c, (int)(cols - c));

    float most[BLOCK];
    __builtin_memcpy(most, s.most, sizeof most);
    const float largest = block_max(most);
    for (int i = 0; i < BLOCK; i++)
        s.sum[i] *= power(s.most[i] - largest);
    const float sum = block_sum(s.sum), scale = sum > 0 ? 1 / sum : 0; /* zeros for a row of -inf */

    for (c = 0; c < cols; c++)
        y[c] = power(x[c] - largest) * scale;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        softmax((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
