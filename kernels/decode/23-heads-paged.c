//! kernel     decode/23-heads-paged
//! idea       The same over a cache in pages that a block table puts in order, so that it can grow without being moved: the
//! idea       table is asked once for each key, for all queries that share it.
//! shape      heads=4 kvheads=2 n=256 d=64 pages=40 page=8
//! verify     heads=1 kvheads=1 n=1 d=64 pages=40 page=8
//! verify     heads=4 kvheads=2 n=97 d=64 pages=40 page=8
//! verify     heads=6 kvheads=3 n=257 d=19 pages=40 page=8
//! verify     heads=2 kvheads=2 n=64 d=128 pages=1 page=64
//! only       d<=512
//! buffer     q  in   f32[heads,d]  uniform(-5,5)
//! buffer     k  in   f32[pages*page,kvheads*d]  uniform(4,6)
//! buffer     v  in   f32[pages*page,kvheads*d]
//! buffer     table  in  u32[ceil(n/page)]  indices(pages)
//! buffer     o  out  f32[heads,d]
//! reference  decode  tolerance 5e-5
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

struct cache {
    const float *k, *v;    /* of one head */
    const uint32_t *table; /* which page holds the tokens from page * i on */
    size_t page, stride;   /* tokens in a page, floats from a token to the next */
};

/* One head of the cache, for the `group` queries that share it: their states lie side by side. */
static void one_head(struct state *w, const float *q, const struct cache *c, float *o, size_t group, size_t n)
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
        size_t place[KEYS];
        for (int j = 0; j < keys; j++)
            place[j] = (c->table[(at + j) / c->page] * c->page + (at + j) % c->page) * c->stride;
        for (int j = 0; j < keys; j++) {
            const float *key = c->k + place[j];
            for (size_t g = 0; g < group; g++)
                w[g].score[j] = dot(q + g * D, key) * scale;
        }
        for (size_t g = 0; g < group; g++)
            weigh(w + g, keys);
        for (int j = 0; j < keys; j++) {
            const float *value = c->v + place[j];
            for (size_t g = 0; g < group; g++)
                for (int i = 0; i < D; i++)
                    w[g].sum[i] += w[g].score[j] * value[i];
        }
    }
    for (size_t g = 0; g < group; g++)
        for (int i = 0; i < D; i++)
            o[g * D + i] = w[g].sum[i] / w[g].total;
}

enum { GROUP = 8 }; /* queries at a time: more of them read the cache again */
EXPORT const unsigned long scratch_bytes = GROUP * sizeof(struct state);

KERNEL void kernel(const struct launch *l)
{
    const float *q = l->buffer[0];
    float *o = l->buffer[4];
    const size_t heads = l->push[0], kvheads = l->push[1], n = l->push[2], each = heads / kvheads;
    struct cache c = {.table = l->buffer[3], .page = l->push[5], .stride = kvheads * D};
    for (size_t other = share(kvheads, 1, l->worker, l->workers); other < share(kvheads, 1, l->worker + 1, l->workers); other++)
        for (size_t g = 0; g < each; g += GROUP) {
            const size_t group = each - g < GROUP ? each - g : GROUP, head = other * each + g;
            c.k = (const float *)l->buffer[1] + other * D;
            c.v = (const float *)l->buffer[2] + other * D;
            one_head(l->scratch, q + head * D, &c, o + head * D, group, n);
        }
}
