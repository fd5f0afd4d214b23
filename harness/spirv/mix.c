#include "harness/spirv/mix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/mix_memory.h"
#include "harness/spirv/special.h"
#include "harness/spirv/validate.h"

void mix_not_counted(struct static_mix *x, struct source_line line, const char *what, const char *why)
{
    for (uint32_t i = 0; i < x->not_counted_count; i++) {
        struct not_counted *n = &x->not_counted[i];
        if (strcmp(n->what, what) == 0 && strcmp(n->why, why) == 0) {
            n->times++;
            return;
        }
    }
    if (x->not_counted_count == NOT_COUNTED_MAX)
        return;
    struct not_counted *n = &x->not_counted[x->not_counted_count++];
    *n = (struct not_counted){.line = line, .times = 1};
    snprintf(n->what, sizeof n->what, "%s", what);
    snprintf(n->why, sizeof n->why, "%s", why);
}

void scan_not_counted(struct scan *s, const uint32_t *w, const char *on, const char *why)
{
    char what[96];
    snprintf(what, sizeof what, "Op%s%s%.60s", spirv_opcode_name(word_op(*w)), *on ? " " : "", on);
    mix_not_counted(s->x, s->line, what, why);
}

void scan_add(struct scan *s, struct mix_item item)
{
    struct static_mix *x = s->x;
    item.block = s->block;
    item.line = s->line;
    if (item.count == 0)
        return;
    if (x->item_count > 0) {
        struct mix_item *last = &x->items[x->item_count - 1];
        bool same = last->block == item.block && last->kind == item.kind && last->op == item.op &&
                    last->share == item.share && last->resource == item.resource &&
                    last->line.line == item.line.line && last->line.file == item.line.file;
        if (same) {
            last->count = saturating_add(last->count, item.count);
            last->bytes = saturating_add(last->bytes, item.bytes);
            return;
        }
    }
    if (x->item_count == x->item_room) {
        x->item_room = x->item_room ? 2 * x->item_room : 64;
        x->items = need_more(x->items, x->item_room * sizeof *x->items);
    }
    x->items[x->item_count++] = item;
}

enum count_share tile_share(const struct module *m, const struct spirv_type *t)
{
    int64_t scope;
    if (!t || t->kind != TYPE_TILE || !constant_value(m, m->words[t->at + 3], &scope))
        return SHARE_INVOCATION;
    return scope == SpvScopeWorkgroup  ? SHARE_WORKGROUP
           : scope == SpvScopeSubgroup ? SHARE_SUBGROUP
                                       : SHARE_INVOCATION;
}

/* `each` operations of kind op per scalar of the type, `fixed` beside. */
static void add_operations(struct scan *s, const uint32_t *w, const struct spirv_type *t, enum op op, int64_t fixed,
                           int64_t each)
{
    uint64_t scalars = t ? t->scalars : 0;
    int64_t count = fixed + each * (int64_t)(scalars > INT32_MAX ? INT32_MAX : scalars);
    if (!t || scalars == 0) {
        scan_not_counted(s, w, "", "the size of its type is not known");
        return;
    }
    enum count_kind kind = COUNT_INT;
    if (t->is_float && op != OP_INT_MUL && op != OP_INT_XOR)
        kind = t->width == 16 ? COUNT_FLOAT16 : t->width == 64 ? COUNT_FLOAT64 : COUNT_FLOAT32;
    struct mix_item item = {
        .kind = (uint8_t)kind, .op = (uint8_t)op, .count = count > 0 ? (uint64_t)count : 0};
    item.share = (uint8_t)tile_share(s->m, t);
    scan_add(s, item);
}

static void add_plain(struct scan *s, enum count_kind kind, uint64_t count, enum count_share share)
{
    scan_add(s, (struct mix_item){.kind = (uint8_t)kind, .count = count, .share = (uint8_t)share});
}

static enum op float_op(uint16_t op)
{
    switch (op) {
    case SpvOpFMul: return OP_MUL;
    case SpvOpFDiv:
    case SpvOpFRem:
    case SpvOpFMod: return OP_DIV;
    default: return OP_ADD;
    }
}

static enum op int_op(uint16_t op)
{
    switch (op) {
    case SpvOpIMul:
    case SpvOpUMulExtended:
    case SpvOpSMulExtended:
    case SpvOpUDiv:
    case SpvOpSDiv:
    case SpvOpUMod:
    case SpvOpSRem:
    case SpvOpSMod: return OP_INT_MUL;
    default: return OP_INT_XOR;
    }
}

