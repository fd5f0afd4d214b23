/* Fused chains as somebody would write them by hand for this one chain: whole rows by vectors, the tensor read once and
 * written once past the caches. Against the generated kernels, fused and unfused. Each result is held against the
 * generated kernel's before it is timed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/chain.h"
#include "harness/rivals/rival.h"
#include "harness/rivals/vector.h"

struct hand {
    const float *x, *tensor[2];
    float *y;
    size_t rows, cols;
    bool past;
};

/* ---- by hand ---- */

static inline __attribute__((always_inline)) void put(const struct hand *h, float *y, vec v)
{
    if (h->past)
        vector_store_past(y, v);
    else
        vector_store(y, v);
}

#define ROWS(h) const struct hand *h = context; \
    for (size_t row = rival_share(h->rows, 1, worker, workers), end = rival_share(h->rows, 1, worker + 1, workers); row < end; row++)
#define VECTORS(h, j) for (size_t j = 0; j < h->cols; j += WIDTH)

static void light(void *context, int worker, int workers)
{
    ROWS(h) {
        const float *x = h->x + row * h->cols;
        float *y = h->y + row * h->cols;
        VECTORS(h, j) {
            vec v = vector_load(x + j) * 1.5f + vector_load(h->tensor[0] + j);
            v = vector_min(vector_max(vector_max(v, (vec){0}), (vec){0} - 1.0f), (vec){0} + 1.0f);
            put(h, y + j, v);
        }
    }
}

static inline vec gelu(vec x)
{
    return x / (1.0f + vector_exp(x * (-1.5957691216f - 0.0713548162726f * (x * x))));
}

static inline vec silu(vec x)
{
    return x / (1.0f + vector_exp(-x));
}

typedef uint32_t uvec __attribute__((vector_size(WIDTH * 4), may_alias));

static inline vec dropout(vec x, uint32_t first)
{
    uvec h;
    for (int i = 0; i < WIDTH; i++)
        h[i] = (uint32_t)i;
    h += first + 0x9e3779b9u;
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    h ^= h >> 16;
    uvec keep = (uvec)(h >= (uint32_t)(0.1f * 4294967296.0f));
    return (vec)(keep & (uvec)(x * (1.0f / 0.9f)));
}

struct moments {
    float mean, scale;
};

static inline struct moments moments(const float *x, size_t cols)
{
    vec sum[4] = {0}, square[4] = {0};
    size_t j = 0;
    for (; j + 4 * WIDTH <= cols; j += 4 * WIDTH)
        for (size_t k = 0; k < 4; k++)
            sum[k] += vector_load(x + j + k * WIDTH);
    for (; j < cols; j += WIDTH)
        sum[0] += vector_load(x + j);
    const float mean = vector_sum(sum[0] + sum[1] + sum[2] + sum[3]) / (float)cols;
    for (j = 0; j + 4 * WIDTH <= cols; j += 4 * WIDTH)
        for (size_t k = 0; k < 4; k++) {
            vec d = vector_load(x + j + k * WIDTH) - mean;
            square[k] += d * d;
        }
    for (; j < cols; j += WIDTH) {
        vec d = vector_load(x + j) - mean;
        square[0] += d * d;
    }
    return (struct moments){mean, 1 / sqrtf(vector_sum(square[0] + square[1] + square[2] + square[3]) / (float)cols + 1e-5f)};
}

static inline void ask_for_row(const float *x, size_t cols)
{
    for (size_t j = 0; j < cols; j += 16)
        __builtin_prefetch(x + j);
}

static void seed(void *context, int worker, int workers)
{
    ROWS(h) {
        const float *x = h->x + row * h->cols;
        const struct moments m = moments(x, h->cols);
        VECTORS(h, j) {
            __builtin_prefetch(x + j + h->cols);
            vec v = (vector_load(x + j) - m.mean) * m.scale + vector_load(h->tensor[0] + j);
            put(h, h->y + row * h->cols + j, dropout(gelu(v), (uint32_t)(row * h->cols + j)));
        }
    }
}

static void layernorm(void *context, int worker, int workers)
{
    ROWS(h) {
        const float *x = h->x + row * h->cols;
        ask_for_row(x + h->cols, h->cols);
        const struct moments m = moments(x, h->cols);
        VECTORS(h, j)
            put(h, h->y + row * h->cols + j, (vector_load(x + j) - m.mean) * m.scale);
    }
}

