#include "harness/measure/pool.h"

#include <stdlib.h>
#include <string.h>

#include "harness/kernel/shader.h"
#include "harness/kernel/workgroup.h"
#include "harness/spirv/cooperative.h"

/* Elements generated at a time on the way to the device: fits a second-level cache. */
#define CHUNK_ELEMENTS (1u << 18)

struct pooled_buffer {
    struct tensor tensor;
    struct buffer *buffer;
};

struct pooled_program {
    unsigned long long key;
    struct program *program;
};

struct pool {
    struct device *device;
    struct pooled_buffer *buffers;
    struct pooled_program *programs;
    int buffer_count, program_count;
    double program_ns, upload_ns, bytes;
};

struct pool *pool_open(struct device *d)
{
    struct pool *p = need(sizeof *p);
    p->device = d;
    return p;
}

struct device *pool_device(struct pool *p)
{
    return p->device;
}

void pool_close(struct pool *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->program_count; i++)
        device_program_free(p->device, p->programs[i].program);
    for (int i = 0; i < p->buffer_count; i++)
        device_buffer_free(p->device, p->buffers[i].buffer);
    free(p->programs);
    free(p->buffers);
    free(p);
}

double pool_program_ns(const struct pool *p)
{
    return p->program_ns;
}

double pool_upload_ns(const struct pool *p)
{
    return p->upload_ns;
}

double pool_bytes(const struct pool *p)
{
    return p->bytes;
}

static bool upload(struct pool *p, struct buffer *b, uint64_t at, const void *from, uint64_t bytes, struct error *e)
{
    double begin = host_clock_ns();
    bool ok = device_upload(p->device, b, at, from, bytes, e);
    p->upload_ns += host_clock_ns() - begin;
    return ok;
}

static bool is_input(const struct tensor *t)
{
    return t->role == ROLE_IN || t->role == ROLE_INOUT;
}

static bool same_buffer(const struct tensor *a, const struct tensor *b)
{
    if (a->type != b->type || tensor_elements(a) != tensor_elements(b) || a->role != b->role)
        return false;
    const struct fill *f = &a->fill, *g = &b->fill;
    if (is_input(a))
        return f->kind == g->kind && f->a == g->a && f->b == g->b && f->seed == g->seed &&
               (f->kind != FILL_MASKED || f->cols == g->cols);
    return strcmp(a->name, b->name) == 0;
}

static bool fill_guard(struct pool *p, struct buffer *b, uint64_t at, struct error *e)
{
    unsigned char nans[GUARD_BYTES];
    memset(nans, 0xff, sizeof nans); /* NaN as f32 and as f16 */
    return upload(p, b, at, nans, sizeof nans, e);
}

bool pool_refill(struct pool *p, struct buffer *b, const struct tensor *t, struct error *e)
{
    if (!p->device->info.computes)
        return true;
    uint64_t elements = tensor_elements(t), bytes = tensor_bytes(t);
    void *chunk = need(type_bytes(t->type, CHUNK_ELEMENTS));
    bool ok = true;
    for (uint64_t at = 0; at < elements && ok; at += CHUNK_ELEMENTS) {
        uint64_t n = elements - at < CHUNK_ELEMENTS ? elements - at : CHUNK_ELEMENTS;
        tensor_fill(t, at, n, chunk);
        ok = upload(p, b, type_bytes(t->type, at), chunk, type_bytes(t->type, n), e);
    }
    free(chunk);
    return ok && fill_guard(p, b, bytes, e);
}

struct buffer *pool_tensor(struct pool *p, const struct tensor *t, struct error *e)
{
    for (int i = 0; i < p->buffer_count; i++)
        if (same_buffer(&p->buffers[i].tensor, t))
            return p->buffers[i].buffer;
    double begin = host_clock_ns();
    struct buffer *b = device_buffer(p->device, tensor_bytes(t) + GUARD_BYTES, e);
    p->upload_ns += host_clock_ns() - begin;
    if (!b)
        return NULL;
    if (is_input(t) && !pool_refill(p, b, t, e)) {
        device_buffer_free(p->device, b);
        return NULL;
    }
    p->bytes += (double)(tensor_bytes(t) + GUARD_BYTES);
    p->buffers = need_more(p->buffers, sizeof *p->buffers * (size_t)(p->buffer_count + 1));
    p->buffers[p->buffer_count++] = (struct pooled_buffer){*t, b};
    return b;
}

