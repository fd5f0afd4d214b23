//! kernel     gemm/25-any-shape
//! idea       The packed kernel, and what long thin matrices want beside it: the next rows of a are asked for while these are
//! idea       used, a large c that is written once goes past the caches, and where a has a few rows, or b a few columns, the
//! idea       large matrix is not packed but read once as it lies.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! passes     a=ceil(n/NC) b=1 c=2*ceil(k/KC)-1
//! flops      2*m*n*k
//! tune       KC 384 192 256 512
//! tune       NC 512 256 1024
//! verify     m=1 n=1 k=1
//! verify     m=13 n=31 k=67
//! verify     m=29 n=545 k=5
//! verify     m=19 n=1061 k=771
//! verify     m=1 n=131 k=1031
//! verify     m=17 n=1 k=4099
//! verify     m=31 n=3 k=129
//! verify     m=7 n=2051 k=15
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
/* Steps of k between two looks ahead. */
enum { STEPS = 32 };
enum { LINE = 64, LINE_FLOATS = LINE / 4 };
/* A c of as many floats is no use to caches; it is written past them where it is written once. */
enum { STREAM_FLOATS = 4 << 20 };
/* Up to so many rows or columns the large matrix is read as it lies: a copy of it would be used too seldom. */
enum { FEW_ROWS = 8, FEW_COLS = 4 };
/* With few rows: rows of b at a time, how many are summed up before c is touched, and floats of c at a time. */
enum { DEPTH = 8, DEPTH_BLOCK = 512, STRIP = 4096 };
/* With few columns: rows of a at a time, and how much of a column of b is turned into a row. */
enum { DOT_ROWS = 4, DOT_BLOCK = 4096 };

typedef float vec __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

enum { BLOCK_FLOATS = KC * (NC + COLS), PACKED_FLOATS = BLOCK_FLOATS + ROWS * STRIDE };
enum { DOT_FLOATS = FEW_COLS * (DOT_BLOCK + WIDTH), SCRATCH_FLOATS = PACKED_FLOATS > DOT_FLOATS ? PACKED_FLOATS : DOT_FLOATS };
EXPORT const unsigned long scratch_bytes = SCRATCH_FLOATS * 4ul;

/* What one worker does: a rectangle of c. */
struct part {
    const float *a, *b;
    float *c;
    size_t m, n, k, b_stride; /* which is c's too; a's is k */
    bool past;
};

/* ---- parts of vectors ---- */

/* The first n floats of a vector, zeros behind them. */
INLINE vec load_part(const float *p, size_t n)
{
    if (n >= WIDTH)
        return *(const vec *)p;
#if defined __AVX512F__
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
    vec v = {0};
    for (size_t i = 0; i < n; i++)
        v[i] = p[i];
    return v;
#endif
}

INLINE void store_part(float *p, vec v, size_t n)
{
#if defined __AVX512F__
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
    for (size_t i = 0; i < n; i++)
        p[i] = v[i];
#endif
}

INLINE void store_past(float *p, vec v)
{
#if defined __AVX512F__
    _mm512_stream_ps(p, (__m512)v);
#elif defined __AVX__
    _mm256_stream_ps(p, (__m256)v);
#elif defined __x86_64__
    _mm_stream_ps(p, (__m128)v);
#else
    *(vec *)p = v;
#endif
}

/* ---- tiles ---- */

/* Lines that are needed later: `lines` in a row, rows `stride` bytes apart, `each` at every look. */
struct ahead {
    const char *at;
    size_t line, lines, stride, each;
};

INLINE void ask(struct ahead *q)
{
    for (size_t i = 0; i < q->each; i++) {
        __builtin_prefetch(q->at + q->line * LINE, 0, 2);
        if (++q->line >= q->lines) {
            q->line = 0;
            q->at += q->stride;
        }
    }
}

enum store { PUT, ADD, PAST };

