#include "harness/spirv/emit.h"

#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"

void words_add(struct words *to, const uint32_t *from, size_t count)
{
    if (to->count + count > to->room) {
        to->room = 2 * to->room > to->count + count ? 2 * to->room : to->count + count + 64;
        to->w = need_more(to->w, to->room * sizeof *to->w);
    }
    if (count)
        memcpy(to->w + to->count, from, count * sizeof *from);
    to->count += count;
}

void words_op(struct words *to, uint16_t op, uint32_t count, const uint32_t *operands)
{
    uint32_t first = (count + 1) << 16 | op;
    words_add(to, &first, 1);
    words_add(to, operands, count);
}

void words_free(struct words *w)
{
    free(w->w);
    *w = (struct words){0};
}

uint32_t emit_id(struct emit *e)
{
    return e->next_id++;
}

static bool same(const uint32_t *w, uint16_t op, uint32_t count, const uint32_t *operands)
{
    return word_op(*w) == op && word_length(*w) == count + 2 &&
           memcmp(w + 2, operands, count * sizeof *operands) == 0;
}

uint32_t emit_type(struct emit *e, uint16_t op, uint32_t count, const uint32_t *operands)
{
    for (uint32_t i = 0; i < e->m->type_count; i++)
        if (same(e->m->words + e->m->types[i].at, op, count, operands))
            return e->m->types[i].id;
    for (size_t at = 0; at < e->globals.count; at += word_length(e->globals.w[at]))
        if (same(e->globals.w + at, op, count, operands))
            return e->globals.w[at + 1];
    uint32_t id = emit_id(e), all[16] = {id};
    memcpy(all + 1, operands, count * sizeof *operands);
    words_op(&e->globals, op, count + 1, all);
    return id;
}

uint32_t emit_u32(struct emit *e)
{
    if (!e->u32)
        e->u32 = emit_type(e, SpvOpTypeInt, 2, (uint32_t[]){32, 0});
    return e->u32;
}

uint32_t emit_bool(struct emit *e)
{
    if (!e->boolean)
        e->boolean = emit_type(e, SpvOpTypeBool, 0, (uint32_t[]){0});
    return e->boolean;
}

uint32_t emit_void(struct emit *e)
{
    if (!e->nothing)
        e->nothing = emit_type(e, SpvOpTypeVoid, 0, (uint32_t[]){0});
    return e->nothing;
}

uint32_t emit_pointer(struct emit *e, uint32_t storage, uint32_t type)
{
    return emit_type(e, SpvOpTypePointer, 2, (uint32_t[]){storage, type});
}

uint32_t emit_constant(struct emit *e, uint32_t value)
{
    uint32_t type = emit_u32(e);
    for (size_t at = 0; at < e->globals.count; at += word_length(e->globals.w[at])) {
        const uint32_t *w = e->globals.w + at;
        if (word_op(*w) == SpvOpConstant && w[1] == type && w[3] == value)
            return w[2];
    }
    uint32_t id = emit_id(e);
    words_op(&e->globals, SpvOpConstant, 3, (uint32_t[]){type, id, value});
    return id;
}

uint32_t emit_variable(struct emit *e, uint32_t storage, uint32_t type, uint32_t initial)
{
    uint32_t pointer = emit_pointer(e, storage, type), id = emit_id(e);
    words_op(&e->globals, SpvOpVariable, initial ? 4 : 3, (uint32_t[]){pointer, id, storage, initial});
    return id;
}

void emit_decorate(struct emit *e, uint32_t target, uint32_t decoration, uint32_t count,
                   const uint32_t *literals)
{
    uint32_t all[4] = {target, decoration};
    for (uint32_t i = 0; i < count && i < 2; i++)
        all[2 + i] = literals[i];
    words_op(&e->decorations, SpvOpDecorate, 2 + count, all);
}

uint32_t emit_op(struct emit *e, struct words *to, uint16_t op, uint32_t type, uint32_t count,
                 const uint32_t *operands)
{
    uint32_t id = emit_id(e), head[3] = {(count + 3) << 16 | op, type, id};
    words_add(to, head, 3);
    words_add(to, operands, count);
    return id;
}

uint32_t emit_two(struct emit *e, struct words *to, uint16_t op, uint32_t type, uint32_t a, uint32_t b)
{
    return emit_op(e, to, op, type, 2, (uint32_t[]){a, b});
}

uint32_t emit_load(struct emit *e, struct words *to, uint32_t type, uint32_t pointer)
{
    return emit_op(e, to, SpvOpLoad, type, 1, &pointer);
}

void emit_label(struct words *to, uint32_t label)
{
    words_op(to, SpvOpLabel, 1, &label);
}

void emit_if(struct words *to, uint32_t condition, uint32_t then, uint32_t end)
{
    words_op(to, SpvOpSelectionMerge, 2, (uint32_t[]){end, SpvSelectionControlMaskNone});
    words_op(to, SpvOpBranchConditional, 3, (uint32_t[]){condition, then, end});
}
