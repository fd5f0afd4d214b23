//! kernel     attention/25-tiles
//! idea       Both products as one tile in registers: a vector holds the scores of as many queries with one key, so that
//! idea       maxima and sums of the softmax need no exchange between lanes. A block of scores lives in the first cache
//! idea       between the two products and never leaves it; causal blocks beyond the last query are not computed.
//! shape      heads=8 kvheads=8 n=512 d=64 mask=1
//! verify     heads=1 kvheads=1 n=1 d=64 mask=1
//! verify     heads=6 kvheads=2 n=47 d=64 mask=2
//! verify     heads=2 kvheads=2 n=97 d=128 mask=1
//! verify     heads=2 kvheads=1 n=49 d=19 mask=2
//! verify     heads=1 kvheads=1 n=257 d=1 mask=1
//! only       d<=512
//! buffer     q  in   f32[heads*n,d]    uniform(-5,5)
//! buffer     k  in   f32[kvheads*n,d]  uniform(4,6)
//! buffer     v  in   f32[kvheads*n,d]
//! buffer     o  out  f32[heads*n,d]
//! reference  attention  tolerance 2e-5
//! flops      4*heads*n*d*select(mask==2,(n+1)/2,n)
//! tune       D d
//! tune       KEYS 64 32 128
#include "kernels/native.h"

/* A tile is ROWS keys (or columns of v) times three vectors of queries: its sums and one row of vectors fill the registers. */
#if defined __AVX512F__
enum { WIDTH = 16, ROWS = 8 };
#elif defined __AVX__
enum { WIDTH = 8, ROWS = 4 };
#elif defined __aarch64__
enum { WIDTH = 4, ROWS = 8 };
#else
enum { WIDTH = 4, ROWS = 4 };
#endif
enum { VECS = 3, QUERIES = VECS * WIDTH };
#define NO_SCORE -1e30f /* of a score that is none */

typedef float vec __attribute__((vector_size(WIDTH * 4), aligned(WIDTH * 4), may_alias));

struct block { /* what a worker keeps of its queries: one query is one column of everything */
    float q[D][QUERIES], sum[D][QUERIES], p[KEYS][QUERIES], largest[QUERIES], total[QUERIES];
};
EXPORT const unsigned long scratch_bytes = sizeof(struct block);

/* c[rows][QUERIES] (+)= a's rows, which are `across` apart and whose elements are `along`, times b[depth][QUERIES]. */
static inline __attribute__((always_inline)) void product(float (*c)[QUERIES], const float *a, size_t across, size_t along,
                                                          const float (*b)[QUERIES], size_t depth, const int rows,
                                                          const int add)
{
    vec sum[ROWS][VECS];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < VECS; v++)
            sum[i][v] = add ? ((vec *)c[i])[v] : (vec){0};
    for (size_t t = 0; t < depth; t++, a += along) {
        const vec x = ((const vec *)b[t])[0], y = ((const vec *)b[t])[1], z = ((const vec *)b[t])[2];
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const float f = a[i * across];
            sum[i][0] += f * x;
            sum[i][1] += f * y;
            sum[i][2] += f * z;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < VECS; v++)
            ((vec *)c[i])[v] = sum[i][v];
}

/* p = k q: each row of p is one key, and the sum runs along its row of k. */
static __attribute__((noinline)) void scores(struct block *w, const float *k, size_t keys)
{
    size_t j = 0;
    for (; j + ROWS <= keys; j += ROWS)
        product(w->p + j, k + j * D, D, 1, w->q, D, ROWS, 0);
    for (; j < keys; j++)
        product(w->p + j, k + j * D, D, 1, w->q, D, 1, 0);
}

/* sum += v p: each row of the sum is one column of v, and the sum runs down the keys. */
static __attribute__((noinline)) void values(struct block *w, const float *v, size_t keys)
{
    size_t i = 0;
    for (; i + ROWS <= D; i += ROWS)
        product(w->sum + i, v + i, 1, D, w->p, keys, ROWS, 1);
    for (; i < D; i++)
        product(w->sum + i, v + i, 1, D, w->p, keys, 1, 1);
}

/* exp, but nothing where it is next to nothing: a denormal number as a factor takes a processor a hundred times as long. */
static inline float weight(float x)
{
    const float e = exp(x);
    return x < -80.0f ? 0.0f : e;
}

/* Scores become weights; what was summed before is brought to the new maximum. */
static __attribute__((noinline)) void weigh(struct block *w, size_t keys)
{
    float m[QUERIES], factor[QUERIES];
    for (int c = 0; c < QUERIES; c++)
        m[c] = w->largest[c];
    for (size_t j = 0; j < keys; j++)
        for (int c = 0; c < QUERIES; c++)
            m[c] = max(m[c], w->p[j][c]);
    for (int c = 0; c < QUERIES; c++) {
        factor[c] = weight(w->largest[c] - m[c]);
        w->largest[c] = m[c];
        w->total[c] *= factor[c];
    }
    for (int i = 0; i < D; i++)
        for (int c = 0; c < QUERIES; c++)
            w->sum[i][c] *= factor[c];
    for (size_t j = 0; j < keys; j++)
        for (int c = 0; c < QUERIES; c++) {
            w->p[j][c] = weight(w->p[j][c] - m[c]);
            w->total[c] += w->p[j][c];
        }
}

/* Keys from `at` on that stand after a query are none of its: a causal mask. */
static void hide(struct block *w, size_t at, size_t keys, size_t first)
{
    for (size_t j = 0; j < keys; j++)
        for (size_t c = 0; c < QUERIES; c++)
            if (at + j > first + c)
                w->p[j][c] = NO_SCORE;
}

static void start(struct block *w, const float *q, size_t queries)
{
    for (size_t c = 0; c < QUERIES; c++) {
        for (size_t i = 0; i < D; i++) {
            w->q[i][c] = c < queries ? q[c * D + i] / sqrt((float)D) : 0;
            w->sum[i][c] = 0;
        }
        w->largest[c] = NO_SCORE;
        w->total[c] = 0;
    }
}

KERNEL void kernel(const struct launch *l)
{
    const float *q = l->buffer[0], *k = l->buffer[1], *v = l->buffer[2];
    float *o = l->buffer[3];
    const size_t heads = l->push[0], kvheads = l->push[1], n = l->push[2];
    const int causal = l->push[4] == 2;
    const size_t blocks = (n + QUERIES - 1) / QUERIES;
    struct block *w = l->scratch;
    /* Dealt out in turn: of causal blocks each is longer than the one before it. */
    for (size_t task = l->worker; task < heads * blocks; task += l->workers) {
        const size_t head = task / blocks, first = task % blocks * QUERIES, other = head * kvheads / heads * n;
        const size_t queries = n - first < QUERIES ? n - first : QUERIES, last = causal ? first + queries : n;
        start(w, q + (head * n + first) * D, queries);
        for (size_t at = 0; at < last; at += KEYS) {
            const size_t keys = last - at < KEYS ? last - at : KEYS;
            scores(w, k + (other + at) * D, keys);
            if (causal && at + keys > first)
                hide(w, at, keys, first);
            weigh(w, keys);
            values(w, v + (other + at) * D, keys);
        }
        for (size_t c = 0; c < queries; c++)
            for (size_t i = 0; i < D; i++)
                o[(head * n + first + c) * D + i] = w->sum[i][c] / w->total[c];
    }
}
