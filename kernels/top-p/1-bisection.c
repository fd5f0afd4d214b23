//! kernel     top-p/1-bisection
//! idea       Nothing is sorted: the threshold of the nucleus is found bit by bit, by adding up what is not less.
//! shape      rows=16 cols=50257 percent=90 seed=1
//! buffer     x      in   f32[rows,cols]  uniform(-500,500)
//! buffer     index  out  u32[rows,1]
//! reference  topp  tolerance 1e-12
//! verify     rows=13 cols=37 x=masked(-9,9)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=257 x=constant(3)
//! verify     rows=3 cols=1031 percent=50 seed=7 x=uniform(-200,200)
//! verify     rows=2 cols=50257 x=masked(-2000,2000)

/* The logits lie far apart, since the reference refuses decisions that rounding could turn: see kernels/reference/topp.c. */
#include "kernels/native.h"

/* Whole numbers in the order of the floats. */
static inline uint32_t key(float v)
{
    const uint32_t u = (uint32_t)bits_of_float(v);
    return v == 0 ? 0x80000000u : u >> 31 ? ~u : u | 0x80000000u;
}

static inline double mass(const float *x, size_t n, uint32_t least, float largest)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += key(x[i]) >= least ? exp(x[i] - largest) : 0;
    return sum;
}

/* In [0,1), by a counter-based hash (that of elementwise/dropout). */
static inline double draw(uint32_t seed, uint32_t row)
{
    uint32_t h = row + seed * 0x9e3779b9u;
    h = (h ^ h >> 16) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return ((h ^ h >> 16) >> 8) / 16777216.0;
}

static inline uint32_t topp(const float *x, size_t n, double p, double u)
{
    float largest = -__builtin_inff();
    for (size_t i = 0; i < n; i++)
        largest = max(largest, x[i]);
    if (largest == -__builtin_inff())
        return 0;
    const double wanted = p * mass(x, n, 0, largest);
    uint32_t least = 0, at = 0;
    for (uint32_t bit = 0x80000000u; bit > 0; bit >>= 1)
        if (mass(x, n, least | bit, largest) >= wanted)
            least |= bit;
    double rest = u * mass(x, n, least, largest);
    for (size_t i = 0; i < n && rest >= 0; i++)
        if (key(x[i]) >= least) {
            rest -= exp(x[i] - largest);
            at = (uint32_t)i;
        }
    return at;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        ((uint32_t *)l->buffer[1])[row] = topp((const float *)l->buffer[0] + row * cols, cols, l->push[2] / 100.0,
                                               draw(l->push[3], (uint32_t)row));
}
