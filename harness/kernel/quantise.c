#include "harness/kernel/quantise.h"

#include <math.h>
#include <string.h>

#include "harness/kernel/plan.h"

/* The element with the largest magnitude, with its sign. */
static float extreme(const float *values)
{
    float found = 0;
    for (int i = 0; i < QUANTISE_BLOCK; i++)
        if (fabsf(values[i]) > fabsf(found))
            found = values[i];
    return found;
}

/* Steps are counted in the scale before it is rounded to half precision: that is what the format's files have. */
static float inverse(float scale, unsigned char *block)
{
    uint16_t half = half_from_float(scale);
    memcpy(block, &half, sizeof half);
    return scale != 0 ? 1 / scale : 0;
}

void quantise_q8_0(const float *values, unsigned char *block)
{
    float steps = inverse(fabsf(extreme(values)) / 127, block);
    for (int i = 0; i < QUANTISE_BLOCK; i++)
        block[2 + i] = (unsigned char)(signed char)roundf(values[i] * steps);
}

/* The extreme element becomes -8, so that all sixteen values are used; one as large on the other side is cut to 7. */
static unsigned nibble(float value, float steps)
{
    int n = (int)(value * steps + 8.5f);
    return n < 0 ? 0 : n > 15 ? 15 : (unsigned)n;
}

void quantise_q4_0(const float *values, unsigned char *block)
{
    float steps = inverse(extreme(values) / -8, block);
    for (int i = 0; i < QUANTISE_BLOCK / 2; i++)
        block[2 + i] = (unsigned char)(nibble(values[i], steps) | nibble(values[i + 16], steps) << 4);
}
