#include "harness/spirv/instrument.h"

#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/emit.h"
#include "harness/spirv/footprint.h"

/* Everything that is known while the new module is written. */
struct writer {
    struct instrumented *in;
    const struct instrument_options *options;
    struct emit e;
    struct words head, body, tail; /* before the annotations; the old functions; the new ones */
    struct footprint *footprint;   /* or NULL */
    uint32_t lab, lab_pointer;     /* the lab buffer's variable; type of a pointer to one of its words */
    uint32_t lab_storage, scope;
    uint32_t group_id, group_type; /* the WorkgroupId builtin's variable and its type */
    uint32_t *counters;            /* variables, by counter */
    uint32_t main, flush;          /* new functions */
};

uint32_t lab_counters(const struct instrumented *in)
{
    return (LAB_TABLE + LAB_TABLE_WORDS * in->target_count + 15) / 16 * 16;
}

uint32_t lab_stride(const struct instrumented *in)
{
    return (2 * in->counters.count + 15) / 16 * 16;
}

/* A binding behind all others of the lowest set that is used: every device has room in a set that exists. */
static void choose_place(struct instrumented *in, const struct instrument_options *o)
{
    const struct reflection *r = &in->reflection;
    in->set = o->place ? o->set : r->resource_count ? r->resources[0].set : 0;
    in->binding = o->place ? o->binding : 0;
    for (uint32_t i = 0; i < r->resource_count && !o->place; i++)
        if (r->resources[i].set == in->set && r->resources[i].binding >= in->binding)
            in->binding = r->resources[i].binding + 1;
}

static void make_lab(struct writer *w)
{
    struct emit *e = &w->e;
    bool modern = e->m->version >= 0x10300;
    uint32_t u32 = emit_u32(e), array = emit_id(e), block = emit_id(e);
    w->lab_storage = modern ? SpvStorageClassStorageBuffer : SpvStorageClassUniform;
    words_op(&e->globals, SpvOpTypeRuntimeArray, 2, (uint32_t[]){array, u32});
    words_op(&e->globals, SpvOpTypeStruct, 2, (uint32_t[]){block, array});
    emit_decorate(e, array, SpvDecorationArrayStride, 1, (uint32_t[]){4});
    emit_decorate(e, block, modern ? SpvDecorationBlock : SpvDecorationBufferBlock, 0, NULL);
    words_op(&e->decorations, SpvOpMemberDecorate, 4, (uint32_t[]){block, 0, SpvDecorationOffset, 0});
    w->lab = emit_variable(e, w->lab_storage, block, 0);
    w->lab_pointer = emit_pointer(e, w->lab_storage, u32);
    emit_decorate(e, w->lab, SpvDecorationDescriptorSet, 1, &w->in->set);
    emit_decorate(e, w->lab, SpvDecorationBinding, 1, &w->in->binding);
}

/* Under the Vulkan memory model device scope needs a capability of its own; queue-family scope does not. */
static uint32_t memory_scope(const struct module *m)
{
    for (uint32_t at = MODULE_HEADER; at < m->count; at += word_length(m->words[at]))
        if (word_op(m->words[at]) == SpvOpMemoryModel)
            return m->words[at + 2] == SpvMemoryModelVulkan ? SpvScopeQueueFamily : SpvScopeDevice;
    return SpvScopeDevice;
}

/* The shader's own WorkgroupId, because a builtin should have one variable only; else a new one. */
static void find_group_id(struct writer *w)
{
    struct emit *e = &w->e;
    w->group_type = emit_type(e, SpvOpTypeVector, 2, (uint32_t[]){emit_u32(e), 3});
    for (uint32_t i = 0; i < e->m->decoration_count; i++) {
        const struct decoration *d = &e->m->decorations[i];
        bool named =
            d->kind == SpvDecorationBuiltIn && d->count && e->m->words[d->at] == SpvBuiltInWorkgroupId;
        const struct type *t = named ? type_pointee(e->m, d->target) : NULL;
        if (t && t->id == w->group_type && module_op(e->m, d->target) == SpvOpVariable)
            w->group_id = d->target;
    }
    if (w->group_id)
        return;
    w->group_id = emit_variable(e, SpvStorageClassInput, w->group_type, 0);
    emit_decorate(e, w->group_id, SpvDecorationBuiltIn, 1, (uint32_t[]){SpvBuiltInWorkgroupId});
}

