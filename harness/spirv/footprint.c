#include "harness/spirv/footprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/address.h"
#include "harness/spirv/footprint_queue.h"
#include "harness/spirv/mix_memory.h"

#define LEAVES_MAX 256 /* marks of one access; larger ones that are not contiguous are not marked */

struct footprint {
    struct emit *e;
    struct instrumented *in;
    const struct instrument_options *options;
    struct marks marks;
    struct queue queue;
    bool waits;          /* marks of the block that is being written go through the queue */
    uint32_t *variables; /* Private, two per target: its map's first word, its bytes; then those of faults and the queue */
    uint32_t variable_count;
    uint32_t *resource_of;  /* by variable id: 1 + index of its resource */
    uint32_t *first_target; /* by resource: 1 + index of its first target */
    uint64_t *cache;        /* of layout_bytes */
    uint32_t site_room;
    /* Of the access that is being marked: */
    struct words *body;
    uint32_t first, element, site, index, leaves; /* its first target, and the ids of an array's element and its index */
    uint32_t base, size, target;                  /* ids, loaded when they are needed */
    enum mark_mode mode;
};

/* Accesses of a block that may be marked. */
static uint32_t accesses(const struct module *m, const struct block *b)
{
    struct memory_access a[2];
    uint32_t count = 0;
    for (uint32_t at = b->at; at < b->end; at += word_length(m->words[at]))
        for (int i = access_of(m, m->words + at, a); i-- > 0;) {
            const struct spirv_type *pointer = type_of_value(m, a[i].object);
            count += a[i].image || (pointer && (pointer->storage == SpvStorageClassStorageBuffer ||
                                                pointer->storage == SpvStorageClassUniform));
        }
    return count;
}

static void make_variables(struct footprint *f)
{
    struct instrumented *in = f->in;
    struct emit *e = f->e;
    uint32_t room = 0, maps = 2 * in->target_count;
    for (uint32_t b = 0; b < in->module.block_count; b++) {
        uint32_t count = in->counters.reached[b] ? accesses(&in->module, &in->module.blocks[b]) : 0;
        room = count > room ? count : room;
    }
    queue_begin(&f->queue, f->in, &f->marks, room);
    f->variables = need((maps + FAULT_VARIABLES + QUEUE_GROUPS * QUEUE_COLUMNS) * sizeof *f->variables);
    for (uint32_t i = 0; i < maps; i++)
        f->variables[i] = emit_variable(e, SpvStorageClassPrivate, emit_u32(e), emit_constant(e, 0));
    memcpy(f->variables + maps, f->marks.variables, sizeof f->marks.variables);
    memcpy(f->variables + maps + FAULT_VARIABLES, f->queue.columns, sizeof f->queue.columns);
    f->variable_count = maps + FAULT_VARIABLES + (f->queue.room ? QUEUE_GROUPS * QUEUE_COLUMNS : 0);
}

struct footprint *footprint_new(struct emit *e, struct instrumented *in, uint32_t lab, uint32_t lab_storage,
                                uint32_t scope, const struct instrument_options *options)
{
    struct footprint *f = need(sizeof *f);
    *f = (struct footprint){.e = e, .in = in, .options = options};
    f->marks = (struct marks){
        .e = e, .lab = lab, .pointer = emit_pointer(e, lab_storage, emit_u32(e)), .scope = scope};
    marks_begin(&f->marks);
    make_variables(f);
    f->resource_of = need((size_t)in->module.bound * sizeof *f->resource_of);
    for (uint32_t i = 0; i < in->reflection.resource_count; i++)
        f->resource_of[in->reflection.resources[i].variable] = i + 1;
    f->first_target = need((in->reflection.resource_count + 1) * sizeof *f->first_target);
    for (uint32_t r = 0; r < in->reflection.resource_count; r++) {
        const struct resource *x = &in->reflection.resources[r];
        for (uint32_t i = in->target_count; i-- > 0;)
            if (x->bound && in->targets[i].set == x->set && in->targets[i].binding == x->binding)
                f->first_target[r] = i + 1;
    }
    f->cache = need((in->module.type_count + 1) * sizeof *f->cache);
    return f;
}

