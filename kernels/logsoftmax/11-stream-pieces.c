//! kernel     logsoftmax/11-stream-pieces
//! idea       For rows too long for the first cache: maximum and sum are found piece by piece, each from where it was
//! idea       just read into, as in softmax/13-stream-pieces. Then the row is read once more, and two differences for
//! idea       each element go past the caches to memory.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  logsoftmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=3 y=1
//! tune       PIECE 2048 1024 4096 8192
#include "kernels/native.h"

/* As in softmax/13-stream-pieces. On a Xeon, 67 MB in rows of 1024, 4096, 65536, 262144 and 1048576 columns, times as
 * fast as 9-stream, which asks for memory too early for the long ones, and keeps what it will write: 0.83 1.16 1.29
 * 1.93 2.05. */
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

static inline void write(float *restrict y, const float *restrict x, float largest, float logarithm, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = (x[i] - largest) - logarithm;
}

/* Whole blocks of y lie at cache lines, but for its ends. */
static inline void write_row(float *restrict y, const float *restrict x, float largest, float logarithm, size_t cols)
{
    size_t c = (64 - (uintptr_t)y % 64) % 64 / 4;
    c = c < cols ? c : cols;
    write(y, x, largest, logarithm, (int)c);
    for (; c + BLOCK <= cols; c += BLOCK) {
        float t[BLOCK];
        write(t, x + c, largest, logarithm, BLOCK);
        stream_block(y + c, t);
    }
    write(y + c, x + c, largest, logarithm, (int)(cols - c));
}

static inline void logsoftmax(const float *restrict x, float *restrict y, size_t cols)
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
    const float sum = block_sum(sums), logarithm = sum > 0 ? log(sum) : 0; /* a row of -inf stays that */
    write_row(y, x, largest, logarithm, cols);
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        logsoftmax((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
