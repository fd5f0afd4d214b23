//! kernel     sample-top-k/parts/draw
//! idea       A share of the rows for each worker, which fetches the k logits of a row once and keeps them.
//! shape      rows=16 cols=50257 k=40 seed=1
//! buffer     x      in   f32[rows,cols]  uniform(-9,9)
//! buffer     list   in   u32[rows,k]  indices(cols)
//! buffer     index  out  u32[rows,1]
//! reference  draw_listed  tolerance 1e-12
//! only       k<=cols
//! only       k<=1024
//! verify     rows=13 cols=37 k=5 seed=3 x=masked(-9,9)
//! verify     rows=1 cols=1 k=1 seed=1
//! verify     rows=3 cols=257 k=40 seed=2 x=constant(3)
//! verify     rows=67 cols=1031 k=7 seed=9
//! passes     x=k/cols list=1 index=1
#include "kernels/native.h"

/* In [0,1), by a counter-based hash (that of elementwise/dropout). */
static inline float draw(uint32_t seed, uint32_t row)
{
    uint32_t h = row + seed * 0x9e3779b9u;
    h = (h ^ h >> 16) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return (float)((h ^ h >> 16) >> 8) / 16777216.0f;
}

static inline float weight(float v, float largest)
{
    return v > -__builtin_inff() ? exp(v - largest) : 0;
}

/* Counted off until nothing is left of the draw. What weighs nothing is not drawn; all of a row of -inf weighs that. */
static uint32_t draw_listed(const float *x, const uint32_t *list, size_t k, float u)
{
    float w[1024], largest = -__builtin_inff(), sum = 0;
    for (size_t i = 0; i < k; i++)
        w[i] = x[list[i]];
    for (size_t i = 0; i < k; i++)
        largest = max(largest, w[i]);
    for (size_t i = 0; i < k; i++) {
        w[i] = weight(w[i], largest);
        sum += w[i];
    }
    float rest = u * sum;
    size_t at = 0;
    for (size_t i = 0; i < k && rest >= 0; i++) {
        rest -= w[i];
        at = w[i] > 0 ? i : at;
    }
    return list[at];
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0];
    const uint32_t *list = l->buffer[1];
    uint32_t *index = l->buffer[2];
    const size_t rows = l->push[0], cols = l->push[1], k = l->push[2], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        index[row] = draw_listed(x + row * cols, list + row * k, k, draw(l->push[3], (uint32_t)row));
}