void footprint_free(struct footprint *f)
{
    if (!f)
        return;
    free(f->variables);
    free(f->resource_of);
    free(f->first_target);
    free(f->cache);
    free(f);
}

const uint32_t *footprint_variables(const struct footprint *f, uint32_t *count)
{
    *count = f->variable_count;
    return f->variables;
}

void footprint_prologue(struct footprint *f, struct words *to)
{
    for (uint32_t i = 0; i < 2 * f->in->target_count; i++) {
        uint32_t word = marks_word(&f->marks, to, emit_constant(f->e, LAB_TABLE + i));
        uint32_t value = emit_load(f->e, to, emit_u32(f->e), word);
        words_op(to, SpvOpStore, 2, (uint32_t[]){f->variables[i], value});
    }
}

void footprint_epilogue(struct footprint *f, struct words *to)
{
    marks_end(&f->marks, to);
}

void footprint_functions(struct footprint *f, struct words *tail)
{
    marks_functions(&f->marks, tail);
    queue_function(&f->queue, tail);
}

static void not_marked(struct footprint *f, const uint32_t *w, struct source_line line, const char *on,
                       const char *why)
{
    struct scan s = {.x = &f->in->mix, .m = &f->in->module, .line = line};
    char all[128];
    snprintf(all, sizeof all, "not in the footprint: %s", why);
    scan_not_counted(&s, w, on, all);
}

static uint32_t add_site(struct footprint *f, struct site site)
{
    struct instrumented *in = f->in;
    if (in->site_count == f->site_room) {
        f->site_room = f->site_room ? 2 * f->site_room : 32;
        in->sites = need_more(in->sites, f->site_room * sizeof *in->sites);
    }
    in->sites[in->site_count] = site;
    return in->site_count++;
}

/* Loads base, size and target of the access, once for all its marks. */
static void aim(struct footprint *f)
{
    struct emit *e = f->e;
    uint32_t u32 = emit_u32(e);
    if (f->base)
        return;
    if (!f->element) {
        f->base = emit_load(e, f->body, u32, f->variables[2 * f->first]);
        f->size = emit_load(e, f->body, u32, f->variables[2 * f->first + 1]);
        f->target = emit_constant(e, f->first);
        return;
    }
    f->target = emit_two(e, f->body, SpvOpIAdd, u32, f->element, emit_constant(e, f->first));
    uint32_t twice = emit_two(e, f->body, SpvOpIMul, u32, f->target, emit_constant(e, LAB_TABLE_WORDS));
    uint32_t row = emit_two(e, f->body, SpvOpIAdd, u32, twice, emit_constant(e, LAB_TABLE));
    uint32_t next = emit_two(e, f->body, SpvOpIAdd, u32, row, emit_constant(e, 1));
    f->base = emit_load(e, f->body, u32, marks_word(&f->marks, f->body, row));
    f->size = emit_load(e, f->body, u32, marks_word(&f->marks, f->body, next));
}

/* Begins an access to site.resource, or where that is an array, to the element that a->object chooses. */
static void begin_access(struct footprint *f, const struct memory_access *a, struct site site, struct address *address)
{
    struct emit *e = f->e;
    const struct resource *r = &f->in->reflection.resources[site.resource];
    uint32_t chosen = element_index(e->m, a->object);
    int64_t k;
    bool known = chosen && constant_value(e->m, chosen, &k) && k >= 0 && k < r->count;
    f->first = f->first_target[site.resource] - 1 + (known ? (uint32_t)k : 0);
    f->element = chosen && !known ? address_u32(e, f->body, chosen) : 0;
    if (f->element) {
        uint32_t out = address_limit(e, f->body, address, f->element, r->count);
        f->element = emit_op(e, f->body, SpvOpSelect, emit_u32(e), 3, (uint32_t[]){out, emit_constant(e, 0), f->element});
    }
    site.target = f->first;
    f->site = add_site(f, site);
    f->mode = a->reads && a->writes ? MARK_BOTH : a->writes ? MARK_WRITE : MARK_READ;
    f->index = address->index;
    f->base = 0;
}

