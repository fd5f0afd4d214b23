//! kernel     softmax/parts/join-pieces
//! idea       The maxima and sums of a row's pieces, joined: they are few.
//! shape      rows=64 pieces=1000
//! buffer     m        in   f32[rows,pieces]  uniform(90,96)
//! buffer     s        in   f32[rows,pieces]  uniform(50,150)
//! buffer     largest  out  f32[rows,1]
//! buffer     sum      out  f32[rows,1]
//! reference  join_pieces  tolerance 1e-5
//! verify     rows=3 pieces=7
//! verify     rows=1 pieces=1
//! verify     rows=2 pieces=1009
//! passes     m=2 s=1 largest=1 sum=1
#include "kernels/native.h"

KERNEL void kernel(const struct launch *l)
{
    const float *m = l->buffer[0], *s = l->buffer[1];
    float *largest = l->buffer[2], *sum = l->buffer[3];
    const size_t rows = l->push[0], pieces = l->push[1], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++) {
        float most = -3.402823466e38f, all = 0; /* no float is less */
        for (size_t p = 0; p < pieces; p++)
            most = max(most, m[row * pieces + p]);
        for (size_t p = 0; p < pieces; p++)
            all += s[row * pieces + p] * exp(m[row * pieces + p] - most);
        largest[row] = most;
        sum[row] = all;
    }
}