static void make_counters(struct writer *w)
{
    uint32_t zero = emit_constant(&w->e, 0), count = w->in->counters.count;
    w->counters = need((count + 1) * sizeof *w->counters);
    for (uint32_t i = 0; i < count; i++)
        w->counters[i] = emit_variable(&w->e, SpvStorageClassPrivate, emit_u32(&w->e), zero);
}

/* The chosen entry point with the new function and what the new code uses. Until SPIR-V 1.3 an interface lists
 * inputs and outputs only, from 1.4 every global variable. */
static bool write_entry(struct writer *w, const uint32_t *old, struct error *e)
{
    uint32_t length = word_length(*old), extra = 0, count = w->in->counters.count, marks = 0;
    const uint32_t *variables = w->footprint ? footprint_variables(w->footprint, &marks) : NULL;
    uint32_t *more = need((count + marks + 2) * sizeof *more);
    uint32_t at = (uint32_t)(old - w->e.m->words), listed = 0;
    for (uint32_t i = w->in->reflection.interface_at; i < at + length; i++)
        listed += w->e.m->words[i] == w->group_id;
    if (!listed)
        more[extra++] = w->group_id;
    if (w->e.m->version >= 0x10400) {
        more[extra++] = w->lab;
        for (uint32_t i = 0; i < count; i++)
            more[extra++] = w->counters[i];
        for (uint32_t i = 0; i < marks; i++)
            more[extra++] = variables[i];
    }
    if (length + extra > 0xffff) {
        free(more);
        return error_set(e, EXIT_USAGE,
                         "the shader has more blocks (%u counters) than an entry point can list", count);
    }
    uint32_t first = (length + extra) << 16 | SpvOpEntryPoint;
    words_add(&w->head, &first, 1);
    words_add(&w->head, (uint32_t[]){old[1], w->main}, 2);
    words_add(&w->head, old + 3, length - 3);
    words_add(&w->head, more, extra);
    free(more);
    return true;
}

/* Execution modes move to the new entry function. Other entry points go: their functions would use counters
 * that their interfaces do not list. */
static bool write_head(struct writer *w, uint32_t end, struct error *e)
{
    const struct module *m = w->e.m;
    uint32_t function = w->in->reflection.function;
    for (uint32_t at = MODULE_HEADER; at < end; at += word_length(m->words[at])) {
        const uint32_t *i = m->words + at;
        uint16_t op = word_op(*i);
        if (op == SpvOpEntryPoint) {
            if (at == w->in->reflection.entry_at && !write_entry(w, i, e))
                return false;
        } else if (op == SpvOpExecutionMode || op == SpvOpExecutionModeId) {
            if (i[1] != function)
                continue;
            words_add(&w->head, i, 1);
            words_add(&w->head, &w->main, 1);
            words_add(&w->head, i + 2, word_length(*i) - 2);
        } else {
            words_add(&w->head, i, word_length(*i));
        }
    }
    return true;
}

/* Where new code may stand in a block: behind its phis and variables, and so before any merge instruction. */
static uint32_t first_place(const struct module *m, const struct block *b)
{
    uint32_t place = b->at + word_length(m->words[b->at]);
    for (uint32_t at = place; at < b->end; at += word_length(m->words[at])) {
        uint16_t op = word_op(m->words[at]);
        if (op == SpvOpPhi || op == SpvOpVariable)
            place = at + word_length(m->words[at]);
        else if (op != SpvOpLine && op != SpvOpNoLine && op != SpvOpExtInst)
            break;
    }
    return place;
}

static void write_increment(struct writer *w, uint32_t counter)
{
    uint32_t u32 = emit_u32(&w->e), variable = w->counters[counter];
    uint32_t old = emit_load(&w->e, &w->body, u32, variable);
    uint32_t sum = emit_two(&w->e, &w->body, SpvOpIAdd, u32, old, emit_constant(&w->e, 1));
    words_op(&w->body, SpvOpStore, 2, (uint32_t[]){variable, sum});
}

