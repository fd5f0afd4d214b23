/* The kernel by rows: reductions over a team, walks of a row for its statistics, and the last one that stores. */
#include "harness/kernel/chain_glsl_parts.h"
#include "harness/kernel/chain_text.h"

static const char *const reduce_subgroup =
    "\nfloat team_%s(float a)\n{\n"
    "    a = %s(a);\n"
    "    if (gl_NumSubgroups > 1u) {\n"
    "        barrier();  // the last reduction's readers are done\n"
    "        if (subgroupElect())\n"
    "            partial[gl_SubgroupID] = a;\n"
    "        barrier();\n"
    "        a = partial[0];\n"
    "        for (uint k = 1u; k < gl_NumSubgroups; k++)\n"
    "            a = %s;\n"
    "    }\n"
    "    return a;\n}\n";

static const char *const reduce_shared =
    "\nfloat team_%s(float a)\n{\n"
    "    uint lane = gl_LocalInvocationID.x, n = gl_WorkGroupSize.x;\n"
    "    barrier();\n"
    "    partial[lane] = a;\n"
    "    barrier();\n"
    "    while (n > 1u) {  // halves, rounded up: any team size\n"
    "        uint upper = (n + 1u) / 2u;\n"
    "        if (lane + upper < n) {\n"
    "            float b = partial[lane + upper];\n"
    "            a = %s;\n"
    "            partial[lane] = a;\n"
    "        }\n"
    "        barrier();\n"
    "        n = upper;\n"
    "    }\n"
    "    return partial[0];\n}\n";

static const char *const reduce_one_subgroup = "\nfloat team_%s(float a) { return %s(a); }\n";

static void declare_reduction(struct glsl *s, bool is_max)
{
    const char *name = is_max ? "max" : "sum", *subgroup = is_max ? "subgroupMax" : "subgroupAdd";
    if (!s->device->subgroup_arithmetic)
        text_add(s->t, reduce_shared, name, is_max ? "max(a, b)" : "a + b");
    else if (s->team <= s->device->subgroup_size)
        text_add(s->t, reduce_one_subgroup, name, subgroup);
    else
        text_add(s->t, reduce_subgroup, name, subgroup, is_max ? "max(a, partial[k])" : "a + partial[k]");
}

static void declare_reductions(struct glsl *s)
{
    bool used[2] = {false, false};
    for (int i = 0; i < s->g->count; i++)
        for (int k = 0; k < s->g->items[i].op->stat_count; k++)
            used[s->g->items[i].op->stats[k].is_max] = true;
    if (!s->device->subgroup_arithmetic || s->team > s->device->subgroup_size)
        text_add(s->t, "\nshared float partial[%u];\n", s->team);
    for (int m = 0; m < 2; m++)
        if (used[m])
            declare_reduction(s, m);
}

/* Opens the loop over a lane's vectors of the row. In registers the loop is unrolled and v is v[k]. */
static void open_walk(struct glsl *s, bool load)
{
    const char *vector = glsl_vector(s->width);
    unsigned long long row_vectors = s->row_vectors;
    bool ragged = s->row_vectors % s->team != 0;
    if (!s->registers) {
        text_add(s->t, "        for (uint c = lane; c < %lluu; c += %uu) {\n", row_vectors, s->team);
    } else {
        text_add(s->t, "        [[unroll]] for (uint k = 0u; k < %du; k++) {\n            uint c = k * %uu + lane;\n",
                 s->register_vectors, s->team);
        if (ragged)
            text_add(s->t, "            if (c >= %lluu)\n                break;\n", row_vectors);
    }
    text_add(s->t, "            uint i = row * %lluu + c;\n", row_vectors);
    text_add(s->t, "            uint at = place * %lluu + c;\n", row_vectors);
    if (load)
        text_add(s->t, "            %s v = load_x(at);\n", vector);
    else
        text_add(s->t, "            %s v = held[k];\n", vector);
}

/* Adds v's components, or their maximum, into the lane's sum. */
static void accumulate(struct glsl *s, int i, int stat)
{
    const struct chain_item *item = &s->g->items[i];
    const struct operator *o = item->op;
    for (int k = 0; k < s->width; k++) {
        const char *c = glsl_component(s, k);
        if (s->g->ablation == ABLATE_COPY) {
            text_add(s->t, "            sum += v%s;\n", c);
            continue;
        }
        text_add(s->t, o->stats[stat].is_max ? "            sum = max(sum, " : "            sum += (");
        text_add(s->t, "%s_term%d(v%s, length", o->name, stat, c);
        chain_add_stats(i, stat, "", s->t);
        chain_add_params(item, s->t);
        text_add(s->t, "));\n");
    }
}

static void finish_stat(struct glsl *s, int i, int stat)
{
    const struct chain_item *item = &s->g->items[i];
    const struct operator_stat *st = &item->op->stats[stat];
    text_add(s->t, "        sum = team_%s(sum);\n        float s%d_%d = %s_finish%d(sum, length",
             st->is_max ? "max" : "sum", i, stat, item->op->name, stat);
    chain_add_stats(i, stat, "", s->t);
    chain_add_params(item, s->t);
    text_add(s->t, ");\n");
}

/* The walks of row operator i: one per statistic. In registers, the row is held once the first walk has loaded it, with
 * the first `done` operators applied. */
static void walk_stats(struct glsl *s, int i, int done, bool held)
{
    const struct operator *o = s->g->items[i].op;
    for (int stat = 0; stat < o->stat_count; stat++) {
        bool load = !s->registers || (!held && stat == 0);
        bool is_max = o->stats[stat].is_max && s->g->ablation != ABLATE_COPY;
        text_add(s->t, "        sum = %s;\n", is_max ? "-3.402823466e38f" : "0.0f");
        open_walk(s, load);
        for (int k = s->registers ? done : 0; k < i && (!s->registers || stat == 0); k++)
            glsl_apply(s, k, "            ");
        if (s->registers && stat == 0)
            text_add(s->t, "            held[k] = v;\n");
        accumulate(s, i, stat);
        text_add(s->t, "        }\n");
        finish_stat(s, i, stat);
    }
}

void glsl_main_rows(struct glsl *s)
{
    declare_reductions(s);
    text_add(s->t, "\nvoid main()\n{\n    uint lane = gl_LocalInvocationID.x;\n"
                   "    uint begin = gl_WorkGroupID.x * per, end = min(rows, begin + per);\n"
                   "    for (uint row = begin; row < end; row++) {\n        float sum;\n");
    uint64_t window_rows = glsl_window_bytes(s) / (4 * s->g->cols);
    glsl_window_line(s, "        ", "place", "row", window_rows ? window_rows : 1);
    if (s->registers)
        text_add(s->t, "        %s held[%d];\n", glsl_vector(s->width), s->register_vectors);
    int done = 0;
    bool held = false;
    for (int i = 0; i < s->g->count; i++)
        if (s->g->items[i].op->is_row) {
            walk_stats(s, i, done, held);
            held = true;
            done = i; /* operator i itself is applied by the next walk, which knows its statistics */
        }
    open_walk(s, !s->registers);
    for (int k = s->registers ? done : 0; k < s->g->count; k++)
        glsl_apply(s, k, "            ");
    text_add(s->t, "            store(at, v);\n        }\n    }\n}\n");
}
