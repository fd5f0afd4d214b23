#include "harness/spirv/trace.h"

#include <stdlib.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"

/* What flows into what: the root of `to` is the meeting of the roots of all its `from`. */
struct edge {
    uint32_t from, to;
};

struct flow {
    const struct module *m;
    struct edge *edges;
    size_t count, room;
    uint32_t *parameters;      /* ids of all functions' parameters, in order */
    uint32_t *first_parameter; /* by function, and one more: index into parameters */
};

bool type_is_handle(const struct spirv_type *t)
{
    return t && (t->kind == TYPE_IMAGE || t->kind == TYPE_SAMPLER || t->kind == TYPE_SAMPLED_IMAGE ||
                 t->kind == TYPE_OPAQUE);
}

static void add_edge(struct flow *f, uint32_t from, uint32_t to)
{
    if (from == 0 || from >= f->m->bound)
        return;
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 256;
        f->edges = need_more(f->edges, f->room * sizeof *f->edges);
    }
    f->edges[f->count++] = (struct edge){from, to};
}

static void list_parameters(struct flow *f)
{
    const struct module *m = f->m;
    uint32_t count = 0;
    for (int fill = 0; fill < 2; fill++) {
        if (fill)
            f->parameters = need((count + 1) * sizeof *f->parameters);
        count = 0;
        for (uint32_t i = 0; i < m->function_count; i++) {
            const struct function *fn = &m->functions[i];
            uint32_t end = fn->blocks ? m->blocks[fn->first_block].at : fn->end;
            f->first_parameter[i] = count;
            for (uint32_t at = fn->at; at < end; at += word_length(m->words[at])) {
                if (word_op(m->words[at]) != SpvOpFunctionParameter)
                    continue;
                if (fill)
                    f->parameters[count] = m->words[at + 2];
                count++;
            }
        }
        f->first_parameter[m->function_count] = count;
    }
}

static void flow_call(struct flow *f, const uint32_t *w)
{
    const struct function *called = module_function(f->m, w[3]);
    if (!called)
        return;
    uint32_t index = (uint32_t)(called - f->m->functions), first = f->first_parameter[index];
    for (uint32_t i = 0; i + 4 < word_length(*w) && first + i < f->first_parameter[index + 1]; i++)
        add_edge(f, w[4 + i], f->parameters[first + i]);
}

/* Adds the edges into the result of one instruction; gives the root it has of itself. */
static uint32_t flow_instruction(struct flow *f, const uint32_t *w)
{
    const struct spirv_type *t = module_type(f->m, w[1]);
    bool pointer = t && t->kind == TYPE_POINTER, handle = type_is_handle(t);
    uint32_t length = word_length(*w);
    if (word_op(*w) == SpvOpFunctionCall)
        flow_call(f, w);
    if (!pointer && !handle)
        return TRACE_NONE;
    if (pointer && t->storage == SpvStorageClassPhysicalStorageBuffer)
        return TRACE_PHYSICAL;
    switch (word_op(*w)) {
    case SpvOpVariable: return w[2];
    case SpvOpFunctionParameter:
    case SpvOpUndef:
    case SpvOpConstantNull: return TRACE_NONE;
    case SpvOpAccessChain:
    case SpvOpInBoundsAccessChain:
    case SpvOpPtrAccessChain:
    case SpvOpInBoundsPtrAccessChain:
    case SpvOpCopyObject:
    case SpvOpCopyLogical:
    case SpvOpImage:
    case SpvOpSampledImage:
    case SpvOpImageTexelPointer:
    case SpvOpCompositeExtract: add_edge(f, w[3], w[2]); return TRACE_NONE;
    case SpvOpLoad:
        if (!handle)
            return TRACE_MANY; /* a pointer kept in a variable */
        add_edge(f, w[3], w[2]);
        return TRACE_NONE;
    case SpvOpSelect:
        add_edge(f, w[4], w[2]);
        add_edge(f, w[5], w[2]);
        return TRACE_NONE;
    case SpvOpPhi:
        for (uint32_t i = 3; i < length; i += 2)
            add_edge(f, w[i], w[2]);
        return TRACE_NONE;
    default: return TRACE_MANY;
    }
}

static uint32_t meet(uint32_t a, uint32_t b)
{
    if (a == TRACE_NONE || a == b)
        return b;
    return b == TRACE_NONE ? a : TRACE_MANY;
}

/* A root changes at most twice, so each edge is followed at most twice: linear in the module. */
static void propagate(struct flow *f, uint32_t *root, uint32_t bound)
{
    size_t *first = need((bound + 1) * sizeof *first);
    uint32_t *to = need((f->count + 1) * sizeof *to);
    size_t waiting = 0, room = 2 * (size_t)bound + 2;
    uint32_t *list = need(room * sizeof *list);
    for (size_t i = 0; i < f->count; i++)
        first[f->edges[i].from + 1]++;
    for (uint32_t i = 0; i < bound; i++)
        first[i + 1] += first[i];
    size_t *next = need((bound + 1) * sizeof *next);
    for (uint32_t i = 0; i < bound; i++)
        next[i] = first[i];
    for (size_t i = 0; i < f->count; i++)
        to[next[f->edges[i].from]++] = f->edges[i].to;
    free(next);
    for (uint32_t id = 1; id < bound; id++)
        if (root[id] != TRACE_NONE)
            list[waiting++] = id;
    while (waiting) {
        uint32_t id = list[--waiting];
        for (size_t i = first[id]; i < first[id + 1]; i++) {
            uint32_t met = meet(root[to[i]], root[id]);
            if (met != root[to[i]]) {
                root[to[i]] = met;
                list[waiting++] = to[i];
            }
        }
    }
    free(first);
    free(to);
    free(list);
}