static void write_block(struct writer *w, uint32_t index)
{
    const struct module *m = w->e.m;
    const struct block *b = &m->blocks[index];
    const struct counters *c = &w->in->counters;
    uint32_t place = first_place(m, b);
    struct source_line line = {0};
    for (uint32_t at = b->at; at < b->end; at += word_length(m->words[at])) {
        const uint32_t *i = m->words + at;
        if (at == place && c->slot[index])
            write_increment(w, c->slot[index] - 1);
        lines_follow(&line, m, i);
        if (w->footprint && c->reached[index])
            footprint_instruction(w->footprint, &w->body, i, line);
        else
            words_add(&w->body, i, word_length(*i));
    }
}

static void write_functions(struct writer *w)
{
    const struct module *m = w->e.m;
    uint32_t at = m->functions[0].at;
    for (uint32_t b = 0; b < m->block_count; b++) {
        words_add(&w->body, m->words + at, m->blocks[b].at - at);
        write_block(w, b);
        at = m->blocks[b].end;
    }
    words_add(&w->body, m->words + at, m->count - at);
}

static uint32_t lab_word(struct writer *w, uint32_t index)
{
    uint32_t zero = emit_constant(&w->e, 0);
    return emit_op(&w->e, &w->tail, SpvOpAccessChain, w->lab_pointer, 3, (uint32_t[]){w->lab, zero, index});
}

static uint32_t atomic_add(struct writer *w, uint32_t index, uint32_t value)
{
    uint32_t scope = emit_constant(&w->e, w->scope), relaxed = emit_constant(&w->e, 0),
             pointer = lab_word(w, index);
    return emit_op(&w->e, &w->tail, SpvOpAtomicIAdd, emit_u32(&w->e), 4,
                   (uint32_t[]){pointer, scope, relaxed, value});
}

/* void flush(slot, value): adds value to the two words at slot, with carry; nothing for 0. */
static void write_flush(struct writer *w)
{
    struct emit *e = &w->e;
    struct words *t = &w->tail;
    uint32_t u32 = emit_u32(e), nothing = emit_void(e), boolean = emit_bool(e);
    uint32_t type = emit_type(e, SpvOpTypeFunction, 3, (uint32_t[]){nothing, u32, u32});
    uint32_t zero = emit_constant(e, 0), one = emit_constant(e, 1);
    uint32_t slot = emit_id(e), value = emit_id(e), add = emit_id(e), carried = emit_id(e), join = emit_id(e);
    uint32_t end = emit_id(e);
    words_op(t, SpvOpFunction, 4, (uint32_t[]){nothing, w->flush, 0, type});
    words_op(t, SpvOpFunctionParameter, 2, (uint32_t[]){u32, slot});
    words_op(t, SpvOpFunctionParameter, 2, (uint32_t[]){u32, value});
    emit_label(t, emit_id(e));
    emit_if(t, emit_two(e, t, SpvOpINotEqual, boolean, value, zero), add, end);
    emit_label(t, add);
    uint32_t old = atomic_add(w, slot, value);
    uint32_t sum = emit_two(e, t, SpvOpIAdd, u32, old, value);
    emit_if(t, emit_two(e, t, SpvOpULessThan, boolean, sum, old), carried, join);
    emit_label(t, carried);
    atomic_add(w, emit_two(e, t, SpvOpIAdd, u32, slot, one), one);
    words_op(t, SpvOpBranch, 1, &join);
    emit_label(t, join);
    words_op(t, SpvOpBranch, 1, &end);
    emit_label(t, end);
    words_op(t, SpvOpReturn, 0, NULL);
    words_op(t, SpvOpFunctionEnd, 0, NULL);
}

/* The first word of this workgroup's bank. */
static uint32_t write_bank(struct writer *w)
{
    struct emit *e = &w->e;
    struct words *t = &w->tail;
    uint32_t u32 = emit_u32(e), group = emit_load(e, t, w->group_type, w->group_id);
    uint32_t x = emit_two(e, t, SpvOpCompositeExtract, u32, group, 0);
    uint32_t y = emit_two(e, t, SpvOpCompositeExtract, u32, group, 1);
    uint32_t both = emit_two(e, t, SpvOpIAdd, u32, x, y);
    uint32_t bank = emit_two(e, t, SpvOpBitwiseAnd, u32, both, emit_constant(e, LAB_BANKS - 1));
    uint32_t offset = emit_two(e, t, SpvOpIMul, u32, bank, emit_constant(e, lab_stride(w->in)));
    return emit_two(e, t, SpvOpIAdd, u32, offset, emit_constant(e, lab_counters(w->in)));
}

