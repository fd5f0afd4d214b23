//! kernel     softmax/13-stream-pieces
//! idea       For rows too long for the first cache: maximum and sum are found piece by piece, each from where it was
//! idea       just read into, and what is summed already is scaled where a piece has a larger maximum. Then the row is
//! idea       read once more, and what is written goes past the caches: every exponential is found twice, but no row
//! idea       of them waits anywhere.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=3 y=1
//! tune       PIECE 2048 1024 4096 8192
#include "kernels/native.h"

/* Columns that are read for their maximum and soon again for their sum: 2048 of them, and half as many again that are
 * on their way, are 20 kB. On a Xeon, 64 rows of 262144 columns: 1024 3.66 ms, 2048 3.56, 4096 3.51, 8192 3.52. Times
 * as fast as 9-stream, 67 MB in rows of 1024, 4096, 16384, 65536, 262144 and 1048576 columns: 0.87 1.05 1.15 1.19 1.74
 * 1.93. */
enum { AHEAD = PIECE + PIECE / 2 }; /* while exponentials are found, memory has time */

static inline void add(float *restrict sums, const float *restrict x, float largest, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += power(x[i] - largest);
}

static inline void add_piece(float *restrict sums, const float *restrict x, size_t n, float largest)
{
    size_t c = 0;
    for (; c + BLOCK <= n; c += BLOCK) {
        prefetch_block(x + c + AHEAD);
        add(sums, x + c, largest, BLOCK);
    }
    add(sums, x + c, largest, (int)(n - c));
}

static inline void write(float *restrict y, const float *restrict x, float largest, float scale, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = power(x[i] - largest) * scale;
}

/* Whole blocks of y lie at cache lines, but for its ends. */
static inline void write_row(float *restrict y, const float *restrict x, float largest, float scale, size_t cols)
{
    size_t c = (64 - (uintptr_t)y % 64) % 64 / 4;
    c = c < cols ? c : cols;
    write(y, x, largest, scale, (int)c);
    for (; c + BLOCK <= cols; c += BLOCK) {
        float t[BLOCK];
        write(t, x + c, largest, scale, BLOCK);
        stream_block(y + c, t);
    }
    write(y + c, x + c, largest, scale, (int)(cols - c));
}

static inline void softmax(const float *restrict x, float *restrict y, size_t cols)
{
    float largest = LOWEST, sums[BLOCK] = {0};
    for (size_t c = 0; c < cols; c += PIECE) {
        const size_t n = cols - c < PIECE ? cols - c : PIECE;
        const float before = largest;
        largest = row_max(x + c, n, before);
        const float less = power(before - largest);
        for (int i = 0; i < BLOCK; i++)
            sums[i] *= less;
        add_piece(sums, x + c, n, largest);
    }
    const float sum = block_sum(sums), scale = sum > 0 ? 1 / sum : 0; /* zeros for a row of -inf */
    write_row(y, x, largest, scale, cols);
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        softmax((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
