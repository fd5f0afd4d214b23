//! kernel     gemm/27-int8-packed
//! idea       24-packed for bytes: a float's place is taken by a word of neighbours in k, and one instruction multiplies a
//! idea       vector of words by a word and adds each word's products to one sum of 32 bits. With VNNI or the dot products of
//! idea       NEON a word holds four bytes, elsewhere two, as halfwords.
//! shape      m=512 n=512 k=512
//! buffer     a  in   i8[m,k]  uniform(-128.4,127.4)
//! buffer     b  in   i8[k,n]  uniform(-128.4,127.4)
//! buffer     c  out  i32[m,n]
//! reference  gemm  tolerance 1e-9
//! passes     a=ceil(n/NC) b=1 c=2*ceil(k/(4*WC))-1
//! tune       WC 256 128 512
//! tune       NC 512 256 1024
//! verify     m=1 n=1 k=1
//! verify     m=13 n=31 k=67
//! verify     m=29 n=545 k=5
//! verify     m=3 n=1029 k=2051
#include "kernels/native.h"

#include <stdbool.h>

/* A tile is ROWS rows of two vectors: its sums, two vectors of b and one word of a fill the registers. */
#if defined __AVX512BW__
enum { WIDTH = 16, ROWS = 12 };
#elif defined __AVX2__
enum { WIDTH = 8, ROWS = 6 };
#else
enum { WIDTH = 4, ROWS = 6 };
#endif
enum { COLS = 2 * WIDTH };

typedef int32_t vec __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

/* GROUP neighbours in k are one word. dot() multiplies a's, repeated, by b's; BIAS is what was added to each of a's bytes,
 * since VNNI wants them without a sign: the sums begin at minus BIAS times b's column. */
#if defined __AVX512VNNI__ && defined __AVX512BW__
enum { GROUP = 4, BIAS = 128 };
static inline vec dot(vec sum, int32_t x, vec y)
{
    return (vec)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(x), (__m512i)y);
}
#elif defined __AVX512BW__
enum { GROUP = 2, BIAS = 0 };
static inline vec dot(vec sum, int32_t x, vec y)
{
    return sum + (vec)_mm512_madd_epi16(_mm512_set1_epi32(x), (__m512i)y);
}
#elif defined __AVXVNNI__
enum { GROUP = 4, BIAS = 128 };
static inline vec dot(vec sum, int32_t x, vec y)
{
    return (vec)_mm256_dpbusd_avx_epi32((__m256i)sum, _mm256_set1_epi32(x), (__m256i)y);
}
#elif defined __AVX2__
enum { GROUP = 2, BIAS = 0 };
static inline vec dot(vec sum, int32_t x, vec y)
{
    return sum + (vec)_mm256_madd_epi16(_mm256_set1_epi32(x), (__m256i)y);
}
#elif defined __x86_64__
enum { GROUP = 2, BIAS = 0 };
static inline vec dot(vec sum, int32_t x, vec y)
{
    return sum + (vec)_mm_madd_epi16(_mm_set1_epi32(x), (__m128i)y);
}
#elif defined __ARM_FEATURE_DOTPROD
enum { GROUP = 4, BIAS = 0 };
static inline vec dot(vec sum, int32_t x, vec y)
{
    return (vec)vdotq_s32((int32x4_t)sum, vreinterpretq_s8_s32(vdupq_n_s32(x)), (int8x16_t)y);
}
#else
enum { GROUP = 2, BIAS = 0 };
static inline vec dot(vec sum, int32_t x, vec y) /* halfwords, by shifts: the low one of a word and the high one */
{
    return sum + (y << 16 >> 16) * (int32_t)(int16_t)x + (y >> 16) * (x >> 16);
}
#endif
#if !defined __x86_64__ && !defined __aarch64__
#error "a processor that this kernel does not know"
#endif

/* One of b's or a's bytes as a part of a word. */
#define PART(x) ((uint32_t)(x) & (GROUP == 4 ? 0xffu : 0xffffu))
enum { BITS = 32 / GROUP, DEPTH = WC * GROUP };
/* Rows of a lie this far apart in their copy, in words: not a power of two, or they would all fall upon the same few lines
 * of the first cache. A panel begins with its columns' first sums. */
enum { STRIDE = WC + 16, PANEL = (WC + 1) * COLS };

EXPORT const unsigned long scratch_bytes = ((unsigned long)PANEL * (NC / COLS + 1) + ROWS * STRIDE) * 4;

