#include "harness/measure/traffic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/kernel/shader.h"
#include "harness/measure/workload.h"
#include "harness/spirv/footprint.h"
#include "harness/spirv/instrument.h"
#include "harness/spirv/validate.h"

/* One step being counted. */
struct counting {
    const struct plan *plan;
    const struct step *step;
    struct instrumented in;
    uint64_t *target_bytes;
    uint32_t *lab;
    uint64_t lab_bytes;
};

static bool words_of(const struct step *s, const uint32_t **words, size_t *count, struct error *e)
{
    struct spirv spirv;
    *words = s->spirv;
    *count = s->spirv_words;
    if (s->spirv)
        return true;
    if (!shader_compile(s->label, text_get(&s->glsl), &spirv, e))
        return false;
    *words = spirv.words;
    *count = spirv.count;
    return true;
}

/* Where the rewritten module is refused, the shader itself may not have been any better. */
static bool validate(const struct counting *c, const uint32_t *words, size_t count, struct error *e)
{
    struct error own = {0};
    if (spirv_validate(c->in.words, c->in.count, e))
        return true;
    if (!spirv_validate(words, count, &own))
        return error_set(e, own.code, "the shader itself is not valid: %s", own.text);
    return error_prefix(e, "the instrumented %s", c->step->label);
}

static struct bound_size bound_as(const struct program_binding *b)
{
    const struct image_shape *i = &b->image;
    return (struct bound_size){.set = b->set,
                               .binding = b->binding,
                               .texel_bytes = texel_format_bytes(b->format),
                               .count = b->count,
                               .width = i->width,
                               .height = i->height,
                               .layers = i->depth * i->layers};
}

static bool instrument_step(struct counting *c, bool footprint, struct error *e)
{
    const struct step *s = c->step;
    struct bound_size bound[STEP_BINDINGS_MAX];
    struct spec_value spec[DEVICE_SPEC_MAX];
    const uint32_t *words;
    size_t count;
    for (int i = 0; i < s->binding_count; i++)
        bound[i] = bound_as(&s->bindings[i].slot);
    for (int i = 0; i < s->spec_count; i++)
        spec[i] = (struct spec_value){s->spec_ids[i], s->spec_values[i]};
    struct instrument_options o = {.spec = spec,
                                   .specs = (uint32_t)s->spec_count,
                                   .footprint = footprint,
                                   .bound = bound,
                                   .bound_count = (uint32_t)s->binding_count};
    return words_of(s, &words, &count, e) && instrument(&c->in, words, count, &o, e) && validate(c, words, count, e);
}

/* What is bound at a place; NULL: nothing. */
static const struct step_binding *bound_at(const struct step *s, uint32_t set, uint32_t binding)
{
    for (int i = 0; i < s->binding_count; i++)
        if (s->bindings[i].slot.set == set && s->bindings[i].slot.binding == binding)
            return &s->bindings[i];
    return NULL;
}

/* Bytes of the tensor there, of one element where it is an array; 0: none. */
static uint64_t bytes_at(const struct counting *c, uint32_t set, uint32_t binding)
{
    const struct step_binding *b = bound_at(c->step, set, binding);
    return !b || b->tensor < 0 ? 0 : b->slot.count ? b->slot.bytes : binding_bytes(c->plan, b);
}

static void prepare_lab(struct counting *c)
{
    c->target_bytes = need(sizeof *c->target_bytes * (c->in.target_count + 1));
    for (uint32_t i = 0; i < c->in.target_count; i++)
        c->target_bytes[i] = (bytes_at(c, c->in.targets[i].set, c->in.targets[i].binding) + 3) & ~3ull;
    c->lab_bytes = instrument_bytes(&c->in, c->target_bytes);
    c->lab = need(c->lab_bytes);
    instrument_prepare(&c->in, c->target_bytes, c->lab);
}

/* Runs the instrumented step once, on the pool's own buffers, in the plan's order: what it leaves behind is what the plain
 * step would have left. */
