/* A transformer's decoding step, after Llama: for each layer root mean square norm (its gain is taken to be part of the
 * matrices), attention with rotary positions over a cache of n tokens, of which the last one is written now, and a gated
 * unit; at the end the norm and the logits. Outputs are both caches, with the new token's rows in them, and the logits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

struct model {
    const struct reference_case *c;
    uint64_t layers, heads, kvheads, d, ffn, vocab, n, dim, kvdim;
    double *h, *t, *q, *k, *v, *p, *a, *b; /* parts of one block of memory */
    bool ok;
};

static void times(struct model *m, const char *w, uint64_t first, uint64_t rows, const double *x, uint64_t cols, double *y)
{
    for (uint64_t r = 0; r < rows && m->ok; r++) {
        const double *row = reference_row(m->c, w, first + r, cols);
        m->ok = row != NULL;
        y[r] = 0;
        for (uint64_t i = 0; row && i < cols; i++)
            y[r] += row[i] * x[i];
    }
}

static void norm(const struct model *m)
{
    double squares = 0;
    for (uint64_t i = 0; i < m->dim; i++)
        squares += m->h[i] * m->h[i] / (double)m->dim;
    for (uint64_t i = 0; i < m->dim; i++)
        m->t[i] = m->h[i] / sqrt(squares + 1e-5);
}

static void turn(const struct model *m, double *x, uint64_t heads)
{
    for (uint64_t i = 0; i < heads * m->d; i++) {
        uint64_t col = i % m->d, half = m->d / 2;
        if (col >= half)
            continue;
        double cosine = reference_get(m->c, "turn", col), sine = reference_get(m->c, "turn", half + col);
        double a = x[i], b = x[i + half];
        x[i] = a * cosine - b * sine;
        x[i + half] = b * cosine + a * sine;
    }
}

/* The cache's row of token j; the last one is the new one's. */
static const double *cached(struct model *m, const char *name, uint64_t layer, uint64_t j, const double *last)
{
    const double *row = j + 1 == m->n ? last : reference_row(m->c, name, layer * m->n + j, m->kvdim);
    m->ok = m->ok && row;
    return m->ok ? row : last;
}

/* t = attention of q over the cache. */
static void attend(struct model *m, uint64_t layer)
{
    for (uint64_t head = 0; head < m->heads && m->ok; head++) {
        const double *q = m->q + head * m->d;
        uint64_t at = head * m->kvheads / m->heads * m->d;
        double largest = -INFINITY, sum = 0, *out = m->t + head * m->d;
        for (uint64_t j = 0; j < m->n; j++) {
            const double *k = cached(m, "kcache", layer, j, m->k) + at;
            m->p[j] = 0;
            for (uint64_t i = 0; i < m->d; i++)
                m->p[j] += q[i] * k[i] / sqrt((double)m->d);
            largest = fmax(largest, m->p[j]);
        }
        memset(out, 0, m->d * sizeof *out);
        for (uint64_t j = 0; j < m->n; j++) {
            const double *v = cached(m, "vcache", layer, j, m->v) + at, weight = exp(m->p[j] - largest);
            sum += weight;
            for (uint64_t i = 0; i < m->d; i++)
                out[i] += weight * v[i];
        }
        for (uint64_t i = 0; i < m->d; i++)
            out[i] /= sum;
    }
}

/* What the new token adds to the caches. */
static void project(struct model *m, uint64_t layer)
{
    norm(m);
    times(m, "wk", layer * m->kvdim, m->kvdim, m->t, m->dim, m->k);
    times(m, "wv", layer * m->kvdim, m->kvdim, m->t, m->dim, m->v);
    turn(m, m->k, m->kvheads);
}

static void finish_layer(struct model *m, uint64_t layer)
{
    times(m, "wq", layer * m->dim, m->dim, m->t, m->dim, m->q);
    turn(m, m->q, m->heads);
    attend(m, layer);
    times(m, "wo", layer * m->dim, m->dim, m->t, m->dim, m->q);
    for (uint64_t i = 0; i < m->dim; i++)
        m->h[i] += m->q[i];
    norm(m);
    times(m, "wgate", layer * m->ffn, m->ffn, m->t, m->dim, m->a);
    times(m, "wup", layer * m->ffn, m->ffn, m->t, m->dim, m->b);
    for (uint64_t i = 0; i < m->ffn; i++)
        m->a[i] *= m->b[i] / (1 + exp(-m->a[i]));
    times(m, "wdown", layer * m->dim, m->dim, m->a, m->ffn, m->q);
    for (uint64_t i = 0; i < m->dim; i++)
        m->h[i] += m->q[i];
}

static struct model model_of(const struct reference_case *c)
{
    struct model m = {.c = c, .layers = reference_shape(c, "layers"), .heads = reference_shape(c, "heads"),
                      .kvheads = reference_shape(c, "kvheads"), .d = reference_shape(c, "d"), .ffn = reference_shape(c, "ffn"),
                      .vocab = reference_shape(c, "vocab"), .n = reference_shape(c, "n")};
    m.dim = m.heads * m.d;
    m.kvdim = m.kvheads * m.d;
    m.h = calloc(3 * m.dim + 2 * m.kvdim + m.n + 2 * m.ffn, sizeof *m.h);
    m.t = m.h + m.dim;
    m.q = m.t + m.dim;
    m.k = m.q + m.dim;
    m.v = m.k + m.kvdim;
    m.p = m.v + m.kvdim;
    m.a = m.p + m.n;
    m.b = m.a + m.ffn;
    const double *x = reference_row(c, "x", 0, m.dim);
    m.ok = m.h && x;
    if (m.ok)
        memcpy(m.h, x, m.dim * sizeof *x);
    return m;
}

bool reference_transformer(const struct reference_case *c, int output, uint64_t row, double *out)
{
    const char *name = reference_output(c, output);
    bool logits = strcmp(name, "logits") == 0;
    uint64_t cols = reference_cols(c, output), n = reference_shape(c, "n");
    if (!logits && row % n + 1 != n) { /* an old token's row stays as it was */
        const double *old = reference_row(c, name, row, cols);
        if (old)
            memcpy(out, old, cols * sizeof *out);
        return old;
    }
    struct model m = model_of(c);
    uint64_t last = logits ? m.layers : row / n;
    for (uint64_t layer = 0; layer < last && m.ok; layer++) {
        project(&m, layer);
        finish_layer(&m, layer);
    }
    if (logits && m.ok) {
        norm(&m);
        times(&m, "wout", 0, m.vocab, m.t, m.dim, out);
    } else if (m.ok) {
        project(&m, last);
        memcpy(out, *name == 'k' ? m.k : m.v, cols * sizeof *out);
    }
    free(m.h);
    return m.ok;
}
