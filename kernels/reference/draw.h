/* Drawing by weights. A kernel that draws hashes its seed and the row, so that every device draws the same. */
#ifndef ROOFLAB_REFERENCE_DRAW_H
#define ROOFLAB_REFERENCE_DRAW_H

#include <math.h>
#include <stdint.h>

/* In [0,1): the hash of elementwise/dropout, of which 24 bits are a float without rounding. */
static inline double draw_unit(uint32_t seed, uint32_t row)
{
    uint32_t h = row + seed * 0x9e3779b9u;
    h = (h ^ h >> 16) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return ((h ^ h >> 16) >> 8) / 16777216.0;
}

/* Which of n logits a draw u falls to by softmax's weights, counted off in their order: 0 where all are -inf. Sums in floats may
 * differ from these: where a decision is closer than 1e-5 the answer is NaN, which never passes. */
static inline double draw_logit(const double *logit, uint64_t n, double u)
{
    double largest = -INFINITY, all = 0, sum = 0;
    for (uint64_t i = 0; i < n; i++)
        largest = fmax(largest, logit[i]);
    for (uint64_t i = 0; i < n && isfinite(largest); i++)
        all += exp(logit[i] - largest);
    for (uint64_t i = 0; i < n && all > 0; i++) {
        sum += exp(logit[i] - largest);
        if (sum < all * (1 - 1e-9) && fabs(sum - u * all) < 1e-5 * all)
            return NAN;
        if (sum > u * all)
            return (double)i;
    }
    return 0;
}

#endif