static void softmax(void *context, int worker, int workers)
{
    ROWS(h) {
        const float *x = h->x + row * h->cols;
        float *y = h->y + row * h->cols, t[8192];
        vec most[4], sum[4] = {0};
        for (int k = 0; k < 4; k++)
            most[k] = (vec){0} - 3.4e38f;
        for (size_t j = 0; j < h->cols; j += 4 * WIDTH)
            for (size_t k = 0; k < 4 && j + k * WIDTH < h->cols; k++)
                most[k] = vector_max(most[k], vector_load(x + j + k * WIDTH));
        const float largest = vector_most(vector_max(vector_max(most[0], most[1]), vector_max(most[2], most[3])));
        for (size_t j = 0; j < h->cols; j += 4 * WIDTH)
            for (size_t k = 0; k < 4 && j + k * WIDTH < h->cols; k++) {
                __builtin_prefetch(x + j + k * WIDTH + h->cols);
                vec v = vector_exp(vector_load(x + j + k * WIDTH) - largest);
                sum[k] += v;
                vector_store(t + j + k * WIDTH, v);
            }
        const float factor = 1 / vector_sum(sum[0] + sum[1] + sum[2] + sum[3]);
        VECTORS(h, j)
            put(h, y + j, vector_load(t + j) * factor);
    }
}

static void gated(void *context, int worker, int workers)
{
    ROWS(h) {
        const float *x = h->x + row * h->cols, *gate = h->tensor[0] + row * h->cols;
        vec sum[4] = {0};
        for (size_t j = 0; j < h->cols; j += 4 * WIDTH)
            for (size_t k = 0; k < 4 && j + k * WIDTH < h->cols; k++)
                sum[k] += vector_load(x + j + k * WIDTH) * vector_load(x + j + k * WIDTH);
        const float scale = 1 / sqrtf(vector_sum(sum[0] + sum[1] + sum[2] + sum[3]) / (float)h->cols + 1e-5f);
        VECTORS(h, j) {
            __builtin_prefetch(x + j + h->cols);
            __builtin_prefetch(gate + j + 1024);
            put(h, h->y + row * h->cols + j, silu(vector_load(x + j) * scale) * vector_load(gate + j));
        }
    }
}

static void deep(void *context, int worker, int workers)
{
    ROWS(h)
        VECTORS(h, j) {
            vec v = vector_load(h->x + row * h->cols + j);
            for (int k = 0; k < 4; k++)
                v = silu(gelu(v));
            put(h, h->y + row * h->cols + j, v);
        }
}

static inline vec sigmoid(vec x)
{
    return 1.0f / (1.0f + vector_exp(-x));
}

static void saturating(void *context, int worker, int workers)
{
    ROWS(h)
        VECTORS(h, j) {
            vec v = vector_load(h->x + row * h->cols + j);
            v = sigmoid(vector_exp(2.0f * sigmoid(2.0f * v) - 1.0f));
            put(h, h->y + row * h->cols + j, 2.0f * sigmoid(2.0f * v) - 1.0f);
        }
}

static void plain_layernorm(void *context, int worker, int workers) /* of rows that end inside a vector */
{
    ROWS(h) {
        const float *x = h->x + row * h->cols;
        const size_t whole = h->cols / WIDTH * WIDTH, rest = h->cols - whole;
        ask_for_row(x + h->cols, h->cols);
        vec sum = vector_load_part(x + whole, rest, 0), square = {0};
        for (size_t j = 0; j < whole; j += WIDTH)
            sum += vector_load(x + j);
        const float mean = vector_sum(sum) / (float)h->cols;
        vec d = vector_load_part(x + whole, rest, mean) - mean;
        square = d * d;
        for (size_t j = 0; j < whole; j += WIDTH) {
            d = vector_load(x + j) - mean;
            square += d * d;
        }
        const float scale = 1 / sqrtf(vector_sum(square) / (float)h->cols + 1e-5f);
        float *y = h->y + row * h->cols;
        for (size_t j = 0; j < whole; j += WIDTH)
            vector_store(y + j, gelu((vector_load(x + j) - mean) * scale + vector_load(h->tensor[0] + j)));
        vec last = gelu((vector_load_part(x + whole, rest, mean) - mean) * scale + vector_load_part(h->tensor[0] + whole, rest, 0));
        for (size_t j = 0; j < rest; j++)
            y[whole + j] = last[j];
    }
}

/* ---- contests ---- */