void trace_build(struct trace *t, const struct module *m)
{
    struct flow f = {.m = m, .first_parameter = need((m->function_count + 1) * sizeof *f.first_parameter)};
    t->bound = m->bound;
    t->root = need((size_t)m->bound * sizeof *t->root);
    list_parameters(&f);
    for (uint32_t at = MODULE_HEADER; at < m->count; at += word_length(m->words[at])) {
        struct opcode row = opcode_find(word_op(m->words[at]));
        if (row.ids == 2)
            t->root[m->words[at + 2]] = flow_instruction(&f, m->words + at);
    }
    propagate(&f, t->root, m->bound);
    free(f.edges);
    free(f.parameters);
    free(f.first_parameter);
}

void trace_free(struct trace *t)
{
    free(t->root);
    t->root = NULL;
}

uint32_t trace_root(const struct trace *t, uint32_t id)
{
    return id < t->bound ? t->root[id] : TRACE_NONE;
}

static uint32_t pointee_id(const struct module *m, uint32_t pointer)
{
    const struct spirv_type *t = type_of_value(m, pointer);
    return t && t->kind == TYPE_POINTER ? t->element : 0;
}

int access_of(const struct module *m, const uint32_t *w, struct memory_access out[2])
{
    struct memory_access *a = out;
    *a = (struct memory_access){0};
    switch (opcode_find(word_op(*w)).class) {
    case CLASS_LOAD:
        *a = (struct memory_access){.object = w[3], .type = w[1], .reads = true};
        return !type_is_handle(module_type(m, w[1]));
    case CLASS_STORE:
        *a = (struct memory_access){.object = w[1], .type = module_type_of(m, w[2]), .writes = true};
        return 1;
    case CLASS_COPY:
    case CLASS_COPY_SIZED:
        out[0] = (struct memory_access){.object = w[2], .type = pointee_id(m, w[2]), .reads = true};
        out[1] = (struct memory_access){.object = w[1], .type = pointee_id(m, w[1]), .writes = true};
        return 2;
    case CLASS_ATOMIC_LOAD:
        *a = (struct memory_access){
            .object = w[3], .type = pointee_id(m, w[3]), .reads = true, .atomic = true};
        break;
    case CLASS_ATOMIC_STORE:
        *a = (struct memory_access){
            .object = w[1], .type = pointee_id(m, w[1]), .writes = true, .atomic = true};
        break;
    case CLASS_ATOMIC:
        *a = (struct memory_access){
            .object = w[3], .type = pointee_id(m, w[3]), .reads = true, .writes = true, .atomic = true};
        break;
    case CLASS_TILE_LOAD:
        *a = (struct memory_access){.object = w[3], .type = w[1], .reads = true, .tile = true};
        return 1;
    case CLASS_TILE_STORE:
        *a = (struct memory_access){
            .object = w[1], .type = module_type_of(m, w[2]), .writes = true, .tile = true};
        return 1;
    case CLASS_IMAGE_READ:
    case CLASS_IMAGE_SAMPLE:
    case CLASS_IMAGE_GATHER:
        *a = (struct memory_access){.object = w[3], .type = w[1], .reads = true, .image = true};
        a->sampled = opcode_find(word_op(*w)).class == CLASS_IMAGE_SAMPLE;
        a->gather = opcode_find(word_op(*w)).class == CLASS_IMAGE_GATHER;
        return 1;
    case CLASS_IMAGE_WRITE:
        *a = (struct memory_access){
            .object = w[1], .type = module_type_of(m, w[3]), .writes = true, .image = true};
        return 1;
    default: return 0;
    }
    a->image = module_op(m, a->object) == SpvOpImageTexelPointer;
    return 1;
}

void trace_reached(const struct module *m, uint32_t function_id, bool *reached)
{
    const struct function *start = module_function(m, function_id);
    if (!start)
        return;
    uint32_t *list = need((m->function_count + 1) * sizeof *list), waiting = 1;
    list[0] = (uint32_t)(start - m->functions);
    reached[list[0]] = true;
    while (waiting) {
        const struct function *f = &m->functions[list[--waiting]];
        for (uint32_t at = f->at; at < f->end; at += word_length(m->words[at])) {
            if (word_op(m->words[at]) != SpvOpFunctionCall)
                continue;
            const struct function *called = module_function(m, m->words[at + 3]);
            if (called && !reached[called - m->functions]) {
                reached[called - m->functions] = true;
                list[waiting++] = (uint32_t)(called - m->functions);
            }
        }
    }
    free(list);
}