struct tile {
    const float *a, *b;
    size_t depth;
    float *c;
    size_t n, last; /* columns in the last vector */
    enum store store;
    struct ahead ahead;
};

INLINE void store_sum(const struct tile *t, float *at, vec sum, bool whole)
{
    if (t->store == ADD)
        sum += load_part(at, whole ? WIDTH : t->last);
    if (!whole)
        store_part(at, sum, t->last);
    else if (t->store == PAST)
        store_past(at, sum);
    else
        *(vec *)at = sum;
}

/* `rows` times `vecs` vectors of c, as one function for each: sums that are in registers have no index. */
INLINE void tile(struct tile *t, const int rows, const int vecs)
{
    const float *a = t->a, *b = t->b, *end = t->a + t->depth;
    vec sum[ROWS][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        sum[i][0] = sum[i][1] = (vec){0};
        if (t->store != PAST)
            __builtin_prefetch(t->c + (size_t)i * t->n, 1);
    }
    while (a < end) {
        const float *stop = a + STEPS < end ? a + STEPS : end;
        ask(&t->ahead);
        for (; a < stop; a++, b += COLS) {
            const vec x = *(const vec *)b, y = *(const vec *)(b + WIDTH);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                sum[i][0] += a[i * STRIDE] * x;
                if (vecs > 1)
                    sum[i][1] += a[i * STRIDE] * y;
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vecs; v++)
            store_sum(t, t->c + (size_t)i * t->n + v * WIDTH, sum[i][v], v < vecs - 1 || t->last == WIDTH);
}

typedef void (*tile_function)(struct tile *);

#define TILE(name, rows, vecs) static __attribute__((noinline)) void name(struct tile *t) { tile(t, rows, vecs); }
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

/* ---- packed ---- */

/* A block of b as panels of COLS columns, row under row. */
static void pack(float *to, const float *b, size_t n, size_t depth, size_t cols)
{
    const size_t rest = cols % COLS, last = rest % WIDTH;
    for (size_t p = 0; p < depth; p++, b += n, to += COLS) {
        const float *from = b;
        float *at = to;
        for (size_t j = 0; j + COLS <= cols; j += COLS, at += depth * COLS, from += COLS) {
            *(vec *)at = *(const vec *)from;
            *(vec *)(at + WIDTH) = *(const vec *)(from + WIDTH);
        }
        if (rest >= WIDTH) {
            *(vec *)at = *(const vec *)from;
            from += WIDTH, at += WIDTH;
        }
        if (last)
            *(vec *)at = load_part(from, last);
    }
}

static void copy_rows(float *to, const float *a, size_t k, size_t depth, size_t rows)
{
    for (size_t i = 0; i < rows; i++, to += STRIDE, a += k)
        for (size_t p = 0; p < depth; p += WIDTH)
            *(vec *)(to + p) = load_part(a + p, depth - p);
}

/* All tiles of a block of b: c[.., j..j+cols) += a[.., p..p+depth) times the block. */
static void multiply_block(const struct part *w, const float *block, float *copy, size_t j, size_t cols, size_t p, size_t depth)
{
    const size_t count = (w->m + ROWS - 1) / ROWS; /* rows of tiles, as equal as can be: none is left with one row */
    const size_t looks = (cols + COLS - 1) / COLS * ((depth + STEPS - 1) / STEPS), lines = depth / LINE_FLOATS + 1;
    struct tile t = {.a = copy, .depth = depth, .n = w->b_stride, .store = p ? ADD : w->past ? PAST : PUT};
    for (size_t r = 0; r < count; r++) {
        const size_t i = w->m * r / count, rows = w->m * (r + 1) / count - i;
        const float *a = w->a + i * w->k + p, *next = r + 1 < count ? a + rows * w->k : w->a + p + depth;
        copy_rows(copy, a, w->k, depth, rows);
        t.ahead = (struct ahead){(const char *)next, 0, lines, w->k * 4, (rows * lines + looks - 1) / looks};
        for (size_t q = 0; q < cols; q += COLS) {
            const size_t width = cols - q < COLS ? cols - q : COLS;
            t.b = block + q * depth;
            t.c = w->c + i * w->b_stride + j + q;
            t.last = (width - 1) % WIDTH + 1;
            tiles[rows - 1][width > WIDTH](&t);
        }
    }
}

static void packed(const struct part *w, float *scratch)
{
    for (size_t j = 0; j < w->n; j += NC)
        for (size_t p = 0; p < w->k; p += KC) {
            const size_t cols = w->n - j < NC ? w->n - j : NC, depth = w->k - p < KC ? w->k - p : KC;
            pack(scratch, w->b + p * w->b_stride + j, w->b_stride, depth, cols);
            multiply_block(w, scratch, scratch + BLOCK_FLOATS, j, cols, p, depth);
        }
}

/* ---- few rows ---- */

/* One vector of each row of the strip += a's next `depth` columns times as many rows of b. */
INLINE void update(const struct part *w, const float *a, const float *b, float *strip, size_t width, const int depth, size_t n)
{
    vec y[DEPTH];
#pragma GCC unroll 8
    for (int d = 0; d < depth; d++) {
        const float *from = b + (size_t)d * w->b_stride;
        y[d] = load_part(from, n);
        __builtin_prefetch(from + depth * w->b_stride, 0, 2);
    }
    for (size_t i = 0; i < w->m; i++) {
        vec *at = (vec *)(strip + i * width), sum = *at;
#pragma GCC unroll 8
        for (int d = 0; d < depth; d++)
            sum += a[i * w->k + (size_t)d] * y[d];
        *at = sum;
    }
}

INLINE size_t update_strip(const struct part *w, float *strip, size_t width, size_t j, size_t cols, size_t p, const int depth)
{
    const float *a = w->a + p, *b = w->b + p * w->b_stride + j;
    size_t q = 0;
    for (; q + WIDTH <= cols; q += WIDTH)
        update(w, a, b + q, strip + q, width, depth, WIDTH);
    if (q < cols)
        update(w, a, b + q, strip + q, width, depth, cols - q);
    return p + (size_t)depth;
}

static void add_strip(const struct part *w, const float *strip, size_t width, size_t j, size_t cols, bool add)
{
    for (size_t i = 0; i < w->m; i++)
        for (size_t q = 0; q < cols; q++) {
            float *at = w->c + i * w->b_stride + j + q;
            *at = strip[i * width + q] + (add ? *at : 0);
        }
}

/* b is read row by row, DEPTH of them at a time, into a strip of c that stays in the first cache. */
static void few_rows(const struct part *w, float *strip)
{
    const size_t width = STRIP / w->m / WIDTH * WIDTH;
    for (size_t j = 0; j < w->n; j += width)
        for (size_t p = 0; p < w->k; p += DEPTH_BLOCK) {
            const size_t cols = w->n - j < width ? w->n - j : width, end = w->k - p < DEPTH_BLOCK ? w->k : p + DEPTH_BLOCK;
            size_t q = p;
            __builtin_memset(strip, 0, STRIP * sizeof *strip);
            while (q + DEPTH <= end)
                q = update_strip(w, strip, width, j, cols, q, DEPTH);
            while (q + 2 <= end)
                q = update_strip(w, strip, width, j, cols, q, 2);
            while (q < end)
                q = update_strip(w, strip, width, j, cols, q, 1);
            add_strip(w, strip, width, j, cols, p > 0);
        }
}

/* ---- few columns ---- */

INLINE float total(vec v)
{
    float t = 0;
    for (int i = 0; i < WIDTH; i++)
        t += v[i];
    return t;
}

/* Rows of a times columns of b, which lie as rows here, filled up with zeros: whole vectors along k. */
INLINE void dots(const struct part *w, const float *a, const float *b, size_t depth, float *c, const int rows, const int cols,
                 bool add)
{
    vec sum[DOT_ROWS][FEW_COLS] = {0};
    for (size_t p = 0; p < depth; p += WIDTH) {
        vec y[FEW_COLS];
#pragma GCC unroll 4
        for (int j = 0; j < cols; j++)
            y[j] = *(const vec *)(b + j * (DOT_BLOCK + WIDTH) + p);
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            const float *from = a + (size_t)i * w->k + p;
            const vec x = load_part(from, depth - p);
            __builtin_prefetch(from + rows * w->k, 0, 2);
#pragma GCC unroll 4
            for (int j = 0; j < cols; j++)
                sum[i][j] += x * y[j];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            float *at = c + (size_t)i * w->b_stride + j;
            *at = total(sum[i][j]) + (add ? *at : 0);
        }
}

INLINE void columns(const struct part *w, float *turned, const int cols)
{
    for (size_t p = 0; p < w->k; p += DOT_BLOCK) {
        const size_t depth = w->k - p < DOT_BLOCK ? w->k - p : DOT_BLOCK;
        size_t i = 0;
        for (size_t q = 0; q < depth + WIDTH; q++)
            for (int j = 0; j < cols; j++)
                turned[(size_t)j * (DOT_BLOCK + WIDTH) + q] = q < depth ? w->b[(p + q) * w->b_stride + (size_t)j] : 0;
        for (; i + DOT_ROWS <= w->m; i += DOT_ROWS)
            dots(w, w->a + i * w->k + p, turned, depth, w->c + i * w->b_stride, DOT_ROWS, cols, p > 0);
        for (; i < w->m; i++)
            dots(w, w->a + i * w->k + p, turned, depth, w->c + i * w->b_stride, 1, cols, p > 0);
    }
}

static void few_cols(const struct part *w, float *turned)
{
    switch (w->n) {
    case 1: columns(w, turned, 1); break;
    case 2: columns(w, turned, 2); break;
    case 3: columns(w, turned, 3); break;
    default: columns(w, turned, 4);
    }
}

/* ---- the team ---- */

/* What a rectangle costs, in vector operations for each step of k: its sums, copying a's rows, packing b's. */
static double cost(size_t m, size_t n, uint32_t down, uint32_t across)
{
    const double rows = (double)((m + down - 1) / down), vecs = (double)((n + WIDTH * across - 1) / (WIDTH * across));
    return rows * vecs + 0.6 * rows + 8 * vecs;
}

/* Each worker has a rectangle of c to itself, of the shape that costs least; what two of them pack twice costs less than
 * to wait for each other. */
EXPORT void kernel(const struct launch *l)
{
    const size_t m = l->push[0], n = l->push[1], k = l->push[2];
    uint32_t down = 1, across = l->workers;
    for (uint32_t d = 2; d <= l->workers; d++)
        if (cost(m, n, d, l->workers / d) < cost(m, n, down, across))
            down = d, across = l->workers / d;
    const uint32_t row = l->worker % down, col = l->worker / down;
    if (col >= across)
        return;
    const size_t top = share(m, 1, row, down), left = share(n, WIDTH, col, across);
    const struct part w = {.a = (const float *)l->buffer[0] + top * k, .b = (const float *)l->buffer[1] + left,
                           .c = (float *)l->buffer[2] + top * n + left, .m = share(m, 1, row + 1, down) - top,
                           .n = share(n, WIDTH, col + 1, across) - left, .k = k, .b_stride = n,
                           .past = k <= KC && m * n >= STREAM_FLOATS && n % WIDTH == 0 && (uintptr_t)l->buffer[2] % 64 == 0};
    if (w.m == 0 || w.n == 0)
        return;
    if (w.n <= FEW_COLS)
        few_cols(&w, l->scratch);
    else if (w.m <= FEW_ROWS)
        few_rows(&w, l->scratch);
    else
        packed(&w, l->scratch);
}