static unsigned long long code_hash(const struct program_source *s)
{
    return s->language == LANGUAGE_C ? hash_bytes(s->c, strlen(s->c)) : hash_bytes(s->spirv, s->words * 4);
}

static unsigned long long program_key(const struct step *s, const struct program_source *source)
{
    unsigned long long parts[5] = {
        code_hash(source), hash_bytes(source->bindings, sizeof source->bindings),
        hash_bytes(s->spec_values, sizeof s->spec_values), hash_bytes(s->spec_ids, sizeof s->spec_ids),
        (unsigned long long)source->push_bytes};
    return hash_bytes(parts, sizeof parts);
}

static bool step_source(const struct step *s, struct program_source *source, struct error *e)
{
    memset(source, 0, sizeof *source);
    source->label = s->label;
    source->spirv = s->spirv;
    source->words = s->spirv_words;
    source->entry = s->entry[0] ? s->entry : NULL;
    source->language = s->language;
    if (s->language == LANGUAGE_C) {
        source->c = text_get(&s->c);
    } else if (!s->spirv) {
        struct spirv spirv;
        if (!shader_compile(s->path ? s->path : s->label, text_get(&s->glsl), &spirv, e))
            return false;
        source->spirv = spirv.words;
        source->words = spirv.count;
    }
    for (int i = 0; i < s->binding_count; i++)
        source->bindings[i] = s->bindings[i].slot;
    source->binding_count = s->binding_count;
    source->push_bytes = (uint32_t)s->push_count * 4;
    memcpy(source->spec_ids, s->spec_ids, sizeof s->spec_ids);
    memcpy(source->spec_values, s->spec_values, sizeof s->spec_values);
    source->spec_count = s->spec_count;
    return true;
}

/* Looked at before the driver is: what it makes of too large a workgroup is its own affair. */
static bool program_fits(const struct program_source *s, const struct device_info *d, struct error *e)
{
    struct spec_value values[DEVICE_SPEC_MAX];
    if (s->language != LANGUAGE_GLSL || !d->computes)
        return true;
    for (int i = 0; i < s->spec_count; i++)
        values[i] = (struct spec_value){s->spec_ids[i], s->spec_values[i]};
    return workgroup_fits(s->spirv, s->words, s->entry, values, (size_t)s->spec_count, d, e) || error_prefix(e, "%s", s->label);
}

/* Matrices in the form that the device has; *own is to be freed. What is counted is rewritten in the same way. */
static bool suit_matrices(const struct device_info *info, struct program_source *source, uint32_t **own, struct error *e)
{
    *own = NULL;
    if (source->language == LANGUAGE_C || !info->cooperative_khr || !cooperative_is_nv(source->spirv, source->words))
        return true;
    if (!cooperative_to_khr(source->spirv, source->words, own, &source->words, e))
        return error_prefix(e, "%s", source->label);
    source->spirv = *own;
    return true;
}

struct program *pool_program(struct pool *p, const struct step *s, unsigned long long *spirv_hash, struct error *e)
{
    struct program_source source;
    uint32_t *own;
    if (!step_source(s, &source, e) || !suit_matrices(&p->device->info, &source, &own, e))
        return NULL;
    unsigned long long key = program_key(s, &source);
    if (spirv_hash)
        *spirv_hash = code_hash(&source);
    struct program *program = NULL;
    for (int i = 0; i < p->program_count && !program; i++)
        if (p->programs[i].key == key)
            program = p->programs[i].program;
    if (program) {
        free(own);
        return program;
    }
    double begin = host_clock_ns();
    program = program_fits(&source, &p->device->info, e) ? device_program(p->device, &source, e) : NULL;
    p->program_ns += host_clock_ns() - begin;
    free(own);
    if (!program)
        return NULL;
    p->programs = need_more(p->programs, sizeof *p->programs * (size_t)(p->program_count + 1));
    p->programs[p->program_count++] = (struct pooled_program){key, program};
    return program;
}
