#include "harness/spirv/counters.h"

#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"

/* Union-find with path halving. */
static uint32_t find(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static bool unite(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = find(parent, a);
    b = find(parent, b);
    parent[a] = b;
    return a != b;
}

/* Point numbers before contraction: 2b before block b, 2b+1 behind it. */
static bool follow(const struct module *m, uint32_t *parent, uint32_t from, uint32_t label, struct error *e)
{
    const struct block *to = module_block(m, label);
    if (!to || to->function != m->blocks[from].function)
        return error_set(e, EXIT_USAGE, "SPIR-V word %u: a branch leads out of its function",
                         m->blocks[from].last);
    unite(parent, 2 * from + 1, 2 * (uint32_t)(to - m->blocks));
    return true;
}

static bool follow_switch(const struct module *m, uint32_t *parent, uint32_t from, const uint32_t *w,
                          struct error *e)
{
    const struct spirv_type *selector = type_of_value(m, w[1]);
    uint32_t literal = selector && selector->width > 32 ? 2 : 1;
    if (!follow(m, parent, from, w[2], e))
        return false;
    for (uint32_t i = 3; i + literal < word_length(*w); i += literal + 1)
        if (!follow(m, parent, from, w[i + literal], e))
            return false;
    return true;
}

static bool follow_block(const struct module *m, uint32_t *parent, uint32_t b, struct error *e)
{
    const struct block *block = &m->blocks[b];
    const uint32_t *w = m->words + block->last;
    uint32_t entry = m->functions[block->function].first_block;
    switch (word_op(*w)) {
    case SpvOpBranch: return follow(m, parent, b, w[1], e);
    case SpvOpBranchConditional: return follow(m, parent, b, w[2], e) && follow(m, parent, b, w[3], e);
    case SpvOpSwitch: return follow_switch(m, parent, b, w, e);
    case SpvOpUnreachable: /* never executed: the point behind it stays alone, so its flow is 0 */
        return true;
    default: unite(parent, 2 * b + 1, 2 * entry); return true;
    }
}

/* How deep in loops each block lies, by the order of blocks: a loop's blocks stand between header and
 * merge in all that compilers write. It only says where counters are cheap; counts are right whatever it
 * says. */
static void loop_depth(const struct module *m, uint32_t *depth)
{
    for (uint32_t b = 0; b < m->block_count; b++) {
        const struct block *block = &m->blocks[b];
        for (uint32_t at = block->at; at < block->end; at += word_length(m->words[at])) {
            const struct block *merge = NULL;
            if (word_op(m->words[at]) == SpvOpLoopMerge)
                merge = module_block(m, m->words[at + 1]);
            if (merge && merge > block) {
                depth[b]++;
                depth[merge - m->blocks]--;
            }
        }
    }
    for (uint32_t b = 1; b < m->block_count; b++)
        depth[b] += depth[b - 1];
}

struct ranked {
    uint32_t block, depth;
};

static int deepest_first(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    if (a->depth != b->depth)
        return a->depth > b->depth ? -1 : 1;
    return (a->block > b->block) - (a->block < b->block);
}

/* Kruskal's tree over the contracted points; what does not fit in it is counted. */
static void choose(struct counters *c, const struct module *m, uint32_t *tree, bool all)
{
    uint32_t *depth = need((m->block_count + 1) * sizeof *depth);
    struct ranked *order = need((m->block_count + 1) * sizeof *order);
    loop_depth(m, depth);
    for (uint32_t b = 0; b < m->block_count; b++)
        order[b] = (struct ranked){b, depth[b]};
    if (m->block_count)
        qsort(order, m->block_count, sizeof *order, deepest_first);
    for (uint32_t i = 0; i < c->points; i++)
        tree[i] = i;
    for (uint32_t i = 0; i < m->block_count; i++) {
        uint32_t b = order[i].block;
        if (c->reached[b] && (all || !unite(tree, c->before[b], c->behind[b])))
            c->slot[b] = 1;
    }
    for (uint32_t b = 0; b < m->block_count; b++)
        if (c->slot[b])
            c->slot[b] = ++c->count;
    free(depth);
    free(order);
}

bool counters_plan(struct counters *c, const struct module *m, const bool *reached, bool all, struct error *e)
{
    uint32_t blocks = m->block_count;
    memset(c, 0, sizeof *c);
    c->blocks = blocks;
    c->points = 2 * blocks;
    c->slot = need((blocks + 1) * sizeof *c->slot);
    c->before = need((blocks + 1) * sizeof *c->before);
    c->behind = need((blocks + 1) * sizeof *c->behind);
    c->reached = need(blocks + 1);
    uint32_t *parent = need((c->points + 1) * sizeof *parent);
    bool followed = true;
    for (uint32_t i = 0; i < c->points; i++)
        parent[i] = i;
    for (uint32_t b = 0; b < blocks && followed; b++) {
        c->reached[b] = reached[m->blocks[b].function];
        followed = !c->reached[b] || follow_block(m, parent, b, e);
    }
    for (uint32_t b = 0; b < blocks; b++) {
        c->before[b] = find(parent, 2 * b);
        c->behind[b] = find(parent, 2 * b + 1);
    }
    if (followed)
        choose(c, m, parent, all);
    free(parent);
    if (!followed)
        counters_free(c);
    return followed;
}

void counters_free(struct counters *c)
{
    free(c->slot);
    free(c->before);
    free(c->behind);
    free(c->reached);
    memset(c, 0, sizeof *c);
}

/* The tree's arcs as lists by point, so that each is visited twice in all. */
struct tree {
    uint32_t *first, *arcs, *degree;
    uint64_t *balance; /* known flow into a point less known flow out of it */
};

static void list_arcs(struct tree *t, const struct counters *c)
{
    for (uint32_t b = 0; b < c->blocks; b++) {
        if (!c->reached[b] || c->slot[b])
            continue;
        t->degree[c->before[b]]++;
        t->degree[c->behind[b]]++;
    }
    for (uint32_t p = 0; p < c->points; p++)
        t->first[p + 1] = t->first[p] + t->degree[p];
    uint32_t *next = need((c->points + 1) * sizeof *next);
    memcpy(next, t->first, c->points * sizeof *next);
    for (uint32_t b = 0; b < c->blocks; b++) {
        if (!c->reached[b] || c->slot[b])
            continue;
        t->arcs[next[c->before[b]]++] = b;
        t->arcs[next[c->behind[b]]++] = b;
    }
    free(next);
}

static void settle(struct tree *t, const struct counters *c, uint32_t b, uint64_t count)
{
    t->balance[c->behind[b]] += count;
    t->balance[c->before[b]] -= count;
}

/* Takes the tree apart from its leaves: a point with one unknown arc tells that arc's count. */
static void peel(struct tree *t, const struct counters *c, bool *known, uint64_t *blocks)
{
    uint32_t *list = need((c->points + 1) * sizeof *list), waiting = 0;
    for (uint32_t p = 0; p < c->points; p++)
        if (t->degree[p] == 1)
            list[waiting++] = p;
    while (waiting) {
        uint32_t p = list[--waiting];
        for (uint32_t i = t->first[p]; i < t->first[p + 1]; i++) {
            uint32_t b = t->arcs[i];
            if (known[b])
                continue;
            blocks[b] = c->before[b] == p ? t->balance[p] : 0 - t->balance[p];
            known[b] = true;
            settle(t, c, b, blocks[b]);
            uint32_t other = c->before[b] == p ? c->behind[b] : c->before[b];
            t->degree[p]--;
            if (--t->degree[other] == 1)
                list[waiting++] = other;
        }
    }
    free(list);
}

void counters_solve(const struct counters *c, const uint64_t *values, uint64_t *blocks)
{
    struct tree t = {0};
    bool *known = need(c->blocks + 1);
    t.first = need((c->points + 2) * sizeof *t.first);
    t.degree = need((c->points + 1) * sizeof *t.degree);
    t.balance = need((c->points + 1) * sizeof *t.balance);
    t.arcs = need((2 * c->blocks + 1) * sizeof *t.arcs);
    list_arcs(&t, c);
    for (uint32_t b = 0; b < c->blocks; b++) {
        blocks[b] = c->slot[b] ? values[c->slot[b] - 1] : 0;
        known[b] = !c->reached[b] || c->slot[b] > 0;
        if (c->slot[b])
            settle(&t, c, b, blocks[b]);
    }
    peel(&t, c, known, blocks);
    free(known);
    free(t.first);
    free(t.degree);
    free(t.balance);
    free(t.arcs);
}
