//! kernel     attention/parts/weights-reread
//! idea       Softmax, scaled and masked on the way in, so that neither costs a pass over the scores of its own. From the
//! idea       second time on the row lies in a cache near the core; x and y may be the same memory.
//! shape      rows=256 n=256 d=64 mask=1
//! verify     rows=1 n=1 d=1 mask=1
//! verify     rows=74 n=37 d=64 mask=2
//! verify     rows=5 n=2053 d=19 mask=1
//! verify     rows=300 n=1028 d=64 mask=2
//! buffer     x  in   f32[rows,n]  uniform(280,360)
//! buffer     y  out  f32[rows,n]
//! reference  attention_weights  tolerance 2e-5
//! passes     x=2 y=3
//! flops      7*rows*n
#include "kernels/native.h"

/* exp, but nothing where it is next to nothing: a denormal number as a factor takes a processor a hundred times as long. */
static inline float weight(float v)
{
    const float e = exp(v);
    return v < -80.0f ? 0.0f : e;
}

/* No `restrict`: y may be x. Each element is written after it was last read, so that vectors are in order. */
static void row_of(const float *x, float *y, size_t seen, size_t n, float scaling)
{
    float part[BLOCK];
    size_t i = 0;
    for (int j = 0; j < BLOCK; j++)
        part[j] = LOWEST;
    for (; i + BLOCK <= seen; i += BLOCK)
        for (int j = 0; j < BLOCK; j++)
            part[j] = max(part[j], x[i + j]);
    for (; i < seen; i++)
        part[0] = max(part[0], x[i]);
    const float largest = block_max(part) * scaling;

    for (int j = 0; j < BLOCK; j++)
        part[j] = 0;
    for (i = 0; i + BLOCK <= seen; i += BLOCK)
#pragma GCC ivdep
        for (int j = 0; j < BLOCK; j++) {
            const float e = weight(x[i + j] * scaling - largest);
            y[i + j] = e;
            part[j] += e;
        }
    for (; i < seen; i++)
        part[0] += y[i] = weight(x[i] * scaling - largest);
    const float scale = 1.0f / block_sum(part);

    for (i = 0; i < seen; i++)
        y[i] *= scale;
    for (; i < n; i++)
        y[i] = 0;
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], n = l->push[1], end = share(rows, 1, l->worker + 1, l->workers);
    const float scaling = inversesqrt((float)l->push[2]);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++)
        row_of((const float *)l->buffer[0] + row * n, (float *)l->buffer[1] + row * n, l->push[3] == 2 ? row % n + 1 : n, n,
               scaling);
}
