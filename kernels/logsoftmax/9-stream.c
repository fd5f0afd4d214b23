//! kernel     logsoftmax/9-stream
//! idea       The results go past the caches to memory, so that a line of y is not read before it is written. While the
//! idea       exponentials are found, what is needed next is asked for. Made for tensors that no cache holds.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  logsoftmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=1 y=1
//! flops      6*rows*cols
//! tune       COLS cols
#include "kernels/native.h"

EXPORT const unsigned long scratch_bytes = COLS * 4ul;

/* A row and a half: while exponentials are found, memory has time. That is too early where a row is about as long as
 * the cache next to a core: 11-stream-pieces is for those. */
enum { AHEAD = COLS + COLS / 2 };

static inline void add(float *restrict sums, const float *restrict x, float largest, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += power(x[i] - largest);
}

static inline void logsoftmax(const float *restrict x, float *restrict y, float *restrict t)
{
    const float largest = row_max(x, COLS, LOWEST);

    float sums[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= COLS; c += BLOCK) {
        prefetch_block(x + c + AHEAD);
        add(sums, x + c, largest, BLOCK);
    }
    add(sums, x + c, largest, (int)(COLS - c));
    const float sum = block_sum(sums), logarithm = sum > 0 ? log(sum) : 0; /* a row of -inf stays that */

    for (c = 0; c < COLS; c++)
        t[c] = (x[c] - largest) - logarithm;
    stream_row(y, t, COLS);
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        logsoftmax((const float *)l->buffer[0] + row * COLS, (float *)l->buffer[1] + row * COLS, l->scratch);
}
