#include "harness/spirv/instrument.h"

#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/emit.h"
#include "harness/spirv/flush.h"
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
    uint32_t main; /* the new entry function */
    struct flush flush;
};

uint32_t lab_counters(const struct instrumented *in)
{
    return (LAB_TABLE + LAB_TABLE_WORDS * in->target_count + 15) / 16 * 16;
}

uint32_t lab_stride(const struct instrumented *in)
{
    return (2 * in->counters.count + 15) / 16 * 16;
}

bool instrument_cut_short(const uint32_t *lab)
{
    return lab[LAB_CUT] != 0;
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

/* The chosen entry point with the new function and what the new code uses. Until SPIR-V 1.3 an interface
 * lists inputs and outputs only, from 1.4 every global variable. */
static bool write_entry(struct writer *w, const uint32_t *old, struct error *e)
{
    uint32_t length = word_length(*old), extra = 0, count = w->in->counters.count, marks = 0;
    const uint32_t *variables = w->footprint ? footprint_variables(w->footprint, &marks) : NULL;
    uint32_t *more = need((count + marks + 2) * sizeof *more);
    uint32_t at = (uint32_t)(old - w->e.m->words), listed = 0;
    for (uint32_t i = w->in->reflection.interface_at; i < at + length; i++)
        listed += w->e.m->words[i] == w->flush.group_id;
    if (!listed)
        more[extra++] = w->flush.group_id;
    if (w->e.m->version >= 0x10400) {
        more[extra++] = w->lab;
        for (uint32_t i = 0; i < count; i++)
            more[extra++] = w->flush.counters[i];
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
    uint32_t u32 = emit_u32(&w->e), variable = w->flush.counters[counter];
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
    if (w->footprint && c->reached[index])
        footprint_block(w->footprint, index);
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

static void write_main(struct writer *w)
{
    struct emit *e = &w->e;
    struct words *t = &w->tail;
    const uint32_t *old = module_def(e->m, w->in->reflection.function);
    uint32_t label = emit_id(e), array;
    words_op(t, SpvOpFunction, 4, (uint32_t[]){old[1], w->main, 0, old[4]});
    emit_label(t, label);
    array = flush_array(&w->flush, t);
    if (w->footprint)
        footprint_prologue(w->footprint, t);
    emit_op(e, t, SpvOpFunctionCall, old[1], 1, &w->in->reflection.function);
    flush_all(&w->flush, t, array, label);
    if (w->footprint)
        footprint_epilogue(w->footprint, t);
    flush_watch(&w->flush, t);
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
    w->scope = memory_scope(&in->module);
    w->main = emit_id(&w->e);
    w->flush = (struct flush){.e = &w->e,
                              .lab = w->lab,
                              .pointer = w->lab_pointer,
                              .scope = w->scope,
                              .count = in->counters.count,
                              .first = lab_counters(in),
                              .stride = lab_stride(in)};
    flush_begin(&w->flush);
    if (in->footprint)
        w->footprint = footprint_new(&w->e, in, w->lab, w->lab_storage, w->scope, w->options);
    bool written = write_head(w, globals, e);
    if (written) {
        write_functions(w);
        flush_function(&w->flush, &w->tail);
        write_main(w);
        if (w->footprint)
            footprint_functions(w->footprint, &w->tail);
        assemble(w, globals);
    }
    footprint_free(w->footprint);
    flush_free(&w->flush);
    words_free(&w->head);
    words_free(&w->body);
    words_free(&w->tail);
    words_free(&w->e.decorations);
    words_free(&w->e.globals);
    return written;
}

/* Arrays of resources without a length have the one that is bound. */
static void take_counts(struct reflection *r, const struct instrument_options *o)
{
    for (uint32_t i = 0; i < r->resource_count; i++) {
        const struct bound_size *b = bound_find(&r->resources[i], o->bound, o->bound_count);
        if (b && r->resources[i].count == 0)
            r->resources[i].count = b->count;
    }
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
        take_counts(&in->reflection, options);
        mix_build(&in->mix, &in->module, &in->trace, &in->reflection, options->bound, options->bound_count);
        choose_place(in, options);
        in->footprint = options->footprint;
        if (in->footprint)
            footprint_targets(in, options);
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
    free(in->rows);
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