static bool run_step(struct counting *c, struct pool *pool, struct error *e)
{
    struct device *d = pool_device(pool);
    struct step copy = *c->step;
    struct dispatch q = {.kind = DISPATCH_PROGRAM, .view_count = copy.binding_count + 1};
    copy.spirv = c->in.words;
    copy.spirv_words = c->in.count;
    if (copy.binding_count == STEP_BINDINGS_MAX)
        return error_set(e, EXIT_ENVIRONMENT, "%s has no binding left for the counters", copy.label);
    copy.bindings[copy.binding_count++].slot =
        (struct program_binding){.set = c->in.set, .binding = c->in.binding, .kind = BIND_STORAGE};
    struct buffer *lab = device_buffer(d, c->lab_bytes, e);
    q.program = lab ? pool_program(pool, &copy, NULL, e) : NULL;
    memcpy(q.groups, copy.groups, sizeof q.groups);
    memcpy(q.push, copy.push, sizeof q.push);
    bool ok = q.program && device_upload(d, lab, 0, c->lab, c->lab_bytes, e);
    for (int i = 0; i < c->step->binding_count && ok; i++) {
        const struct tensor *t = copy.bindings[i].tensor < 0 ? NULL : &c->plan->tensors[copy.bindings[i].tensor];
        struct buffer *b = t ? pool_tensor(pool, t, e) : NULL; /* a sampler has none */
        q.views[i] = (struct buffer_view){b, copy.bindings[i].offset, (binding_bytes(c->plan, &copy.bindings[i]) + 3) & ~3ull};
        ok = b != NULL || !t;
    }
    for (int i = 0; i < c->step->address_count && ok; i++) {
        struct buffer *b = pool_tensor(pool, &c->plan->tensors[c->step->addresses[i].tensor], e);
        uint64_t address = b ? device_address(d, b) : 0;
        ok = b != NULL;
        memcpy(&q.push[c->step->addresses[i].word], &address, sizeof address);
    }
    q.views[c->step->binding_count] = (struct buffer_view){lab, 0, c->lab_bytes};
    struct sequence *sequence = ok ? device_sequence(d, &q, 1, false, e) : NULL;
    struct timing timing;
    ok = sequence && device_run(d, sequence, &timing, e) && device_download(d, lab, 0, c->lab, c->lab_bytes, e);
    device_sequence_free(d, sequence);
    device_buffer_free(d, lab);
    return ok;
}

/* ---- reading what was counted ---- */

/* Does the text access the resource, or element, of that index? */
static bool accessed(const struct counting *c, uint32_t index)
{
    for (uint32_t i = 0; i < c->in.mix.item_count; i++)
        if (c->in.mix.items[i].kind <= COUNT_ATOMIC && c->in.mix.items[i].resource == index)
            return true;
    return false;
}

/* Is the resource told apart by elements? So where all its accesses name theirs. */
static bool by_element(const struct counting *c, uint32_t resource)
{
    uint32_t first = c->in.mix.elements[resource];
    for (uint32_t k = 0; first && !accessed(c, resource) && k < c->in.reflection.resources[resource].count; k++)
        if (accessed(c, first + k))
            return true;
    return false;
}

/* The entry of a binding, or of an element of its array, made on first sight: two variables may share one. */
static struct traffic_buffer *buffer_of(struct traffic_step *t, const struct counting *c, uint32_t resource, uint32_t element)
{
    const struct resource *r = &c->in.reflection.resources[resource];
    int own = by_element(c, resource) ? (int)element : -1;
    for (int i = 0; i < t->buffer_count; i++)
        if (t->buffers[i].set == r->set && t->buffers[i].binding == r->binding && t->buffers[i].element == own &&
            !t->buffers[i].shared_name)
            return &t->buffers[i];
    t->buffers = need_more(t->buffers, sizeof *t->buffers * (size_t)(t->buffer_count + 1));
    struct traffic_buffer *b = &t->buffers[t->buffer_count++];
    const struct step_binding *bound = bound_at(c->step, r->set, r->binding);
    const char *name = bound && bound->tensor >= 0 ? c->plan->tensors[bound->tensor].name : r->name;
    *b = (struct traffic_buffer){.set = r->set, .binding = r->binding, .element = own};
    snprintf(b->name, sizeof b->name, own < 0 ? "%s" : "%.50s[%d]", name, own);
    b->tensor_bytes = bytes_at(c, r->set, r->binding) * (own < 0 && r->count > 1 ? r->count : 1);
    return b;
}

static bool is_listed(const struct resource *r)
{
    return r->bound && r->used && r->kind != RESOURCE_SAMPLER;
}

static void list_buffers(struct traffic_step *t, const struct counting *c)
{
    for (uint32_t i = 0; i < c->in.reflection.resource_count; i++) {
        const struct resource *r = &c->in.reflection.resources[i];
        if (!is_listed(r))
            continue;
        if (!by_element(c, i))
            buffer_of(t, c, i, 0);
        for (uint32_t k = 0; by_element(c, i) && k < r->count; k++)
            if (accessed(c, c->in.mix.elements[i] + k))
                buffer_of(t, c, i, k);
    }
}

static void add_resource(struct traffic_buffer *b, const struct resource_totals *r)
{
    b->loads += r->loads;
    b->stores += r->stores;
    b->bytes_loaded += r->bytes_loaded;
    b->bytes_stored += r->bytes_stored;
}