static const struct entry {
    const char *chain;
    uint64_t cols;
    double bytes;
    team_job job;
    const char *fused_asked; /* fused against unfused */
    double roof;             /* asked: the fused kernel's part of the copy ceiling; 0: nothing */
} entries[] = {
    {"scale|bias|relu|clamp", 1024, 512e6, light, ">= 3.6", 0.90},
    {"layernorm|bias|gelu|dropout(0.1)", 1024, 512e6, seed, ">= 2.2", 0},
    {"layernorm|bias|gelu|dropout(0.1)", 1024, 16e6, seed, "", 0},
    {"softmax", 1024, 512e6, softmax, NULL, 0.85},
    {"layernorm", 1024, 512e6, layernorm, NULL, 0.85},
    {"rmsnorm|silu|mul", 4096, 128e6, gated, "", 0},
    {"gelu|silu|gelu|silu|gelu|silu|gelu|silu", 1024, 64e6, deep, "", 0},
    {"layernorm|bias|gelu", 1003, 128e6, plain_layernorm, "", 0},
    {"layernorm|bias|gelu", 64, 64e6, plain_layernorm, "", 0},
    {"scale|bias|relu|clamp", 32, 64e6, light, "", 0},
    {"tanh|exp|sigmoid|tanh", 1024, 64e6, saturating, "", 0},
    {"layernorm|bias|gelu", 16384, 256e6, plain_layernorm, "", 0},
};

/* Tensors are filled as the plan's own. */
static void prepare(struct bench *b, const struct plan *p, struct hand *h)
{
    int tensors = 0;
    h->rows = p->tensors[0].rows, h->cols = p->tensors[0].cols;
    for (int t = 0; t < p->tensor_count; t++)
        if (p->tensors[t].role == ROLE_IN) {
            size_t count = p->tensors[t].rows * p->tensors[t].cols;
            float *at = rival_memory(b, count + 8192); /* what is asked for ahead is there */
            tensor_fill(&p->tensors[t], 0, count, at);
            if (strcmp(p->tensors[t].name, "x") == 0)
                h->x = at;
            else
                h->tensor[tensors++] = at;
        }
    h->y = rival_memory(b, h->rows * h->cols);
    h->past = h->rows * h->cols * 8 >= 8u << 20;
}

static bool same(struct bench *b, const struct workload *w, struct hand *h, team_job job, struct error *e)
{
    size_t count = h->rows * h->cols;
    float *own = need(count * 4);
    int y = plan_find_tensor(w->plan, "y");
    bool ok = y >= 0 && device_download(b->device, w->buffers[y], 0, own, count * 4, e);
    team_run(b->team, job, h);
    for (size_t i = 0; ok && i < count; i++)
        if (!(fabsf(own[i] - h->y[i]) <= 1e-3f * (1 + fabsf(own[i]))))
            ok = error_set(e, EXIT_CHECK, "%s: element %zu is %.9g, by hand %.9g", w->plan->name, i, (double)own[i], (double)h->y[i]);
    free(own);
    return ok;
}

static bool measure(struct bench *b, struct contest *c, const struct entry *n, struct error *e)
{
    uint64_t rows = chain_rows(n->bytes, n->cols);
    double bytes = 2.0 * 4 * (double)(rows * n->cols);
    struct workload *fused = own_chain(b, n->chain, "fused", rows, n->cols, e), *unfused = NULL;
    struct hand h = {0};
    bool ok = fused && (!n->fused_asked || (unfused = own_chain(b, n->chain, "unfused", rows, n->cols, e)) != NULL);
    if (ok) {
        prepare(b, fused->plan, &h);
        ok = same(b, fused, &h, n->job, e);
    }
    if (!ok)
        return false;
    printf("%s, %.0f MB, rows of %u\n", n->chain, n->bytes * 1e-6, (unsigned)n->cols);
    ok = own_copies(b, c, bytes / 2, e);
    contest_add(c, "fused", b->device, fused->sequence, bytes);
    contest_add(c, "by hand", b->rivals, rival_sequence(n->job, NULL, &h), bytes);
    if (unfused)
        contest_add(c, "unfused", b->device, unfused->sequence, bytes);
    ok = ok && contest_run(c, 4, e);
    if (ok) {
        char asked[32];
        snprintf(asked, sizeof asked, n->roof > 0 ? ">= %.2f" : "-", n->roof);
        contest_ratio(c, 2, 3, "fused / by hand", ">= 0.95");
        contest_ratio(c, 2, contest_best(c, 0, 2), "fused / copy ceiling", asked);
        if (unfused)
            contest_ratio(c, 2, 4, "fused / unfused", n->fused_asked);
    }
    return ok;
}

bool rivals_chains(struct error *e)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof entries / sizeof *entries; i++) {
        struct bench b = {0};
        struct contest c = {.unit = "GB/s"};
        const char *only = getenv("CHAIN");
        if (only && *only && strcmp(only, entries[i].chain) != 0)
            continue;
        ok = bench_open(&b, 0, e) && measure(&b, &c, &entries[i], e);
        contest_clear(&c);
        rival_memory_clear();
        bench_close(&b);
    }
    return ok;
}
