#include "harness/spirv/flush.h"

#include <stdlib.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/instrument.h"

#define FLUSH_EACH_MAX 8

/* The shader's own WorkgroupId, because a builtin should have one variable only; else a new one. */
static void find_group_id(struct flush *w)
{
    struct emit *e = w->e;
    w->group_type = emit_type(e, SpvOpTypeVector, 2, (uint32_t[]){emit_u32(e), 3});
    for (uint32_t i = 0; i < e->m->decoration_count; i++) {
        const struct decoration *d = &e->m->decorations[i];
        bool named =
            d->kind == SpvDecorationBuiltIn && d->count && e->m->words[d->at] == SpvBuiltInWorkgroupId;
        const struct spirv_type *t = named ? type_pointee(e->m, d->target) : NULL;
        if (t && t->id == w->group_type && module_op(e->m, d->target) == SpvOpVariable)
            w->group_id = d->target;
    }
    if (w->group_id)
        return;
    w->group_id = emit_variable(e, SpvStorageClassInput, w->group_type, 0);
    emit_decorate(e, w->group_id, SpvDecorationBuiltIn, 1, (uint32_t[]){SpvBuiltInWorkgroupId});
}

void flush_begin(struct flush *w)
{
    uint32_t zero = emit_constant(w->e, 0);
    find_group_id(w);
    w->function = emit_id(w->e);
    w->counters = need((w->count + 1) * sizeof *w->counters);
    for (uint32_t i = 0; i < w->count; i++)
        w->counters[i] = emit_variable(w->e, SpvStorageClassPrivate, emit_u32(w->e), zero);
}

void flush_free(struct flush *w)
{
    free(w->counters);
    w->counters = NULL;
}

static uint32_t lab_word(struct flush *w, struct words *t, uint32_t index)
{
    uint32_t zero = emit_constant(w->e, 0);
    return emit_op(w->e, t, SpvOpAccessChain, w->pointer, 3, (uint32_t[]){w->lab, zero, index});
}

static uint32_t atomic_add(struct flush *w, struct words *t, uint32_t index, uint32_t value)
{
    uint32_t scope = emit_constant(w->e, w->scope), relaxed = emit_constant(w->e, 0),
             pointer = lab_word(w, t, index);
    return emit_op(w->e, t, SpvOpAtomicIAdd, emit_u32(w->e), 4, (uint32_t[]){pointer, scope, relaxed, value});
}

/* void flush(slot, value): adds value to the two words at slot, with carry; nothing for 0. */
void flush_function(struct flush *w, struct words *t)
{
    struct emit *e = w->e;
    uint32_t u32 = emit_u32(e), nothing = emit_void(e), boolean = emit_bool(e);
    uint32_t type = emit_type(e, SpvOpTypeFunction, 3, (uint32_t[]){nothing, u32, u32});
    uint32_t zero = emit_constant(e, 0), one = emit_constant(e, 1);
    uint32_t slot = emit_id(e), value = emit_id(e), add = emit_id(e), carried = emit_id(e), join = emit_id(e);
    uint32_t end = emit_id(e);
    words_op(t, SpvOpFunction, 4, (uint32_t[]){nothing, w->function, 0, type});
    words_op(t, SpvOpFunctionParameter, 2, (uint32_t[]){u32, slot});
    words_op(t, SpvOpFunctionParameter, 2, (uint32_t[]){u32, value});
    emit_label(t, emit_id(e));
    emit_if(t, emit_two(e, t, SpvOpINotEqual, boolean, value, zero), add, end);
    emit_label(t, add);
    uint32_t old = atomic_add(w, t, slot, value);
    uint32_t sum = emit_two(e, t, SpvOpIAdd, u32, old, value);
    emit_if(t, emit_two(e, t, SpvOpULessThan, boolean, sum, old), carried, join);
    emit_label(t, carried);
    atomic_add(w, t, emit_two(e, t, SpvOpIAdd, u32, slot, one), one);
    words_op(t, SpvOpBranch, 1, &join);
    emit_label(t, join);
    words_op(t, SpvOpBranch, 1, &end);
    emit_label(t, end);
    words_op(t, SpvOpReturn, 0, NULL);
    words_op(t, SpvOpFunctionEnd, 0, NULL);
}

/* The first word of this workgroup's bank. */
static uint32_t write_bank(struct flush *w, struct words *t)
{
    struct emit *e = w->e;
    uint32_t u32 = emit_u32(e), group = emit_load(e, t, w->group_type, w->group_id);
    uint32_t x = emit_two(e, t, SpvOpCompositeExtract, u32, group, 0);
    uint32_t y = emit_two(e, t, SpvOpCompositeExtract, u32, group, 1);
    uint32_t both = emit_two(e, t, SpvOpIAdd, u32, x, y);
    uint32_t bank = emit_two(e, t, SpvOpBitwiseAnd, u32, both, emit_constant(e, LAB_BANKS - 1));
    uint32_t offset = emit_two(e, t, SpvOpIMul, u32, bank, emit_constant(e, w->stride));
    return emit_two(e, t, SpvOpIAdd, u32, offset, emit_constant(e, w->first));
}