/* Marks `bytes` bytes at the address's offset plus `at`. */
static void mark(struct footprint *f, const struct address *a, uint64_t at, uint64_t bytes)
{
    struct emit *e = f->e;
    uint32_t u32 = emit_u32(e), offset = a->offset;
    uint64_t fixed = saturating_add(a->fixed, at);
    uint32_t add = emit_constant(e, fixed > UINT32_MAX ? UINT32_MAX : (uint32_t)fixed);
    if (!offset)
        offset = add;
    else if (fixed)
        offset = emit_two(e, f->body, SpvOpIAdd, u32, offset, add);
    if (a->bad) /* an offset that is outside whatever the size */
        offset = emit_op(e, f->body, SpvOpSelect, u32, 3,
                         (uint32_t[]){a->bad, emit_constant(e, UINT32_MAX), offset});
    uint32_t length = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes, index = f->index ? f->index : offset;
    struct mark_row row = {f->first, f->site, length, f->mode != MARK_WRITE, f->mode != MARK_READ};
    if (f->waits && !f->element && queue_add(&f->queue, f->body, row, offset, index))
        return;
    queue_drain(&f->queue, f->body); /* the order of marks is that of the accesses */
    aim(f);
    bool one = bytes <= 4 || bytes <= address_alignment(a, at, MARK_ONE_BYTES);
    uint32_t function = one ? f->marks.one[f->mode] : f->marks.many[f->mode];
    emit_op(e, f->body, SpvOpFunctionCall, emit_void(e), 8,
            (uint32_t[]){function, f->base, f->size, offset, emit_constant(e, length), f->target, index,
                         emit_constant(e, f->site)});
}

static bool mark_type(struct footprint *f, const struct address *a, uint32_t type,
                      struct matrix_layout matrix, uint64_t at);

static bool mark_struct(struct footprint *f, const struct address *a, const struct spirv_type *t, uint64_t at)
{
    const struct module *m = f->e->m;
    for (uint32_t i = 0; i < t->count; i++)
        if (!mark_type(f, a, type_member(m, t, i), layout_matrix(m, t->id, i),
                       at + layout_offset(m, t->id, i)))
            return false;
    return true;
}

static bool mark_matrix(struct footprint *f, const struct address *a, const struct spirv_type *t,
                        struct matrix_layout matrix, uint64_t at)
{
    const struct spirv_type *column = module_type(f->e->m, t->element);
    uint32_t rows = column ? column->count : 0, scalar = t->width / 8;
    uint32_t lines = matrix.row_major ? rows : t->count, each = matrix.row_major ? t->count : rows;
    if (matrix.stride == 0)
        return false;
    for (uint32_t i = 0; i < lines; i++)
        mark(f, a, at + (uint64_t)i * matrix.stride, (uint64_t)each * scalar);
    return true;
}

/* Marks all parts of a type that an access moves: as one where they lie without gaps. */
static bool mark_type(struct footprint *f, const struct address *a, uint32_t type,
                      struct matrix_layout matrix, uint64_t at)
{
    const struct module *m = f->e->m;
    const struct spirv_type *t = module_type(m, type);
    if (!t || t->bytes == 0 || ++f->leaves > LEAVES_MAX)
        return false;
    bool simple = t->kind != TYPE_STRUCT && t->kind != TYPE_ARRAY && t->kind != TYPE_MATRIX;
    if (simple || layout_bytes(m, type, matrix, f->cache) == t->bytes) {
        mark(f, a, at, t->bytes);
        return true;
    }
    if (t->kind == TYPE_STRUCT)
        return mark_struct(f, a, t, at);
    if (t->kind == TYPE_MATRIX)
        return mark_matrix(f, a, t, matrix, at);
    uint64_t stride = layout_stride(m, t, matrix);
    for (uint32_t i = 0; i < t->count; i++)
        if (!mark_type(f, a, t->element, matrix, at + i * stride))
            return false;
    return true;
}

