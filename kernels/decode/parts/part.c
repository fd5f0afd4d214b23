//! kernel     decode/parts/part
//! idea       Every so many-th key of a head, and a softmax of its own running over them: no two parts exchange anything,
//! idea       and all read the cache once, for as many queries as share it.
//! shape      heads=4 kvheads=2 n=256 d=64 splits=32
//! verify     heads=1 kvheads=1 n=1 d=64 splits=32
//! verify     heads=4 kvheads=2 n=97 d=64 splits=32
//! verify     heads=2 kvheads=2 n=1037 d=128 splits=5
//! only       d<=512
//! buffer     q  in   f32[heads,d]  uniform(-5,5)
//! buffer     k  in   f32[n,kvheads*d]  uniform(4,6)
//! buffer     v  in   f32[n,kvheads*d]
//! buffer     a  out  f32[heads*splits,d]
//! buffer     m  out  f32[heads*splits,1]
//! buffer     s  out  f32[heads*splits,1]
//! reference  decode_part  tolerance 2e-4
//! flops      4*heads*n*d
//! tune       D d
#include "kernels/native.h"

enum { KEYS = 64, LANES = 16 };

struct state { /* of one query */
    float score[KEYS], sum[D], largest, total;
};

static inline float dot(const float *a, const float *b)
{
    float part[LANES] = {0}, sum = 0; /* as many sums as a vector has lanes */
    int i = 0;
    for (; i + LANES <= D; i += LANES)
        for (int j = 0; j < LANES; j++)
            part[j] += a[i + j] * b[i + j];
    for (; i < D; i++)
        sum += a[i] * b[i];
    for (int h = LANES / 2; h; h /= 2)
        for (int j = 0; j < h; j++)
            part[j] += part[j + h];
    return sum + part[0];
}

/* Scores become weights; what was summed before is brought to the new maximum. */
static void weigh(struct state *w, int keys)
{
    float m = w->largest, sum = 0;
    for (int j = 0; j < keys; j++)
        m = max(m, w->score[j]);
    const float factor = exp(w->largest - m);
    for (int j = 0; j < keys; j++)
        w->score[j] = exp(w->score[j] - m);
    for (int j = 0; j < keys; j++)
        sum += w->score[j];
    w->total = w->total * factor + sum;
    w->largest = m;
    for (int i = 0; i < D; i++)
        w->sum[i] *= factor;
}

/* One head of the cache, for the `group` queries that share it: their states lie side by side. */
static void one_head(struct state *w, const float *q, const float *k, const float *v, size_t group, size_t n,
                     size_t stride)
{
    const float scale = inversesqrt((float)D);
    for (size_t g = 0; g < group; g++) {
        w[g].largest = -1e30f;
        w[g].total = 0;
        for (int i = 0; i < D; i++)
            w[g].sum[i] = 0;
    }
    for (size_t at = 0; at < n; at += KEYS) {
        const int keys = n - at < KEYS ? (int)(n - at) : KEYS;
        for (int j = 0; j < keys; j++) {
            const float *key = k + (at + j) * stride;
            for (size_t g = 0; g < group; g++)
                w[g].score[j] = dot(q + g * D, key) * scale;
        }
        for (size_t g = 0; g < group; g++)
            weigh(w + g, keys);
        for (int j = 0; j < keys; j++) {
            const float *value = v + (at + j) * stride;
            for (size_t g = 0; g < group; g++)
                for (int i = 0; i < D; i++)
                    w[g].sum[i] += w[g].score[j] * value[i];
        }
    }
}

enum { GROUP = 8 }; /* queries at a time: more of them read the cache again */
EXPORT const unsigned long scratch_bytes = GROUP * sizeof(struct state);

KERNEL void kernel(const struct launch *l)
{
    const float *q = l->buffer[0], *k = l->buffer[1], *v = l->buffer[2];
    float *a = l->buffer[3], *m = l->buffer[4], *s = l->buffer[5];
    const size_t heads = l->push[0], kvheads = l->push[1], n = l->push[2], splits = l->push[4];
    const size_t each = heads / kvheads, stride = kvheads * D, end = share(kvheads * splits, 1, l->worker + 1, l->workers);
    struct state *w = l->scratch;
    for (size_t task = share(kvheads * splits, 1, l->worker, l->workers); task < end; task++)
        for (size_t g = 0; g < each; g += GROUP) {
            const size_t group = each - g < GROUP ? each - g : GROUP, other = task / splits, p = task % splits;
            const size_t head = other * each + g, at = p * stride + other * D, keys = p < n ? (n - p - 1) / splits + 1 : 0;
            one_head(w, q + head * D, k + at, v + at, group, keys, stride * splits);
            for (size_t i = 0; i < group; i++) {
                const size_t row = (head + i) * splits + p;
                __builtin_memcpy(a + row * D, w[i].sum, sizeof w[i].sum);
                m[row] = w[i].largest;
                s[row] = w[i].total;
            }
        }
}