static void read_totals(struct traffic_step *t, const struct counting *c, struct launch_shape shape)
{
    struct totals n;
    instrument_totals(&c->in, c->lab, shape, &n);
    t->invocations = n.invocations;
    memcpy(t->flops, n.flops, sizeof t->flops);
    memcpy(t->ops, n.ops, sizeof t->ops);
    t->special = n.special;
    t->int_ops = n.int_ops;
    t->shared_accesses = n.shared_loads + n.shared_stores;
    t->shared_bytes = n.shared_bytes;
    t->barriers = n.barriers;
    t->atomics = n.atomics;
    t->subgroup_ops = n.subgroup_ops;
    t->branches = n.branches;
    for (uint32_t i = 0; i < c->in.reflection.resource_count; i++) {
        const struct resource *r = &c->in.reflection.resources[i];
        uint32_t first = c->in.mix.elements[i];
        if (!is_listed(r))
            continue;
        if (!by_element(c, i))
            add_resource(buffer_of(t, c, i, 0), &n.resources[i]);
        for (uint32_t k = 0; first && k < r->count; k++)
            if (accessed(c, first + k))
                add_resource(buffer_of(t, c, i, k), &n.resources[first + k]);
    }
    const struct resource_totals *address = &n.resources[c->in.mix.address];
    if (address->loads + address->stores > 0) {
        t->buffers = need_more(t->buffers, sizeof *t->buffers * (size_t)(t->buffer_count + 1));
        struct traffic_buffer *b = &t->buffers[t->buffer_count++];
        *b = (struct traffic_buffer){.name = "buffer_reference", .element = -1, .shared_name = true};
        add_resource(b, address);
    }
    totals_free(&n);
    t->lines = instrument_lines(&c->in, c->lab, shape, &t->line_count);
}

static void read_footprint(struct traffic_step *t, const struct counting *c)
{
    struct footprint_bytes *f = need(sizeof *f * (c->in.target_count + 1));
    footprint_read(&c->in, c->target_bytes, c->lab, f);
    for (uint32_t i = 0; i < c->in.target_count; i++) {
        if (f[i].touched == 0)
            continue;
        struct traffic_buffer *b = buffer_of(t, c, c->in.targets[i].resource, c->in.targets[i].element);
        b->bytes_read_first += f[i].read_first;
        b->bytes_written += f[i].written;
        b->bytes_compulsory += f[i].compulsory;
        b->bytes_sectors += f[i].sectors;
    }
    free(f);
}

static void read_faults(struct traffic_step *t, const struct counting *c)
{
    struct fault faults[LAB_RECORD_COUNT];
    uint32_t n = footprint_faults(&c->in, c->lab, faults, &t->faults_all);
    for (uint32_t i = 0; i < n && t->fault_count < 16; i++) {
        struct traffic_fault *f = &t->faults[t->fault_count++];
        const struct site *site = faults[i].site;
        *f = (struct traffic_fault){.writes = site->writes, .index = faults[i].index, .line = site->line.line};
        f->is_shared = faults[i].target == SITE_SHARED;
        lines_file(&c->in.module, site->line.file, f->file, sizeof f->file);
        if (f->is_shared) {
            snprintf(f->buffer, sizeof f->buffer, "shared memory");
            continue;
        }
        const struct target *target = &c->in.targets[faults[i].target];
        f->set = target->set;
        f->binding = target->binding;
        snprintf(f->buffer, sizeof f->buffer, "%s", buffer_of(t, c, target->resource, target->element)->name);
    }
}

/* Counts are right where the device takes another element than the shader asked for, but what it reads may not be. */
static void note_device(struct counting *c, const struct device_info *info)
{
    const struct module *m = &c->in.module;
    bool differs = false;
    for (uint32_t at = MODULE_HEADER; at < m->count && word_op(m->words[at]) == SpvOpCapability; at += word_length(m->words[at]))
        differs |= m->words[at + 1] == SpvCapabilityShaderNonUniform;
    if (differs && !info->descriptor_indexing)
        mix_not_counted(&c->in.mix, (struct source_line){0}, "non-uniform indices into arrays of resources",
                        "counted, but the device does not have them: the data may come from another element");
}

static void read_not_counted(struct traffic_step *t, const struct counting *c)
{
    t->not_counted_count = (int)c->in.mix.not_counted_count;
    t->not_counted = need(sizeof *t->not_counted * (c->in.mix.not_counted_count + 1));
    memcpy(t->not_counted, c->in.mix.not_counted, sizeof *t->not_counted * c->in.mix.not_counted_count);
}

static void end_counting(struct counting *c)
{
    instrument_free(&c->in);
    free(c->target_bytes);
    free(c->lab);
}

static struct launch_shape shape_of(const struct counting *c, const struct device_info *info)
{
    const uint32_t *size = c->in.reflection.local_size;
    return (struct launch_shape){info->subgroup_size, size[0] * size[1] * size[2]};
}