/* Components of a row-major column lie apart. */
static bool mark_pointee(struct footprint *f, const struct address *a, uint32_t type)
{
    const struct spirv_type *t = module_type(f->e->m, type);
    f->leaves = 0;
    if (!a->scatter || !t || t->kind != TYPE_VECTOR)
        return mark_type(f, a, type, a->matrix, 0);
    for (uint32_t i = 0; i < t->count; i++)
        mark(f, a, (uint64_t)i * a->scatter, t->width / 8);
    return true;
}

static void mark_buffer(struct footprint *f, const uint32_t *w, struct source_line line,
                        const struct memory_access *a, uint32_t resource)
{
    struct chain c;
    struct address address;
    const char *why = "its pointer comes from a function's parameter or a selection";
    const char *name = f->in->reflection.resources[resource].name;
    uint32_t first = f->first_target[resource];
    const struct spirv_type *t = module_type(f->e->m, a->type);
    if (!first) {
        not_marked(f, w, line, name, "its buffer has no binding, or its array of buffers no known length");
        return;
    }
    if (!address_chain(f->e->m, a->object, &c) || a->tile) {
        not_marked(f, w, line, name,
                   a->tile ? "where a cooperative matrix lies is the device's affair" : why);
        return;
    }
    if (!address_write(f->e, f->body, &c, true, &address, &why)) {
        not_marked(f, w, line, name, why);
        return;
    }
    struct site site = {.variable = c.variable, .resource = resource, .writes = a->writes, .line = line};
    site.bytes = t ? (uint32_t)t->bytes : 0;
    begin_access(f, a, site, &address);
    if (!mark_pointee(f, &address, a->type))
        not_marked(f, w, line, name, "it moves too many parts at once, or its layout is not explicit");
}

/* A texel's place is the coordinates in row order; outside of any of them it is a fault. */
static void place_texel(struct footprint *f, struct address *a, uint32_t coordinate, const uint32_t *extents, uint32_t count)
{
    struct emit *e = f->e;
    const struct spirv_type *t = type_of_value(e->m, coordinate);
    uint32_t u32 = emit_u32(e), place = 0;
    for (uint32_t i = count; i-- > 0;) {
        uint32_t x = coordinate;
        if (t->kind == TYPE_VECTOR) {
            x = emit_two(e, f->body, SpvOpCompositeExtract, t->element, coordinate, i);
            x = module_type(e->m, t->element)->id == u32 ? x : emit_op(e, f->body, SpvOpBitcast, u32, 1, &x);
        } else {
            x = address_u32(e, f->body, x);
        }
        address_limit(e, f->body, a, x, extents[i]);
        uint32_t before = place ? emit_two(e, f->body, SpvOpIMul, u32, place, emit_constant(e, extents[i])) : 0;
        place = before ? emit_two(e, f->body, SpvOpIAdd, u32, before, x) : x;
    }
    a->index = place;
}

/* The extents of an image's coordinates, as bound; a texel buffer's is its limit only. 0: not known. */
static uint32_t extents_of(const struct footprint *f, const struct resource *r, uint32_t bytes, uint32_t out[3])
{
    const struct bound_size *b = bound_find(r, f->options->bound, f->options->bound_count);
    uint32_t plane = r->image_dim == SpvDim1D ? 1 : 2, count = plane;
    if (r->image_dim == SpvDimBuffer) {
        out[0] = UINT32_MAX / bytes;
        return 1;
    }
    if (!b || !b->width || !b->height || !b->layers || r->image_samples)
        return 0;
    out[0] = b->width;
    out[1] = b->height;
    if (r->image_arrayed || r->image_dim == SpvDim3D || r->image_dim == SpvDimCube)
        out[count++] = b->layers;
    return (uint64_t)b->width * b->height * b->layers * bytes <= UINT32_MAX ? count : 0;
}

