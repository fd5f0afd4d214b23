//! kernel     gemm/24-packed
//! idea       After Goto and BLIS: a tile of c as large as the registers hold is summed over KC steps of k, from a block of b
//! idea       that was copied into panels as wide as the tile, and stays in the second cache, and from as many rows of a as
//! idea       the tile has, copied into the first. Each load then serves a whole row or column of the tile.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! passes     a=ceil(n/NC) b=1 c=2*ceil(k/KC)-1
//! flops      2*m*n*k
//! epilogue   c  float
//! tune       KC 384 192 256 512
//! tune       NC 512 256 1024
//! verify     m=1 n=1 k=1
//! verify     m=13 n=31 k=67
//! verify     m=15 n=33 k=385
//! verify     m=29 n=545 k=5
//! verify     m=3 n=1029 k=771
#include "kernels/native.h"

#include <stdbool.h>

/* A tile is ROWS rows of two vectors: its sums, two vectors of b and one element of a fill the registers. */
#if defined __AVX512F__
enum { WIDTH = 16, ROWS = 14 };
#elif defined __AVX__
enum { WIDTH = 8, ROWS = 6 };
#elif defined __aarch64__
enum { WIDTH = 4, ROWS = 12 };
#else
enum { WIDTH = 4, ROWS = 6 };
#endif
enum { COLS = 2 * WIDTH };
/* Rows of a lie this far apart in their copy: not a power of two, or they would all fall upon the same few lines of the
 * first cache. */
enum { STRIDE = KC + 16 };

typedef float vec __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

EXPORT const unsigned long scratch_bytes = ((unsigned long)KC * (NC + COLS) + ROWS * STRIDE) * 4;

/* `rows` times `vecs` vectors of c, as one function for each: sums that are in registers have no index. */
static inline __attribute__((always_inline)) void tile(const float *a, const float *b, size_t depth, float *c, size_t n,
                                                       bool add, const int rows, const int vecs)
{
    vec sum[ROWS][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vecs; v++)
            sum[i][v] = (vec){0};
    for (size_t p = 0; p < depth; p++) {
        const vec x = *(const vec *)(b + p * COLS), y = *(const vec *)(b + p * COLS + WIDTH);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            sum[i][0] += a[i * STRIDE + p] * x;
            if (vecs > 1)
                sum[i][1] += a[i * STRIDE + p] * y;
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vecs; v++) {
            vec *at = (vec *)(c + (size_t)i * n + v * WIDTH);
            if (add)
                sum[i][v] += *at;
            *at = sum[i][v];
        }
}

typedef void (*tile_function)(const float *a, const float *b, size_t depth, float *c, size_t n, bool add);

#define TILE(name, rows, vecs) \
    static __attribute__((noinline)) void name(const float *a, const float *b, size_t depth, float *c, size_t n, bool add) \
    { tile(a, b, depth, c, n, add, rows, vecs); }
#define TILES(rows) TILE(tile_##rows##_1, rows, 1) TILE(tile_##rows##_2, rows, 2)
#define PAIR(rows)  {tile_##rows##_1, tile_##rows##_2}
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
#if defined __AVX512F__ || defined __aarch64__
TILES(7) TILES(8) TILES(9) TILES(10) TILES(11) TILES(12)
#endif
#if defined __AVX512F__
TILES(13) TILES(14)
#endif
static const tile_function tiles[ROWS][2] = {
    PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6),
#if defined __AVX512F__ || defined __aarch64__
    PAIR(7), PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12),
#endif
#if defined __AVX512F__
    PAIR(13), PAIR(14),
#endif
};

/* A block of b as panels of COLS columns, row under row; the last one is filled up with zeros. */
static void pack(float *to, const float *b, size_t n, size_t depth, size_t cols)
{
    for (size_t p = 0; p < depth; p++, b += n, to += COLS) {
        float *at = to;
        size_t j = 0;
        for (; j + COLS <= cols; j += COLS, at += depth * COLS) {
            *(vec *)at = *(const vec *)(b + j);
            *(vec *)(at + WIDTH) = *(const vec *)(b + j + WIDTH);
        }
        for (size_t i = 0; i < COLS && j < cols; i++)
            at[i] = j + i < cols ? b[j + i] : 0;
    }
}

static void copy_rows(float *to, const float *a, size_t k, size_t depth, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        __builtin_memcpy(to + i * STRIDE, a + i * k, depth * sizeof *to);
}

/* A tile that c has not as many columns for: by way of the stack. */
static void edge_tile(const float *a, const float *b, size_t depth, float *c, size_t n, bool add, size_t rows, size_t cols)
{
    float t[ROWS * COLS];
    tiles[rows - 1][cols > WIDTH](a, b, depth, t, COLS, false);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            c[i * n + j] = t[i * COLS + j] + (add ? c[i * n + j] : 0);
}

/* One row of tiles: a's rows are copied, then used for all panels of the block. */
static void tile_row(float *copy, const float *a, size_t k, const float *block, size_t depth, float *c, size_t n, size_t cols,
                     size_t rows, bool add)
{
    copy_rows(copy, a, k, depth, rows);
    size_t j = 0;
    for (; j + COLS <= cols; j += COLS)
        tiles[rows - 1][1](copy, block + j * depth, depth, c + j, n, add);
    if (j + WIDTH == cols)
        tiles[rows - 1][0](copy, block + j * depth, depth, c + j, n, add);
    else if (j < cols)
        edge_tile(copy, block + j * depth, depth, c + j, n, add, rows, cols - j);
}

#ifndef EPILOGUE
#define EPILOGUE(launch, values, row, col, count) /* what is to be done with a piece of a row that is complete */
#endif

/* Each worker has a rectangle of c to itself: whole rows, or where there are more columns than rows, whole columns. What
 * two workers pack twice costs less than to wait for each other. */
EXPORT void kernel(const struct launch *l)
{
    const float *a = l->buffer[0], *b = l->buffer[1];
    float *c = l->buffer[2], *block = l->scratch, *copy = block + (size_t)KC * (NC + COLS);
    const size_t m = l->push[0], n = l->push[1], k = l->push[2];
    const bool wide = n >= m;
    const uint32_t row_worker = wide ? 0 : l->worker, row_workers = wide ? 1 : l->workers;
    const uint32_t col_worker = wide ? l->worker : 0, col_workers = wide ? l->workers : 1;
    const size_t top = share(m, 1, row_worker, row_workers), height = share(m, 1, row_worker + 1, row_workers) - top;
    const size_t left = share(n, WIDTH, col_worker, col_workers), right = share(n, WIDTH, col_worker + 1, col_workers);
    const size_t count = (height + ROWS - 1) / ROWS; /* rows of tiles, as equal as can be: none is left with one row */
    for (size_t j = left; j < right; j += NC)
        for (size_t p = 0; p < k; p += KC) {
            const size_t cols = right - j < NC ? right - j : NC, depth = k - p < KC ? k - p : KC;
            pack(block, b + p * n + j, n, depth, cols);
            for (size_t t = 0; t < count; t++) {
                const size_t i = top + height * t / count, end = top + height * (t + 1) / count;
                tile_row(copy, a + i * k + p, k, block, depth, c + i * n + j, n, cols, end - i, p > 0);
                for (size_t row = i; row < end && p + depth == k; row++)
                    EPILOGUE(l, c + row * n + j, (uint32_t)row, (uint32_t)j, (uint32_t)cols);
            }
        }
}