/* `dots` dot products of n: a multiplication, then n-1 fused or paired multiply-adds. */
static void add_dots(struct scan *s, const uint32_t *w, const struct spirv_type *t, uint64_t dots, uint64_t n)
{
    if (!t || dots == 0 || n == 0) {
        scan_not_counted(s, w, "", "its operands are not vectors or matrices");
        return;
    }
    struct spirv_type scalar = *t;
    scalar.kind = TYPE_FLOAT;
    scalar.scalars = 1;
    add_operations(s, w, &scalar, OP_MUL, (int64_t)dots, 0);
    add_operations(s, w, &scalar, OP_FMA, (int64_t)(dots * (n - 1)), 0);
}

static uint32_t parts(const struct spirv_type *t)
{
    return t ? t->count : 0;
}

static void scan_products(struct scan *s, const uint32_t *w, enum op_class class)
{
    const struct spirv_type *result = module_type(s->m, w[1]);
    const struct spirv_type *left = type_of_value(s->m, w[3]), *right = type_of_value(s->m, w[4]);
    uint32_t rows = result && result->kind == TYPE_MATRIX ? parts(module_type(s->m, result->element)) : 0;
    switch (class) {
    case CLASS_DOT: add_dots(s, w, result, 1, parts(left)); break;
    case CLASS_VECTOR_MATRIX: /* one dot product of the vector with each column */
        add_dots(s, w, result, parts(result), parts(left));
        break;
    case CLASS_MATRIX_VECTOR: add_dots(s, w, result, parts(result), parts(right)); break;
    case CLASS_MATRIX_MATRIX: add_dots(s, w, result, (uint64_t)parts(result) * rows, parts(left)); break;
    default: /* scaling and outer products: one multiplication per scalar of the result */
        add_operations(s, w, result, OP_MUL, 0, 1);
    }
}

static void scan_int_dot(struct scan *s, const uint32_t *w)
{
    const struct spirv_type *operand = type_of_value(s->m, w[3]), *result = module_type(s->m, w[1]);
    bool packed = operand && operand->kind == TYPE_INT;
    int64_t n = packed ? 4 : parts(operand);
    bool accumulates = word_op(*w) >= SpvOpSDotAccSatKHR && word_op(*w) <= SpvOpSUDotAccSatKHR;
    add_operations(s, w, result, OP_INT_MUL, n, 0);
    add_operations(s, w, result, OP_INT_XOR, n - 1 + accumulates, 0);
}

static void scan_ext(struct scan *s, const uint32_t *w)
{
    char what[64], name[48] = "";
    enum ext_set set = ext_set_of(s->m, w[3]);
    const uint32_t *import = module_def(s->m, w[3]);
    if (import && word_op(*import) == SpvOpExtInstImport)
        module_string(s->m, (uint32_t)(import - s->m->words) + 2, word_length(*import) - 2, name, sizeof name);
    snprintf(what, sizeof what, "%u of %s", w[4], name);
    if (set == EXT_FREE || set == EXT_DEBUG_LINES)
        return;
    if (set != EXT_GLSL) {
        scan_not_counted(s, w, what, "it is of an extended instruction set that the lab does not know");
        return;
    }
    const struct special_cost *cost = special_find(w[4]);
    const struct spirv_type *t = word_length(*w) > 5 ? type_of_value(s->m, w[5]) : NULL;
    if (!cost) {
        scan_not_counted(s, w, what,
                         "a GLSL.std.450 function without one formula (determinant, inverse, interpolation)");
        return;
    }
    for (int i = 0; i < 3; i++) {
        if (cost->part[i].fixed == 0 && cost->part[i].each == 0)
            continue;
        struct spirv_type as = t ? *t : (struct spirv_type){0};
        if (!cost->integer && !as.is_float) { /* unpacking makes 32-bit floats of integers */
            as.is_float = true;
            as.width = 32;
        }
        add_operations(s, w, &as, (enum op)cost->part[i].op, cost->part[i].fixed, cost->part[i].each);
    }
}

/* 2MNK once per scope: the flops by the type of what is multiplied. */
static void scan_tile_mul(struct scan *s, const uint32_t *w)
{
    const struct spirv_type *a = type_of_value(s->m, w[3]), *c = module_type(s->m, w[1]);
    int64_t rows, inner;
    bool tiles = a && c && a->kind == TYPE_TILE && c->kind == TYPE_TILE && c->scalars > 0;
    if (!tiles || !constant_value(s->m, s->m->words[a->at + 4], &rows) ||
        !constant_value(s->m, s->m->words[a->at + 5], &inner) || rows <= 0 || inner <= 0) {
        scan_not_counted(s, w, "", "the size of its matrices is not known");
        return;
    }
    struct spirv_type scalar = *a;
    scalar.scalars = 1;
    enum op op = a->is_float ? OP_FMA : OP_INT_MUL;
    uint64_t macs = saturating_multiply(c->scalars, (uint64_t)inner);
    if (macs > INT32_MAX) {
        scan_not_counted(s, w, "", "the size of its matrices is absurd");
        return;
    }
    add_operations(s, w, &scalar, op, (int64_t)macs, 0);
    if (!a->is_float) /* a multiplication and an addition */
        add_operations(s, w, &scalar, OP_INT_XOR, (int64_t)macs, 0);
    add_plain(s, COUNT_TILE, 1, tile_share(s->m, a));
}

