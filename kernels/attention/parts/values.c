//! kernel     attention/parts/values
//! idea       Weights times values, row after row of the values: every weight is read back, those that the mask has made 0
//! idea       too.
//! shape      heads=2 kvheads=1 n=128 d=64 first=1 count=2
//! verify     heads=1 kvheads=1 n=1 d=1 first=1 count=1
//! verify     heads=6 kvheads=2 n=37 d=19 first=1 count=6
//! verify     heads=2 kvheads=2 n=17 d=64 first=1 count=2
//! buffer     p  in   f32[count*n,n]    uniform(0,0.1)
//! buffer     v  in   f32[kvheads*n,d]
//! buffer     o  out  f32[heads*n,d]
//! reference  attention_values  tolerance 1e-5
//! flops      2*count*n*n*d
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *p = l->buffer[0], *v = l->buffer[1];
    float *o = l->buffer[2];
    const size_t heads = l->push[0], kvheads = l->push[1], n = l->push[2], d = l->push[3];
    const size_t first = l->push[4] - 1, rows = l->push[5] * n, end = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < end; row++) {
        const float *values = v + (first + row / n) * kvheads / heads * n * d, *weights = p + row * n;
        float *to = o + (first * n + row) * d;
        for (size_t i = 0; i < d; i++)
            to[i] = 0;
        for (size_t j = 0; j < n; j++)
            for (size_t i = 0; i < d; i++)
                to[i] += weights[j] * values[j * d + i];
    }
}