/* Only the first level is bound. */
static bool first_level(const struct module *m, const uint32_t *w)
{
    int64_t level;
    bool chooses = word_op(*w) == SpvOpImageFetch && word_length(*w) > 6 && (w[5] & SpvImageOperandsLodMask);
    return !chooses || (constant_value(m, w[6], &level) && level == 0);
}

/* Texel buffers and images: the coordinates' place times the texel's bytes. */
static void mark_texel(struct footprint *f, const uint32_t *w, struct source_line line,
                       const struct memory_access *a, uint32_t resource)
{
    const struct resource *r = &f->in->reflection.resources[resource];
    const uint32_t *pointer = a->atomic ? module_def(f->e->m, a->object) : NULL;
    uint32_t first = f->first_target[resource], extents[3], bytes = texel_bytes(r, f->options->bound, f->options->bound_count);
    uint32_t coordinate = pointer ? pointer[4] : word_op(*w) == SpvOpImageWrite ? w[2] : w[4];
    const struct spirv_type *t = type_of_value(f->e->m, coordinate), *texel = module_type(f->e->m, a->type);
    if (bytes == 0)
        bytes = texel ? (uint32_t)texel->bytes : 0;
    uint32_t count = first && bytes ? extents_of(f, r, bytes, extents) : 0, given = !t ? 0 : t->kind == TYPE_VECTOR ? t->count : 1;
    if (a->sampled || a->gather) {
        not_marked(f, w, line, r->name, "which texels a filter reads is the device's affair");
        return;
    }
    if (!count || given < count || t->is_float || t->width != 32 || !first_level(f->e->m, w)) {
        not_marked(f, w, line, r->name, "how large the image is, or which texel it means, is not known");
        return;
    }
    struct emit *e = f->e;
    struct address address = {.strides = bytes};
    place_texel(f, &address, coordinate, extents, count);
    address.offset = emit_two(e, f->body, SpvOpIMul, emit_u32(e), address.index, emit_constant(e, bytes));
    begin_access(f, a, (struct site){0, r->variable, resource, a->writes, bytes, line}, &address);
    mark(f, &address, 0, bytes);
}

static bool array_step(const struct module *m, uint32_t *type, uint32_t index, uint32_t *count)
{
    const struct spirv_type *t = module_type(m, *type);
    int64_t member;
    *count = 0;
    if (!t)
        return false;
    if (t->kind == TYPE_STRUCT) {
        *type = constant_value(m, index, &member) && member >= 0 ? type_member(m, t, (uint32_t)member) : 0;
        return *type != 0;
    }
    *count = t->kind == TYPE_ARRAY || t->kind == TYPE_VECTOR || t->kind == TYPE_MATRIX ? t->count : 0;
    *type = t->element;
    return true;
}

/* Can this index leave an array of `count`? Only 32-bit ones are looked at. */
static bool may_leave(const struct module *m, uint32_t index, uint32_t count)
{
    int64_t value;
    const struct spirv_type *t = type_of_value(m, index);
    const struct constant *c = module_constant(m, index);
    bool fixed = c && !c->specialised && constant_value(m, index, &value);
    return count && t && t->kind == TYPE_INT && t->width == 32 && !(fixed && value >= 0 && value < count);
}

/* Shared memory: every index on the way is checked where the access is. */
static void check_shared(struct footprint *f, const uint32_t *w, struct source_line line,
                         const struct memory_access *a)
{
    struct chain c;
    struct emit *e = f->e;
    if (!address_chain(e->m, a->object, &c)) {
        not_marked(f, w, line, "", "a shared pointer from a function's parameter is not checked");
        return;
    }
    const struct spirv_type *t = type_pointee(e->m, c.variable);
    uint32_t type = t ? t->id : 0, site = UINT32_MAX, count;
    for (uint32_t i = c.count; i-- > 0;) {
        for (uint32_t k = 4; k < word_length(*c.link[i]); k++) {
            uint32_t index = c.link[i][k];
            if (!array_step(e->m, &type, index, &count))
                return;
            if (!may_leave(e->m, index, count))
                continue;
            if (site == UINT32_MAX)
                site = add_site(f, (struct site){SITE_SHARED, c.variable, 0, a->writes, 0, line});
            uint32_t value = address_u32(e, f->body, index);
            emit_op(e, f->body, SpvOpFunctionCall, emit_void(e), 4,
                    (uint32_t[]){f->marks.check, value, emit_constant(e, count), emit_constant(e, site)});
        }
    }
}

