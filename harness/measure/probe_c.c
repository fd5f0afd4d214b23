#include "harness/measure/probe_c.h"

#include "harness/kernel/chain_c.h"

/* What is done with a block: from x0 and x1 into t. Reading sums up. */
static const struct mix_text {
    int inputs;
    const char *line;
} mixes[MIX_COUNT] = {
    [MIX_READ] = {1, NULL},
    [MIX_WRITE] = {0, "t[k] = value;"},
    [MIX_COPY] = {1, "t[k] = x0[i + k];"},
    [MIX_TRIAD] = {2, "t[k] = x0[i + k] + 3.0f * x1[i + k];"},
};

static bool begin(struct text *t, struct error *e)
{
    const char *prelude = native_prelude(e);
    text_add(t, "%s", prelude ? prelude : "");
    return prelude != NULL;
}

/* Reads alone are at their best in four streams at once: one stream was outrun by GEMV over four rows (1.2 to 1.4 times). */
static void walk_reads(struct text *t)
{
    text_add(t, "        const size_t quarter = (end - begin) / (4 * BLOCK) * BLOCK;\n"
                "        for (size_t i = begin; i < begin + quarter; i += BLOCK)\n"
                "            for (int s = 0; s < 4; s++) {\n"
                "                const float *x = x0 + i + s * quarter;\n"
                "                prefetch_block(x + 1024);\n"
                "                for (int k = 0; k < BLOCK; k++)\n                    sum[k] += x[k];\n            }\n"
                "        for (size_t i = begin + 4 * quarter; i < end; i += BLOCK)\n"
                "            for (int k = 0; k < BLOCK; k++)\n                sum[k] += x0[i + k];\n");
}

static void walk_writes(const struct mix_text *m, bool stream, struct text *t)
{
    text_add(t, "        const float value = (float)turn;\n"
                "        for (size_t i = begin; i < end; i += BLOCK) {\n"
                "            float t[BLOCK] __attribute__((aligned(64)));\n");
    for (int k = 0; k < m->inputs; k++)
        text_add(t, "            prefetch_block(x%d + i + 1024);\n", k);
    text_add(t, "            for (int k = 0; k < BLOCK; k++)\n                %s\n", m->line);
    text_add(t, stream ? "            stream_block(y + i, t);\n        }\n" : "            __builtin_memcpy(y + i, t, sizeof t);\n        }\n");
}

bool probe_bandwidth_c(const struct ceiling *c, struct text *t, struct error *e)
{
    const struct mix_text *m = &mixes[c->mix];
    bool writes = c->mix != MIX_READ;
    if (!begin(t, e))
        return false;
    text_add(t, "\nKERNEL void kernel(const struct launch *l)\n{\n"
                "    const uint32_t turns = l->push[2], workers = l->push[3];\n"
                "    if (l->worker >= workers)\n        return;\n"
                "    const size_t n = l->push[0], begin = share(n, BLOCK, l->worker, workers);\n"
                "    const size_t end = share(n, BLOCK, l->worker + 1, workers);\n"
                "    float *y = l->buffer[0], sum[BLOCK] = {0};\n");
    for (int k = 0; k < m->inputs; k++)
        text_add(t, "    const float *x%d = l->buffer[%d];\n", k, k + 1);
    text_add(t, "    for (uint32_t turn = 0; turn < turns; turn++) {\n");
    if (writes)
        walk_writes(m, c->access == ACCESS_STREAM, t);
    else
        walk_reads(t);
    /* Another turn is work like the first: the compiler must not see that it does the same again. */
    text_add(t, "        __asm__ volatile(\"\" ::: \"memory\");\n    }\n");
    if (!writes)
        text_add(t, "    __builtin_memcpy(y + l->worker * BLOCK, sum, sizeof sum);\n");
    text_add(t, "}\n");
    return true;
}

/* One line of the table over all lanes: `x` is a float (or uint) that it changes. Scalars are written out one by one: as a
 * loop over an array they would go through memory. */
static void add_line(struct text *t, const char *line, const char *type, int scalars)
{
    for (int j = 0; j < scalars; j++)
        text_add(t, "        { %s x = v[%d]; %s v[%d] = x; }\n", type, j, line, j);
    if (scalars)
        return;
    text_add(t, "        for (int j = 0; j < LANES; j++) { %s x = v[j]; %s v[j] = x; }\n", type, line);
}

bool probe_compute_c(const struct ceiling *c, const char *line, const char *line_b, int unroll, struct text *t, struct error *e)
{
    bool integer = c->type[0] == 'i';
    const char *type = integer ? "uint" : "float";
    if (!begin(t, e))
        return false;
    if (c->width == 1) /* chains of scalars, which the compiler would make a vector of */
        text_add(t, "\n#pragma GCC optimize(\"no-tree-loop-vectorize\", \"no-tree-slp-vectorize\")\n");
    text_add(t, "\nenum { LANES = %d };\n", c->width * c->chains);
    text_add(t, "KERNEL void kernel(const struct launch *l)\n{\n"
                "    if (l->worker >= l->push[5])\n        return;\n"
                "    const uint32_t turns = l->push[0];\n"
                "    const float b = float_of_bits((int32_t)l->push[1]), c = float_of_bits((int32_t)l->push[2]);\n"
                "    const uint k = l->push[3], r = l->push[4];\n"
                "    %s *y = l->buffer[0], v[LANES] __attribute__((aligned(64)));\n"
                "    for (int j = 0; j < LANES; j++)\n        v[j] = %s;\n"
                "    for (uint32_t turn = 0; turn < turns; turn++) {\n", type,
             integer ? "uint(j) + 12345u" : "(float)j * 0.0005f + 0.5f");
    for (int u = 0; u < unroll; u++) {
        add_line(t, line, type, c->width == 1 ? c->chains : 0);
        if (line_b)
            add_line(t, line_b, type, c->width == 1 ? c->chains : 0);
    }
    text_add(t, "    }\n    %s sum = v[0];\n    for (int j = 1; j < LANES; j++)\n        sum += v[j];\n    y[l->worker] = sum;\n"
                "    (void)b, (void)c, (void)k, (void)r;\n}\n", type);
    return true;
}

bool probe_empty_c(struct text *t, struct error *e)
{
    if (!begin(t, e))
        return false;
    text_add(t, "\nEXPORT void kernel(const struct launch *l)\n{\n    (void)l;\n}\n");
    return true;
}
