//! kernel     decode/parts/part
//! idea       Every part has a softmax of its own running over its keys, as on a GPU, but here a thread does all parts of its
//! idea       heads side by side: parts are the lanes of its vectors, and it walks down the cache row by row.
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

enum { KEYS = 32, LANES = 16 };

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

/* The next key and value of each of `keys` parts of one query. */
static inline void add_keys(const float *q, const float *k, const float *v, size_t stride, int keys, float *a, float *m,
                            float *s)
{
    const float scale = inversesqrt((float)D);
    float score[KEYS], factor[KEYS], weight[KEYS];
    for (int j = 0; j < keys; j++)
        score[j] = dot(q, k + j * stride) * scale;
    for (int j = 0; j < keys; j++) {
        const float larger = max(m[j], score[j]);
        factor[j] = exp(m[j] - larger);
        weight[j] = exp(score[j] - larger);
        s[j] = s[j] * factor[j] + weight[j];
        m[j] = larger;
    }
    for (int j = 0; j < keys; j++)
        for (int i = 0; i < D; i++)
            a[j * D + i] = a[j * D + i] * factor[j] + weight[j] * v[j * stride + i];
}

KERNEL void kernel(const struct launch *l)
{
    const float *q = l->buffer[0], *k = l->buffer[1], *v = l->buffer[2];
    float *a = l->buffer[3], *m = l->buffer[4], *s = l->buffer[5];
    const size_t heads = l->push[0], kvheads = l->push[1], n = l->push[2], splits = l->push[4];
    const size_t each = heads / kvheads, stride = kvheads * D;
    const size_t first = share(kvheads, 1, l->worker, l->workers) * each, end = share(kvheads, 1, l->worker + 1, l->workers) * each;
    for (size_t row = first * splits; row < end * splits; row++) {
        m[row] = -1e30f;
        s[row] = 0;
        for (size_t i = 0; i < D; i++)
            a[row * D + i] = 0;
    }
    for (size_t at = 0; at < n; at += splits) /* each of these keys is another part's */
        for (size_t p = 0; p < splits && at + p < n; p += KEYS) {
            size_t keys = n - at - p < splits - p ? n - at - p : splits - p;
            keys = keys < KEYS ? keys : KEYS;
            for (size_t head = first; head < end; head++) {
                const size_t from = (at + p) * stride + head / each * D, row = head * splits + p;
                add_keys(q + head * D, k + from, v + from, stride, (int)keys, a + row * D, m + row, s + row);
            }
        }
}