/* Writes an access chain into shared memory whose indices stay inside: out-of-range ones become 0. */
static bool write_safe_chain(struct footprint *f, const uint32_t *w)
{
    const struct module *m = f->e->m;
    const struct spirv_type *pointer = module_type(m, w[1]), *base = type_pointee(m, w[3]);
    uint32_t type = base ? base->id : 0, length = word_length(*w), count;
    if (!pointer || pointer->storage != SpvStorageClassWorkgroup || length > 64)
        return false;
    uint32_t safe[64];
    memcpy(safe, w, length * sizeof *safe);
    for (uint32_t k = 4; k < length; k++) {
        if (!array_step(m, &type, w[k], &count))
            return false;
        if (!may_leave(m, w[k], count))
            continue;
        uint32_t own = module_type_of(m, w[k]), zero = emit_id(f->e);
        words_op(&f->e->globals, SpvOpConstantNull, 2, (uint32_t[]){own, zero});
        uint32_t inside =
            emit_two(f->e, f->body, SpvOpULessThan, emit_bool(f->e), w[k], emit_constant(f->e, count));
        safe[k] = emit_op(f->e, f->body, SpvOpSelect, own, 3, (uint32_t[]){inside, w[k], zero});
    }
    words_add(f->body, safe, length);
    return true;
}

static void mark_access(struct footprint *f, const uint32_t *w, struct source_line line,
                        const struct memory_access *a)
{
    uint32_t root = trace_root(&f->in->trace, a->object);
    uint32_t index = root < f->in->module.bound ? f->resource_of[root] : 0;
    const struct spirv_type *pointer = type_of_value(f->e->m, a->object);
    uint32_t storage = pointer && pointer->kind == TYPE_POINTER ? pointer->storage : UINT32_MAX;
    if (a->image && index)
        mark_texel(f, w, line, a, index - 1);
    else if (!a->image && storage == SpvStorageClassWorkgroup)
        check_shared(f, w, line, a);
    else if (!a->image && storage == SpvStorageClassPhysicalStorageBuffer)
        not_marked(f, w, line, "", "an address names no buffer");
    else if (!a->image && index &&
             (storage == SpvStorageClassStorageBuffer || storage == SpvStorageClassUniform))
        mark_buffer(f, w, line, a, index - 1);
}

/* May another invocation, or a function that is called, see what was done so far? */
static bool publishes(const uint32_t *w)
{
    uint16_t op = word_op(*w);
    switch (opcode_find(op).class) {
    case CLASS_BARRIER:
    case CLASS_FENCE:
    case CLASS_ATOMIC:
    case CLASS_ATOMIC_LOAD:
    case CLASS_ATOMIC_STORE:
    case CLASS_END:
    case CLASS_BRANCH:
    case CLASS_KILL: return true;
    default: return op == SpvOpFunctionCall || op == SpvOpSelectionMerge || op == SpvOpLoopMerge;
    }
}

void footprint_block(struct footprint *f, uint32_t block)
{
    const struct module *m = f->e->m;
    f->waits = f->queue.room && accesses(m, &m->blocks[block]) >= QUEUE_FROM;
}

void footprint_instruction(struct footprint *f, struct words *body, const uint32_t *w,
                           struct source_line line)
{
    struct memory_access a[2];
    uint16_t op = word_op(*w);
    int count = access_of(f->e->m, w, a);
    f->body = body;
    for (int i = 0; i < count; i++)
        mark_access(f, w, line, &a[i]);
    if (publishes(w))
        queue_drain(&f->queue, body);
    bool chain = op == SpvOpAccessChain || op == SpvOpInBoundsAccessChain;
    if (!chain || !write_safe_chain(f, w))
        words_add(body, w, word_length(*w));
}
