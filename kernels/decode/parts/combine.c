//! kernel     decode/parts/combine
//! idea       The parts of each head, weighed against each other: a part with a smaller maximum counts for less. Neighbours
//! idea       take neighbouring columns.
//! shape      heads=4 d=64 splits=32
//! verify     heads=1 d=1 splits=1
//! verify     heads=5 d=37 splits=7
//! verify     heads=2 d=128 splits=67
//! buffer     a  in   f32[heads*splits,d]
//! buffer     m  in   f32[heads*splits,1]  uniform(40,50)
//! buffer     s  in   f32[heads*splits,1]  uniform(1,9)
//! buffer     o  out  f32[heads,d]
//! reference  decode_combine  tolerance 1e-5
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *a = l->buffer[0], *m = l->buffer[1], *s = l->buffer[2];
    float *o = l->buffer[3];
    const size_t heads = l->push[0], d = l->push[1], splits = l->push[2], end = share(heads, 1, l->worker + 1, l->workers);
    for (size_t head = share(heads, 1, l->worker, l->workers); head < end; head++) {
        const size_t first = head * splits;
        float *to = o + head * d, largest = m[first], total = 0;
        for (size_t p = 1; p < splits; p++)
            largest = max(largest, m[first + p]);
        for (size_t i = 0; i < d; i++)
            to[i] = 0;
        for (size_t p = 0; p < splits; p++) {
            const float weight = exp(m[first + p] - largest);
            total += weight * s[first + p];
            for (size_t i = 0; i < d; i++)
                to[i] += weight * a[(first + p) * d + i];
        }
        for (size_t i = 0; i < d; i++)
            to[i] /= total;
    }
}