/* `rows` times `vecs` vectors of c, as one function for each: sums that are in registers have no index. */
static inline __attribute__((always_inline)) void tile(const int32_t *a, const int32_t *b, size_t words, int32_t *c, size_t n,
                                                       bool add, const int rows, const int vecs)
{
    vec sum[ROWS][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vecs; v++)
            sum[i][v] = *(const vec *)(b + v * WIDTH);
    for (size_t p = 0; p < words; p++) {
        const vec x = *(const vec *)(b + (p + 1) * COLS), y = *(const vec *)(b + (p + 1) * COLS + WIDTH);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            sum[i][0] = dot(sum[i][0], a[i * STRIDE + p], x);
            if (vecs > 1)
                sum[i][1] = dot(sum[i][1], a[i * STRIDE + p], y);
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

typedef void (*tile_function)(const int32_t *a, const int32_t *b, size_t words, int32_t *c, size_t n, bool add);

#define TILE(name, rows, vecs) \
    static __attribute__((noinline)) void name(const int32_t *a, const int32_t *b, size_t words, int32_t *c, size_t n, bool add) \
    { tile(a, b, words, c, n, add, rows, vecs); }
#define TILES(rows) TILE(tile_##rows##_1, rows, 1) TILE(tile_##rows##_2, rows, 2)
#define PAIR(rows)  {tile_##rows##_1, tile_##rows##_2}
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
#if defined __AVX512BW__
TILES(7) TILES(8) TILES(9) TILES(10) TILES(11) TILES(12)
#endif
static const tile_function tiles[ROWS][2] = {
    PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6),
#if defined __AVX512BW__
    PAIR(7), PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12),
#endif
};

/* A block of b as panels of COLS columns, GROUP rows as one of words; what is not there is zero. */
static void pack_panel(int32_t *to, const int8_t *b, size_t n, size_t depth, size_t cols)
{
    uint32_t *words = (uint32_t *)to + COLS;
    for (size_t j = 0; j < COLS; j++)
        to[j] = 0;
    for (size_t p = 0; p < depth; p += GROUP, words += COLS) {
        for (size_t j = 0; j < COLS; j++)
            words[j] = 0;
        for (size_t g = 0; g < GROUP && p + g < depth; g++)
            for (size_t j = 0; j < cols; j++) {
                const int32_t x = b[(p + g) * n + j];
                words[j] |= PART(x) << g * BITS;
                to[j] -= BIAS * x;
            }
    }
}

static void copy_row(int32_t *to, const int8_t *a, size_t depth)
{
    uint32_t *words = (uint32_t *)to;
    size_t w = 0;
    for (; (w + 1) * GROUP <= depth; w++) {
        words[w] = 0;
#pragma GCC unroll 4
        for (size_t g = 0; g < GROUP; g++)
            words[w] |= PART(a[w * GROUP + g] + BIAS) << g * BITS;
    }
    for (size_t p = w * GROUP; p < depth; p++)
        words[w] = (p == w * GROUP ? 0 : words[w]) | PART(a[p] + BIAS) << (p - w * GROUP) * BITS;
}

/* A tile that c has not as many columns for: by way of the stack. */
static void edge_tile(const int32_t *a, const int32_t *b, size_t words, int32_t *c, size_t n, bool add, size_t rows, size_t cols)
{
    int32_t t[ROWS * COLS];
    tiles[rows - 1][cols > WIDTH](a, b, words, t, COLS, false);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++)
            c[i * n + j] = t[i * COLS + j] + (add ? c[i * n + j] : 0);
}

/* One row of tiles: a's rows are copied, then used for all panels of the block. */
static void tile_row(int32_t *copy, const int8_t *a, size_t k, const int32_t *block, size_t depth, int32_t *c, size_t n, size_t cols,
                     size_t rows, bool add)
{
    const size_t words = (depth + GROUP - 1) / GROUP;
    for (size_t i = 0; i < rows; i++)
        copy_row(copy + i * STRIDE, a + i * k, depth);
    for (size_t j = 0; j < cols; j += COLS, block += PANEL)
        if (cols - j >= COLS)
            tiles[rows - 1][1](copy, block, words, c + j, n, add);
        else
            edge_tile(copy, block, words, c + j, n, add, rows, cols - j);
}

/* Each worker has a rectangle of c to itself, as in 24-packed. */
EXPORT void kernel(const struct launch *l)
{
    const int8_t *a = l->buffer[0], *b = l->buffer[1];
    int32_t *c = l->buffer[2], *block = l->scratch, *copy = block + (size_t)PANEL * (NC / COLS + 1);
    const size_t m = l->push[0], n = l->push[1], k = l->push[2];
    const bool wide = n >= m;
    const uint32_t row_worker = wide ? 0 : l->worker, row_workers = wide ? 1 : l->workers;
    const uint32_t col_worker = wide ? l->worker : 0, col_workers = wide ? l->workers : 1;
    const size_t top = share(m, 1, row_worker, row_workers), height = share(m, 1, row_worker + 1, row_workers) - top;
    const size_t left = share(n, WIDTH, col_worker, col_workers), right = share(n, WIDTH, col_worker + 1, col_workers);
    const size_t count = (height + ROWS - 1) / ROWS;
    for (size_t j = left; j < right; j += NC)
        for (size_t p = 0; p < k; p += DEPTH) {
            const size_t cols = right - j < NC ? right - j : NC, depth = k - p < DEPTH ? k - p : DEPTH;
            for (size_t q = 0; q < cols; q += COLS)
                pack_panel(block + q / COLS * PANEL, b + p * n + j + q, n, depth, cols - q < COLS ? cols - q : COLS);
            for (size_t t = 0; t < count; t++) {
                const size_t i = top + height * t / count, end = top + height * (t + 1) / count;
                tile_row(copy, a + i * k + p, k, block, depth, c + i * n + j, n, cols, end - i, p > 0);
            }
        }
}
