//! kernel     top-k/2-sorted-list
//! idea       The k largest so far are kept in order. An element must beat the last of them, which few do after
//! idea       the first ones; the row is read once.
//! shape      rows=16 cols=50257 k=40
//! buffer     x      in   f32[rows,cols]  uniform(-9,9)
//! buffer     index  out  u32[rows,k]
//! reference  topk  tolerance 1e-12
//! only       k<=cols
//! only       k<=1024
//! verify     rows=13 cols=37 k=5 x=masked(-9,9)
//! verify     rows=1 cols=1 k=1
//! verify     rows=2 cols=41 k=41
//! verify     rows=3 cols=1031 k=40 x=constant(3)
//! verify     rows=7 cols=257 k=101 x=masked(3,3.0000001)
//! verify     rows=2 cols=50257 k=40 x=masked(-9,9)
//! passes     x=1 index=1
#include "kernels/native.h"

static inline void topk(const float *x, size_t cols, uint32_t *index, size_t k)
{
    float best[1024];
    size_t held = 0;
    for (size_t i = 0; i < cols; i++) {
        if (held == k && !(x[i] > best[k - 1]))
            continue;
        size_t at = held < k ? held++ : k - 1;
        for (; at > 0 && best[at - 1] < x[i]; at--) {
            best[at] = best[at - 1];
            index[at] = index[at - 1];
        }
        best[at] = x[i];
        index[at] = (uint32_t)i;
    }
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1], k = l->push[2], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        topk((const float *)l->buffer[0] + row * cols, cols, (uint32_t *)l->buffer[1] + row * k, k);
}