/* Adds `value` to counter i's words, where i is known or the id of an index. */
static void write_flush_call(struct flush *w, struct words *t, uint32_t bank, uint32_t twice_i,
                             uint32_t value)
{
    uint32_t slot = emit_two(w->e, t, SpvOpIAdd, emit_u32(w->e), bank, twice_i);
    emit_op(w->e, t, SpvOpFunctionCall, emit_void(w->e), 3, (uint32_t[]){w->function, slot, value});
}

static void flush_each(struct flush *w, struct words *t, uint32_t bank)
{
    for (uint32_t i = 0; i < w->count; i++) {
        uint32_t value = emit_load(w->e, t, emit_u32(w->e), w->counters[i]);
        write_flush_call(w, t, bank, emit_constant(w->e, 2 * i), value);
    }
}

/* Through the array and one loop. `before` is the label of the block that this is written in. */
static void flush_loop(struct flush *w, struct words *t, uint32_t bank, uint32_t array, uint32_t before)
{
    struct emit *e = w->e;
    uint32_t u32 = emit_u32(e), pointer = emit_pointer(e, SpvStorageClassFunction, u32);
    uint32_t header = emit_id(e), body = emit_id(e), next = emit_id(e), done = emit_id(e);
    uint32_t i = emit_id(e), following = emit_id(e), zero = emit_constant(e, 0), one = emit_constant(e, 1);
    for (uint32_t k = 0; k < w->count; k++) {
        uint32_t value = emit_load(e, t, u32, w->counters[k]);
        uint32_t place = emit_two(e, t, SpvOpAccessChain, pointer, array, emit_constant(e, k));
        words_op(t, SpvOpStore, 2, (uint32_t[]){place, value});
    }
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, header);
    words_op(t, SpvOpPhi, 6, (uint32_t[]){u32, i, zero, before, following, next});
    uint32_t more = emit_two(e, t, SpvOpULessThan, emit_bool(e), i, emit_constant(e, w->count));
    words_op(t, SpvOpLoopMerge, 3, (uint32_t[]){done, next, SpvLoopControlDontUnrollMask});
    words_op(t, SpvOpBranchConditional, 3, (uint32_t[]){more, body, done});
    emit_label(t, body);
    uint32_t value = emit_load(e, t, u32, emit_two(e, t, SpvOpAccessChain, pointer, array, i));
    write_flush_call(w, t, bank, emit_two(e, t, SpvOpShiftLeftLogical, u32, i, one), value);
    words_op(t, SpvOpBranch, 1, &next);
    emit_label(t, next);
    words_op(t, SpvOpIAdd, 4, (uint32_t[]){u32, following, i, one});
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, done);
}

uint32_t flush_array(struct flush *w, struct words *t)
{
    if (w->count <= FLUSH_EACH_MAX)
        return 0;
    uint32_t type = emit_id(w->e), id = emit_id(w->e), length = emit_constant(w->e, w->count);
    words_op(&w->e->globals, SpvOpTypeArray, 3, (uint32_t[]){type, emit_u32(w->e), length});
    uint32_t pointer = emit_pointer(w->e, SpvStorageClassFunction, type);
    words_op(t, SpvOpVariable, 3, (uint32_t[]){pointer, id, SpvStorageClassFunction});
    return id;
}

void flush_all(struct flush *w, struct words *t, uint32_t array, uint32_t label)
{
    uint32_t bank = write_bank(w, t);
    if (array)
        flush_loop(w, t, bank, array, label);
    else
        flush_each(w, t, bank);
}

/* How many passes is read from the buffer, so that no compiler can unroll the loop or know its end. */
void flush_watch(struct flush *w, struct words *t)
{
    struct emit *e = w->e;
    uint32_t u32 = emit_u32(e), zero = emit_constant(e, 0), one = emit_constant(e, 1), boolean = emit_bool(e);
    uint32_t before = emit_id(e), header = emit_id(e), body = emit_id(e), next = emit_id(e), done = emit_id(e);
    uint32_t i = emit_id(e), following = emit_id(e), cut = emit_id(e), end = emit_id(e);
    words_op(t, SpvOpBranch, 1, &before);
    emit_label(t, before);
    uint32_t passes = emit_load(e, t, u32, lab_word(w, t, emit_constant(e, LAB_PASSES)));
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, header);
    words_op(t, SpvOpPhi, 6, (uint32_t[]){u32, i, zero, before, following, next});
    uint32_t more = emit_two(e, t, SpvOpULessThan, boolean, i, passes);
    words_op(t, SpvOpLoopMerge, 3, (uint32_t[]){done, next, SpvLoopControlDontUnrollMask});
    words_op(t, SpvOpBranchConditional, 3, (uint32_t[]){more, body, done});
    emit_label(t, body);
    words_op(t, SpvOpBranch, 1, &next);
    emit_label(t, next);
    words_op(t, SpvOpIAdd, 4, (uint32_t[]){u32, following, i, one});
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, done);
    emit_if(t, emit_two(e, t, SpvOpULessThan, boolean, i, passes), cut, end);
    emit_label(t, cut);
    atomic_add(w, t, emit_constant(e, LAB_CUT), one);
    words_op(t, SpvOpBranch, 1, &end);
    emit_label(t, end);
}