/* Adds `value` to counter i's words, where i is known or the id of an index. */
static void write_flush_call(struct writer *w, uint32_t bank, uint32_t twice_i, uint32_t value)
{
    uint32_t slot = emit_two(&w->e, &w->tail, SpvOpIAdd, emit_u32(&w->e), bank, twice_i);
    emit_op(&w->e, &w->tail, SpvOpFunctionCall, emit_void(&w->e), 3, (uint32_t[]){w->flush, slot, value});
}

static void flush_each(struct writer *w, uint32_t bank)
{
    for (uint32_t i = 0; i < w->in->counters.count; i++) {
        uint32_t value = emit_load(&w->e, &w->tail, emit_u32(&w->e), w->counters[i]);
        write_flush_call(w, bank, emit_constant(&w->e, 2 * i), value);
    }
}

/* Drivers inline the flush and then compile it once per counter, atomics and all. Where there are many, their
 * values go through an array and one loop. `before` is the label of the block that this is written in. */
static void flush_loop(struct writer *w, uint32_t bank, uint32_t array, uint32_t before)
{
    struct emit *e = &w->e;
    struct words *t = &w->tail;
    uint32_t u32 = emit_u32(e), pointer = emit_pointer(e, SpvStorageClassFunction, u32);
    uint32_t header = emit_id(e), body = emit_id(e), next = emit_id(e), done = emit_id(e);
    uint32_t i = emit_id(e), following = emit_id(e), zero = emit_constant(e, 0), one = emit_constant(e, 1);
    for (uint32_t k = 0; k < w->in->counters.count; k++) {
        uint32_t value = emit_load(e, t, u32, w->counters[k]);
        uint32_t place = emit_two(e, t, SpvOpAccessChain, pointer, array, emit_constant(e, k));
        words_op(t, SpvOpStore, 2, (uint32_t[]){place, value});
    }
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, header);
    words_op(t, SpvOpPhi, 6, (uint32_t[]){u32, i, zero, before, following, next});
    uint32_t more = emit_two(e, t, SpvOpULessThan, emit_bool(e), i, emit_constant(e, w->in->counters.count));
    words_op(t, SpvOpLoopMerge, 3, (uint32_t[]){done, next, SpvLoopControlDontUnrollMask});
    words_op(t, SpvOpBranchConditional, 3, (uint32_t[]){more, body, done});
    emit_label(t, body);
    uint32_t value = emit_load(e, t, u32, emit_two(e, t, SpvOpAccessChain, pointer, array, i));
    write_flush_call(w, bank, emit_two(e, t, SpvOpShiftLeftLogical, u32, i, one), value);
    words_op(t, SpvOpBranch, 1, &next);
    emit_label(t, next);
    words_op(t, SpvOpIAdd, 4, (uint32_t[]){u32, following, i, one});
    words_op(t, SpvOpBranch, 1, &header);
    emit_label(t, done);
}

/* A function's array with room for all counters; it has to stand first in its block. */
static uint32_t write_array(struct writer *w)
{
    uint32_t type = emit_id(&w->e), id = emit_id(&w->e), length = emit_constant(&w->e, w->in->counters.count);
    words_op(&w->e.globals, SpvOpTypeArray, 3, (uint32_t[]){type, emit_u32(&w->e), length});
    uint32_t pointer = emit_pointer(&w->e, SpvStorageClassFunction, type);
    words_op(&w->tail, SpvOpVariable, 3, (uint32_t[]){pointer, id, SpvStorageClassFunction});
    return id;
}

#define FLUSH_EACH_MAX 8

static void write_main(struct writer *w)
{
    struct emit *e = &w->e;
    struct words *t = &w->tail;
    const uint32_t *old = module_def(e->m, w->in->reflection.function);
    uint32_t label = emit_id(e), array = 0;
    words_op(t, SpvOpFunction, 4, (uint32_t[]){old[1], w->main, 0, old[4]});
    emit_label(t, label);
    if (w->in->counters.count > FLUSH_EACH_MAX)
        array = write_array(w);
    if (w->footprint)
        footprint_prologue(w->footprint, t);
    emit_op(e, t, SpvOpFunctionCall, old[1], 1, &w->in->reflection.function);
    uint32_t bank = write_bank(w);
    if (array)
        flush_loop(w, bank, array, label);
    else
        flush_each(w, bank);
    if (w->footprint)
        footprint_epilogue(w->footprint, t);
    words_op(t, SpvOpReturn, 0, NULL);
    words_op(t, SpvOpFunctionEnd, 0, NULL);
}

