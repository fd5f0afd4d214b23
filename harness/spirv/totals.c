#include "harness/spirv/totals.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

/* Times an item's work is done: once by its block's invocations, or by their subgroups or workgroups. */
static uint64_t times(const struct mix_item *i, const uint64_t *blocks, struct launch_shape shape)
{
    uint64_t n = blocks[i->block];
    uint32_t share = i->share == SHARE_SUBGROUP    ? shape.subgroup_size
                     : i->share == SHARE_WORKGROUP ? shape.workgroup_size
                                                   : 1;
    return share ? n / share : n;
}

static bool is_special(uint8_t op)
{
    return op == OP_EXP || op == OP_LOG || op == OP_TANH || op == OP_RSQRT;
}

static void add_resource(const struct instrumented *in, struct totals *t, const struct mix_item *i,
                         uint64_t n)
{
    struct resource_totals *r = &t->resources[i->resource];
    bool issued = i->resource != in->mix.push;
    if (i->kind == COUNT_LOAD) {
        r->loads += n * i->count;
        r->bytes_loaded += n * i->bytes;
        t->bytes_loaded += issued ? n * i->bytes : 0;
    } else if (i->kind == COUNT_STORE) {
        r->stores += n * i->count;
        r->bytes_stored += n * i->bytes;
        t->bytes_stored += issued ? n * i->bytes : 0;
    } else {
        r->atomics += n * i->count;
        t->atomics += n * i->count;
    }
}

static void add_item(const struct instrumented *in, struct totals *t, const struct mix_item *i, uint64_t n)
{
    uint64_t count = n * i->count;
    switch ((enum count_kind)i->kind) {
    case COUNT_LOAD:
    case COUNT_STORE:
    case COUNT_ATOMIC: add_resource(in, t, i, n); break;
    case COUNT_SHARED_LOAD:
        t->shared_loads += count;
        t->shared_bytes += n * i->bytes;
        break;
    case COUNT_SHARED_STORE:
        t->shared_stores += count;
        t->shared_bytes += n * i->bytes;
        break;
    case COUNT_SHARED_ATOMIC: t->atomics += count; break;
    case COUNT_FLOAT16:
    case COUNT_FLOAT32:
    case COUNT_FLOAT64:
        t->flops[i->kind - COUNT_FLOAT16] += i->op == OP_FMA ? 2 * count : count;
        t->special += is_special(i->op) ? count : 0;
        t->ops[i->op] += count;
        break;
    case COUNT_INT:
        t->int_ops += count;
        t->ops[i->op] += count;
        break;
    case COUNT_CONVERT: t->conversions += count; break;
    case COUNT_BARRIER: t->barriers += count; break;
    case COUNT_FENCE: t->fences += count; break;
    case COUNT_SUBGROUP: t->subgroup_ops += count; break;
    case COUNT_BRANCH: t->branches += count; break;
    case COUNT_TILE: t->tile_multiplies += count; break;
    case COUNT_KINDS: break;
    }
}

void instrument_totals(const struct instrumented *in, const uint32_t *lab, struct launch_shape shape,
                       struct totals *t)
{
    uint64_t *blocks = need((in->module.block_count + 1) * sizeof *blocks);
    instrument_blocks(in, lab, blocks);
    memset(t, 0, sizeof *t);
    t->resources = need(in->mix.resources * sizeof *t->resources);
    for (uint32_t i = 0; i < in->mix.item_count; i++)
        add_item(in, t, &in->mix.items[i], times(&in->mix.items[i], blocks, shape));
    const struct function *entry = module_function(&in->module, in->reflection.function);
    if (entry->blocks)
        t->invocations = blocks[entry->first_block];
    free(blocks);
}

void totals_free(struct totals *t)
{
    free(t->resources);
    memset(t, 0, sizeof *t);
}

static int by_line(const void *x, const void *y)
{
    const struct line_totals *a = x, *b = y;
    if (a->line.file != b->line.file)
        return a->line.file < b->line.file ? -1 : 1;
    return (a->line.line > b->line.line) - (a->line.line < b->line.line);
}

static void fill_line(const struct instrumented *in, struct line_totals *l, const struct mix_item *i,
                      uint64_t n)
{
    struct totals one = {0};
    struct resource_totals resource = {0};
    struct mix_item alone = *i;
    one.resources = &resource;
    l->line = i->line;
    if (i->kind <= COUNT_ATOMIC && i->resource == in->mix.push)
        return;
    alone.resource = 0;
    add_item(in, &one, &alone, n);
    l->bytes_loaded = resource.bytes_loaded;
    l->bytes_stored = resource.bytes_stored;
    l->flops = one.flops[0] + one.flops[1] + one.flops[2];
    l->int_ops = one.int_ops;
    l->special = one.special;
    l->shared_bytes = one.shared_bytes;
}

static void join_lines(struct line_totals *a, const struct line_totals *b)
{
    a->bytes_loaded += b->bytes_loaded;
    a->bytes_stored += b->bytes_stored;
    a->flops += b->flops;
    a->int_ops += b->int_ops;
    a->special += b->special;
    a->shared_bytes += b->shared_bytes;
}

struct line_totals *instrument_lines(const struct instrumented *in, const uint32_t *lab,
                                     struct launch_shape shape, uint32_t *count)
{
    uint64_t *blocks = need((in->module.block_count + 1) * sizeof *blocks);
    uint32_t items = in->mix.item_count, used = 0;
    struct line_totals *lines = need((items + 1) * sizeof *lines);
    instrument_blocks(in, lab, blocks);
    for (uint32_t i = 0; i < items; i++)
        fill_line(in, &lines[i], &in->mix.items[i], times(&in->mix.items[i], blocks, shape));
    qsort(lines, items, sizeof *lines, by_line);
    for (uint32_t i = 0; i < items; i++) {
        if (used && by_line(&lines[used - 1], &lines[i]) == 0)
            join_lines(&lines[used - 1], &lines[i]);
        else
            lines[used++] = lines[i];
    }
    free(blocks);
    *count = used;
    return lines;
}