static void scan_convert(struct scan *s, const uint32_t *w)
{
    const struct spirv_type *t = module_type(s->m, w[1]);
    add_plain(s, COUNT_CONVERT, t ? t->scalars : 0, tile_share(s->m, t));
}

static void scan_instruction(struct scan *s, const uint32_t *w)
{
    const struct module *m = s->m;
    uint16_t op = word_op(*w);
    enum op_class class = opcode_find(op).class;
    const struct spirv_type *result = opcode_find(op).ids == 2 ? module_type(m, w[1]) : NULL;
    switch (class) {
    case CLASS_FLOP: add_operations(s, w, result, float_op(op), 0, 1); break;
    case CLASS_FLOP_OPERAND: add_operations(s, w, type_of_value(m, w[3]), OP_ADD, 0, 1); break;
    case CLASS_INT:
    case CLASS_INT_OPERAND: /* extended ones give a structure: count by the operand as well */
        if (class == CLASS_INT_OPERAND || (result && result->kind == TYPE_STRUCT))
            result = type_of_value(m, w[3]);
        add_operations(s, w, result, int_op(op), 0, 1);
        break;
    case CLASS_CONVERT: scan_convert(s, w); break;
    case CLASS_DOT:
    case CLASS_SCALE:
    case CLASS_VECTOR_MATRIX:
    case CLASS_MATRIX_VECTOR:
    case CLASS_MATRIX_MATRIX:
    case CLASS_OUTER: scan_products(s, w, class); break;
    case CLASS_INT_DOT: scan_int_dot(s, w); break;
    case CLASS_EXT: scan_ext(s, w); break;
    case CLASS_TILE_MUL: scan_tile_mul(s, w); break;
    case CLASS_BARRIER: add_plain(s, COUNT_BARRIER, 1, SHARE_INVOCATION); break;
    case CLASS_FENCE: add_plain(s, COUNT_FENCE, 1, SHARE_INVOCATION); break;
    case CLASS_SUBGROUP: add_plain(s, COUNT_SUBGROUP, 1, SHARE_INVOCATION); break;
    case CLASS_BRANCH: /* a switch without cases, an optimiser's wrapping of early returns, decides nothing */
        add_plain(s, COUNT_BRANCH, op != SpvOpSwitch || word_length(*w) > 3, SHARE_INVOCATION);
        break;
    case CLASS_KILL:
        scan_not_counted(s, w, "", "it ends the invocation before its counters are added up");
        break;
    case CLASS_UNCOUNTED: scan_not_counted(s, w, "", "the lab has no rule for this instruction"); break;
    default: scan_memory(s, w);
    }
}

void mix_build(struct static_mix *x, const struct module *m, const struct trace *t,
               const struct reflection *r, const struct bound_size *bound, uint32_t bound_count)
{
    memset(x, 0, sizeof *x);
    x->push = r->resource_count;
    x->address = r->resource_count + 1;
    x->resources = r->resource_count + 2;
    x->elements = need((r->resource_count + 1) * sizeof *x->elements);
    for (uint32_t i = 0; i < r->resource_count; i++) {
        uint32_t count = r->resources[i].count;
        if (count < 2 || count > ELEMENTS_MAX || x->resources + count > 4 * RESOURCES_MAX)
            continue;
        x->elements[i] = x->resources;
        x->resources += count;
    }
    x->not_counted = need(NOT_COUNTED_MAX * sizeof *x->not_counted);
    struct scan s = {.x = x, .m = m, .t = t, .r = r, .bound = bound, .bound_count = bound_count};
    s.resource_of = need((size_t)m->bound * sizeof *s.resource_of);
    for (uint32_t i = 0; i < r->resource_count; i++)
        s.resource_of[r->resources[i].variable] = i + 1;
    for (s.block = 0; s.block < m->block_count; s.block++) {
        const struct block *b = &m->blocks[s.block];
        if (!r->reached[b->function])
            continue;
        s.line = (struct source_line){0};
        for (uint32_t at = b->at; at < b->end; at += word_length(m->words[at])) {
            lines_follow(&s.line, m, m->words + at);
            scan_instruction(&s, m->words + at);
        }
    }
    free(s.resource_of);
}

void mix_free(struct static_mix *x)
{
    free(x->items);
    free(x->not_counted);
    free(x->elements);
    memset(x, 0, sizeof *x);
}