/* Where types, constants and variables begin: behind the annotations. */
static uint32_t globals_at(const struct module *m)
{
    uint32_t at = MODULE_HEADER;
    for (; at < m->functions[0].at; at += word_length(m->words[at])) {
        uint16_t op = word_op(m->words[at]);
        enum op_class class = opcode_find(op).class;
        if (class == CLASS_TYPE || class == CLASS_CONSTANT || class == CLASS_FREE || class == CLASS_EXT)
            break;
    }
    return at;
}

static void assemble(struct writer *w, uint32_t globals)
{
    const struct module *m = w->e.m;
    struct words all = {0};
    words_add(&all, (uint32_t[]){SpvMagicNumber, m->version, m->words[2], w->e.next_id, 0}, MODULE_HEADER);
    words_add(&all, w->head.w, w->head.count);
    words_add(&all, w->e.decorations.w, w->e.decorations.count);
    words_add(&all, m->words + globals, m->functions[0].at - globals);
    words_add(&all, w->e.globals.w, w->e.globals.count);
    words_add(&all, w->body.w, w->body.count);
    words_add(&all, w->tail.w, w->tail.count);
    w->in->words = all.w;
    w->in->count = all.count;
}

static bool write_module(struct writer *w, struct error *e)
{
    struct instrumented *in = w->in;
    uint32_t globals = globals_at(&in->module);
    make_lab(w);
    find_group_id(w);
    make_counters(w);
    w->scope = memory_scope(&in->module);
    w->main = emit_id(&w->e);
    w->flush = emit_id(&w->e);
    if (in->footprint)
        w->footprint = footprint_new(&w->e, in, w->lab, w->lab_storage, w->scope, w->options);
    bool written = write_head(w, globals, e);
    if (written) {
        write_functions(w);
        write_flush(w);
        write_main(w);
        if (w->footprint)
            footprint_functions(w->footprint, &w->tail);
        assemble(w, globals);
    }
    footprint_free(w->footprint);
    free(w->counters);
    words_free(&w->head);
    words_free(&w->body);
    words_free(&w->tail);
    words_free(&w->e.decorations);
    words_free(&w->e.globals);
    return written;
}

bool instrument(struct instrumented *in, const uint32_t *words, size_t count,
                const struct instrument_options *options, struct error *e)
{
    memset(in, 0, sizeof *in);
    if (!module_read(&in->module, words, count, options->spec, options->specs, e))
        return false;
    trace_build(&in->trace, &in->module);
    bool done = reflect(&in->reflection, &in->module, options->entry, &in->trace, e) &&
                counters_plan(&in->counters, &in->module, in->reflection.reached, options->every_block, e);
    if (done) {
        mix_build(&in->mix, &in->module, &in->trace, &in->reflection, options->texels, options->texel_count);
        choose_place(in, options);
        in->footprint = options->footprint;
        if (in->footprint)
            footprint_targets(in);
        struct writer w = {
            .in = in, .options = options, .e = {.m = &in->module, .next_id = in->module.bound}};
        done = write_module(&w, e);
    }
    if (!done)
        instrument_free(in);
    return done;
}

void instrument_free(struct instrumented *in)
{
    mix_free(&in->mix);
    counters_free(&in->counters);
    reflection_free(&in->reflection);
    trace_free(&in->trace);
    module_free(&in->module);
    free(in->words);
    free(in->targets);
    free(in->sites);
    memset(in, 0, sizeof *in);
}

void instrument_blocks(const struct instrumented *in, const uint32_t *lab, uint64_t *blocks)
{
    uint64_t *values = need((in->counters.count + 1) * sizeof *values);
    for (uint32_t bank = 0; bank < LAB_BANKS; bank++) {
        const uint32_t *w = lab + lab_counters(in) + (size_t)bank * lab_stride(in);
        for (uint32_t i = 0; i < in->counters.count; i++)
            values[i] += w[2 * i] | (uint64_t)w[2 * i + 1] << 32;
    }
    counters_solve(&in->counters, values, blocks);
    free(values);
}
