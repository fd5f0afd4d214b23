//! kernel     layernorm/10-stream-pieces
//! idea       For rows too long for the first cache: mean and squared differences are found piece by piece, each from
//! idea       where it was just read into, and joined as two samples' are (Chan, Golub and LeVeque). Then the row is
//! idea       read once more, and what is written goes past the caches.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=131 cols=2052 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=3 y=1
//! tune       PIECE 2048 1024 4096 8192
#include "kernels/native.h"

/* As in softmax/13-stream-pieces. On a Xeon, 67 MB in rows of 1024, 4096, 65536 and 262144 columns, times as fast as
 * 8-stream, which asks for memory too early for the long ones, and keeps what it will write: 0.98 1.14 1.35 2.07. */
enum { AHEAD = PIECE + PIECE / 2 };

struct statistics {
    float mean, squares; /* of some elements: their mean, and the sum of the squares of what differs from it */
};

static inline void add(float *restrict sums, const float *restrict x, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += x[i];
}

static inline void add_squares(float *restrict sums, const float *restrict x, float mean, int n)
{
    for (int i = 0; i < n; i++)
        sums[i] += (x[i] - mean) * (x[i] - mean);
}

static inline struct statistics of_piece(const float *x, size_t n)
{
    float sums[BLOCK] = {0}, squares[BLOCK] = {0};
    size_t c = 0;
    for (; c + BLOCK <= n; c += BLOCK)
        add(sums, x + c, BLOCK);
    add(sums, x + c, (int)(n - c));
    const float mean = block_sum(sums) / (float)n;

    for (c = 0; c + BLOCK <= n; c += BLOCK) {
        prefetch_block(x + c + AHEAD);
        add_squares(squares, x + c, mean, BLOCK);
    }
    add_squares(squares, x + c, mean, (int)(n - c));
    return (struct statistics){.mean = mean, .squares = block_sum(squares)};
}

/* Two samples, of n and m elements, as one. */
static inline struct statistics joined(struct statistics a, size_t n, struct statistics b, size_t m)
{
    const float apart = b.mean - a.mean, share_of_b = (float)m / (float)(n + m);
    return (struct statistics){
        .mean = a.mean + apart * share_of_b,
        .squares = a.squares + b.squares + apart * apart * share_of_b * (float)n,
    };
}

static inline void write(float *restrict y, const float *restrict x, float mean, float scale, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = (x[i] - mean) * scale;
}

/* Whole blocks of y lie at cache lines, but for its ends. */
static inline void write_row(float *restrict y, const float *restrict x, float mean, float scale, size_t cols)
{
    size_t c = (64 - (uintptr_t)y % 64) % 64 / 4;
    c = c < cols ? c : cols;
    write(y, x, mean, scale, (int)c);
    for (; c + BLOCK <= cols; c += BLOCK) {
        float t[BLOCK];
        write(t, x + c, mean, scale, BLOCK);
        stream_block(y + c, t);
    }
    write(y + c, x + c, mean, scale, (int)(cols - c));
}

static inline void layernorm(const float *restrict x, float *restrict y, size_t cols)
{
    struct statistics all = {0, 0};
    for (size_t c = 0; c < cols; c += PIECE) {
        const size_t n = cols - c < PIECE ? cols - c : PIECE;
        all = joined(all, c, of_piece(x + c, n), n);
    }
    write_row(y, x, all.mean, inversesqrt(all.squares / (float)cols + 1e-5f), cols);
}

KERNEL void kernel(const struct launch *l)
{
    const size_t rows = l->push[0], cols = l->push[1];
    const size_t last = share(rows, 1, l->worker + 1, l->workers);
    for (size_t row = share(rows, 1, l->worker, l->workers); row < last; row++)
        layernorm((const float *)l->buffer[0] + row * cols, (float *)l->buffer[1] + row * cols, cols);
}