/* A driver that ends loops silently makes counts that are too small: none are better. */
static bool loops_were_whole(const struct counting *c, const struct device_info *info, bool footprint, struct error *e)
{
    return !instrument_cut_short(c->lab) ||
           error_set(e, EXIT_ENVIRONMENT,
                     "%s ends all loops of an invocation, silently, after %u passes, and with those that counting adds this shader "
                     "makes more. Count it %sat a smaller shape, or give its work to more workgroups",
                     info->name, info->loop_passes, footprint ? "without the footprint (--no-footprint), " : "");
}

/* On a device or (pool NULL) dry. */
bool traffic_count_step(struct pool *pool, const struct plan *plan, int i, bool footprint, struct traffic_step *out,
                        struct error *e)
{
    struct counting c = {.plan = plan, .step = &plan->steps[i]};
    *out = (struct traffic_step){0};
    out->kernel = need_string(c.step->label);
    bool ok = instrument_step(&c, footprint, e);
    if (ok && pool)
        note_device(&c, &pool_device(pool)->info);
    if (ok) {
        list_buffers(out, &c);
        read_not_counted(out, &c);
    }
    if (ok && pool) {
        prepare_lab(&c);
        ok = run_step(&c, pool, e) && loops_were_whole(&c, &pool_device(pool)->info, footprint, e);
    }
    if (ok && pool) {
        read_totals(out, &c, shape_of(&c, &pool_device(pool)->info));
        if (footprint) {
            read_footprint(out, &c);
            read_faults(out, &c);
        }
    }
    end_counting(&c);
    return ok || error_prefix(e, "counting %s", plan->steps[i].label);
}

static bool count_all(struct pool *pool, const struct plan *plan, bool footprint, struct traffic *t, struct error *e)
{
    *t = (struct traffic){.steps = need(sizeof *t->steps * (size_t)(plan->step_count + 1)), .footprint = footprint};
    for (int i = 0; i < plan->step_count; i++)
        if (!traffic_count_step(pool, plan, i, footprint, &t->steps[t->count++], e)) {
            traffic_free(t);
            return false;
        }
    return true;
}

bool traffic_count(struct pool *pool, const struct plan *plan, bool footprint, struct traffic *t, struct error *e)
{
    if (!plan_fits(plan, &pool_device(pool)->info, e))
        return false;
    for (int i = 0; i < plan->tensor_count; i++) /* what an earlier run changed in place */
        if (plan->tensors[i].role == ROLE_INOUT) {
            struct buffer *b = pool_tensor(pool, &plan->tensors[i], e);
            if (!b || !pool_refill(pool, b, &plan->tensors[i], e))
                return false;
        }
    return count_all(pool, plan, footprint, t, e);
}

bool traffic_dry(const struct plan *plan, bool footprint, struct traffic *t, struct error *e)
{
    return count_all(NULL, plan, footprint, t, e);
}

void traffic_step_clear(struct traffic_step *s)
{
    free(s->kernel);
    free(s->buffers);
    free(s->not_counted);
    free(s->lines);
    *s = (struct traffic_step){0};
}

void traffic_free(struct traffic *t)
{
    for (int i = 0; i < t->count; i++)
        traffic_step_clear(&t->steps[i]);
    free(t->steps);
    *t = (struct traffic){0};
}

/* ---- into costs ---- */

double traffic_bytes_issued(const struct traffic_step *s)
{
    double sum = 0;
    for (int i = 0; i < s->buffer_count; i++)
        sum += (double)(s->buffers[i].bytes_loaded + s->buffers[i].bytes_stored);
    return sum;
}

double traffic_bytes_compulsory(const struct traffic_step *s)
{
    double sum = 0;
    for (int i = 0; i < s->buffer_count; i++)
        sum += (double)s->buffers[i].bytes_compulsory;
    return sum;
}

void traffic_cost(const struct traffic_step *s, bool footprint, struct cost *c)
{
    c->bytes_issued = traffic_bytes_issued(s);
    for (int op = 0; op < OP_COUNT; op++)
        c->ops[op] = (double)s->ops[op];
    c->accesses = (double)s->shared_accesses;
    for (int k = 0; k < s->buffer_count; k++)
        c->accesses += (double)(s->buffers[k].loads + s->buffers[k].stores);
    c->bytes_shared = (double)s->shared_bytes;
    c->barriers = (double)s->barriers;
    if (!footprint)
        return;
    c->bytes_read = c->bytes_written = c->bytes_sectors = 0;
    for (int k = 0; k < s->buffer_count; k++) {
        c->bytes_read += (double)s->buffers[k].bytes_read_first;
        c->bytes_written += (double)s->buffers[k].bytes_written;
        c->bytes_sectors += (double)s->buffers[k].bytes_sectors;
    }
}
