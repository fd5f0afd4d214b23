#include "harness/kernel/chain_c_parts.h"

#include <string.h>

#include "harness/kernel/chain_text.h"

/* Tensors and statistics of the row at hand. */
static void declare_row(struct c_kernel *s)
{
    text_add(s->t, "\nstruct row {\n    int unused;\n");
    for (int i = 0; i < s->g->count; i++) {
        const struct operator *o = s->g->items[i].op;
        for (int t = 0; t < o->tensor_count; t++)
            text_add(s->t, "    const float *p%d_%d;\n", i, t);
        for (int k = 0; k < o->stat_count; k++)
            text_add(s->t, "    float s%d_%d;\n", i, k);
    }
    text_add(s->t, "};\n");
}

/* Is the row held as the terms of the operator's last statistic? Not where it would leave the caches. */
bool c_keeps_terms(const struct c_kernel *s, int i)
{
    return *s->g->items[i].op->kept && s->g->ablation != ABLATE_COPY && s->g->cols <= KEPT_MAX;
}

/* Operators whose results come late: an exponential, a division. */
static bool is_slow(const struct operator *o)
{
    double slow = 0;
    for (int op = OP_DIV; op < OP_COUNT; op++)
        slow += op == OP_INT_MUL || op == OP_INT_XOR ? 0 : o->ops[op];
    return slow > 0;
}

static void open_walk(struct c_kernel *s, int number, int first, int last)
{
    text_add(s->t,
             "\nstatic inline void walk%d(const struct row *r, const float *restrict x, float *restrict t, float *restrict sum,\n"
             "                         int n, size_t c, size_t at, uint i)\n{\n", number);
    for (int k = first; k < last; k++)
        for (int t = 0; t < s->g->items[k].op->tensor_count; t++)
            text_add(s->t, "    const float *restrict a%d_%d = r->p%d_%d + %s;\n", k, t, k, t,
                     s->g->items[k].op->tensors[t].per_element ? "at" : "c");
    text_add(s->t, "    for (int l = 0; l < n; l++) {\n        float v = x[l];\n");
}

/* A slow operator's result waits for its own input through dozens of instructions, and the processor looks only so far ahead
 * for others: of slow operators one after the other, each gets a loop of its own over the block. */
static void part_loop(struct c_kernel *s, int first, int i)
{
    bool before = false;
    for (int k = first; k < i; k++)
        before = before || is_slow(s->g->items[k].op);
    if (before && is_slow(s->g->items[i].op) && s->g->ablation != ABLATE_COPY)
        text_add(s->t, "        t[l] = v;\n    }\n    for (int l = 0; l < n; l++) {\n        float v = t[l];\n");
}

static void apply(struct c_kernel *s, int i)
{
    const struct chain_item *item = &s->g->items[i];
    const struct operator *o = item->op;
    if (s->g->ablation == ABLATE_COPY) { /* what was loaded must be used, by as little as possible */
        for (int t = 0; t < o->tensor_count; t++)
            text_add(s->t, "        v += a%d_%d[l];\n", i, t);
        return;
    }
    text_add(s->t, c_keeps_terms(s, i) ? "        v = %s_kept(v, (float)COLS" : "        v = op_%s(v", o->name);
    chain_add_stats(i, o->stat_count, "r->", s->t);
    chain_add_params(item, s->t);
    for (int t = 0; t < o->tensor_count; t++)
        text_add(s->t, ", a%d_%d[l]", i, t);
    text_add(s->t, o->uses_index ? ", i + uint(l));\n" : ");\n");
}

static void accumulate(struct c_kernel *s, int i, int stat)
{
    const struct chain_item *item = &s->g->items[i];
    const struct operator_stat *st = &item->op->stats[stat];
    if (s->g->ablation == ABLATE_COPY) {
        text_add(s->t, "        sum[l] += v;\n");
        return;
    }
    text_add(s->t, "        const float term = %s_term%d(v, (float)COLS", item->op->name, stat);
    chain_add_stats(i, stat, "r->", s->t);
    chain_add_params(item, s->t);
    text_add(s->t, ");\n        sum[l] = %s;\n", st->is_max ? "max(sum[l], term)" : "sum[l] + term");
    if (stat + 1 == item->op->stat_count && c_keeps_terms(s, i))
        text_add(s->t, "        t[l] = term;\n");
}

/* What a walk over operators [first, last) waits for; with a statistic's term. */
static int slowness(const struct c_kernel *s, int first, int last, const char *term)
{
    int slow = strstr(term, "exp(") || strstr(term, "log(") || strchr(term, '/');
    for (int i = first; i < last; i++)
        slow += is_slow(s->g->items[i].op) && !c_keeps_terms(s, i);
    return slow;
}

/* Which walk has most to do, and how large the blocks of the last one are. */
void c_look_at_walks(struct c_kernel *s)
{
    int number = 0, most = 0;
    s->last_first = 0;
    for (int i = 0; i < s->g->count; i++)
        for (int stat = 0; stat < s->g->items[i].op->stat_count; stat++, number++) {
            int slow = slowness(s, s->last_first, i, s->g->items[i].op->stats[stat].term);
            if (slow > most)
                most = slow, s->asks = number;
            s->last_first = i;
        }
    int slow = slowness(s, s->last_first, s->g->count, "");
    if (slow >= most)
        s->asks = number;
    s->step = slow > 1 ? SLOW_FLOATS : BLOCK_FLOATS;
}

/* All walks as functions: walk0, walk1, ... for the statistics in order, the last one for the output. A statistic of row
 * operator i comes after the operators before it; those that an earlier walk has applied are in what is held. */
void c_declare_walks(struct c_kernel *s)
{
    int done = 0, number = 0;
    declare_row(s);
    for (int i = 0; i < s->g->count; i++) {
        const struct operator *o = s->g->items[i].op;
        for (int stat = 0; stat < o->stat_count; stat++) {
            open_walk(s, number++, done, i);
            for (int k = done; k < i; k++) {
                part_loop(s, done, k);
                apply(s, k);
            }
            if (done < i)
                text_add(s->t, "        t[l] = v;\n");
            accumulate(s, i, stat);
            text_add(s->t, "    }\n}\n");
            done = i;
        }
    }
    open_walk(s, number, done, s->g->count);
    for (int k = done; k < s->g->count; k++) {
        part_loop(s, done, k);
        apply(s, k);
    }
    text_add(s->t, "        t[l] = v;\n    }\n}\n");
}
