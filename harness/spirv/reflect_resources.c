#include "harness/spirv/reflect_resources.h"

#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/device/device.h"
#include "harness/spirv/layout.h"

const char *resource_kind_name(enum resource_kind k)
{
    static const char *const names[RESOURCE_KINDS] = {
        "storage buffer",         "uniform buffer", "uniform texel buffer",   "storage texel buffer",
        "storage image",          "sampled image",  "combined image sampler", "sampler",
        "acceleration structure", "other"};
    return (unsigned)k < RESOURCE_KINDS ? names[k] : "other";
}

/* Is a resource so decorated: the variable itself, or every member of its block? */
static bool decorated(const struct module *m, uint32_t variable, const struct spirv_type *block, uint32_t kind)
{
    if (module_decoration(m, variable, MEMBER_NONE, kind))
        return true;
    if (!block || block->kind != TYPE_STRUCT || block->count == 0)
        return false;
    for (uint32_t i = 0; i < block->count; i++)
        if (!module_decoration(m, block->id, i, kind))
            return false;
    return true;
}

static enum resource_kind image_kind(const uint32_t *image)
{
    bool buffer = image[3] == SpvDimBuffer, storage = image[7] == 2;
    if (buffer)
        return storage ? RESOURCE_STORAGE_TEXEL_BUFFER : RESOURCE_UNIFORM_TEXEL_BUFFER;
    return storage ? RESOURCE_STORAGE_IMAGE : RESOURCE_SAMPLED_IMAGE;
}

static void describe_image(struct resource *r, const struct module *m, const struct spirv_type *t)
{
    bool combined = t->kind == TYPE_SAMPLED_IMAGE;
    const struct spirv_type *image = combined ? module_type(m, t->element) : t;
    if (!image || image->kind != TYPE_IMAGE) {
        r->kind = RESOURCE_OTHER;
        return;
    }
    const uint32_t *w = m->words + image->at;
    r->kind = image_kind(w);
    if (combined && r->kind != RESOURCE_UNIFORM_TEXEL_BUFFER)
        r->kind = RESOURCE_COMBINED_IMAGE;
    if (r->kind == RESOURCE_UNIFORM_TEXEL_BUFFER || r->kind == RESOURCE_COMBINED_IMAGE ||
        r->kind == RESOURCE_SAMPLED_IMAGE)
        r->writable = false;
    r->image_dim = w[3];
    r->image_compares = w[4] == 1;
    r->image_arrayed = w[5] == 1;
    r->image_samples = w[6] == 1;
    r->image_format = w[8];
    r->texel_bytes = texel_format_bytes(w[8]);
    r->element = image->element;
}

static void describe_buffer(struct resource *r, const struct module *m, const struct spirv_type *block,
                            uint32_t storage, uint64_t *cache)
{
    bool storage_buffer = storage == SpvStorageClassStorageBuffer ||
                          module_decoration(m, block->id, MEMBER_NONE, SpvDecorationBufferBlock);
    r->kind = storage_buffer ? RESOURCE_STORAGE_BUFFER : RESOURCE_UNIFORM_BUFFER;
    r->writable = r->writable && storage_buffer;
    r->element = block->id;
    r->fixed_bytes = layout_bytes(m, block->id, (struct matrix_layout){0}, cache);
    if (block->kind != TYPE_STRUCT || block->count == 0)
        return;
    uint32_t last = block->count - 1;
    module_name(m, block->id, last, r->element_name, sizeof r->element_name);
    const struct spirv_type *t = module_type(m, type_member(m, block, last));
    if (!t || t->kind != TYPE_RUNTIME_ARRAY)
        return;
    /* An array that is empty so far still begins somewhere: that is where the fixed part ends. */
    uint64_t begin = layout_offset(m, block->id, last);
    r->fixed_bytes = begin > r->fixed_bytes ? begin : r->fixed_bytes;
    r->has_runtime_array = true;
    r->stride = layout_stride(m, t, layout_matrix(m, block->id, last));
    r->element = t->element;
}

static void describe_element(struct resource *r, const struct module *m)
{
    const struct spirv_type *element = module_type(m, r->element);
    if (!element)
        return;
    r->element_width = element->width;
    r->element_float = element->is_float;
    r->element_scalars = element->scalars > UINT32_MAX ? 0 : (uint32_t)element->scalars;
    type_text(m, r->element, r->element_type, sizeof r->element_type);
}

bool reflect_pointee(struct resource *r, const struct module *m, uint32_t pointer)
{
    const struct spirv_type *t = module_type(m, pointer), *block = t ? module_type(m, t->element) : NULL;
    if (!t || t->kind != TYPE_POINTER || t->storage != SpvStorageClassPhysicalStorageBuffer || !block)
        return false;
    uint64_t *cache = need((m->type_count + 1) * sizeof *cache);
    *r = (struct resource){.count = 1, .readable = true, .writable = true};
    describe_buffer(r, m, block, SpvStorageClassStorageBuffer, cache);
    describe_element(r, m);
    free(cache);
    return true;
}

static void name_resource(struct resource *r, const struct module *m, const struct spirv_type *t)
{
    module_name(m, t->id, MEMBER_NONE, r->block, sizeof r->block);
    module_name(m, r->variable, MEMBER_NONE, r->name, sizeof r->name);
    const char *other = *r->block ? r->block : r->element_name;
    if (!*r->name)
        memcpy(r->name, other, sizeof r->name);
}

/* Fills a resource from its variable; false where the variable is not one. */
static bool describe(struct resource *r, const struct module *m, const uint32_t *w, uint64_t *cache)
{
    uint32_t storage = w[3];
    bool resource = storage == SpvStorageClassUniformConstant || storage == SpvStorageClassUniform ||
                    storage == SpvStorageClassStorageBuffer;
    const struct spirv_type *t = resource ? type_pointee(m, w[2]) : NULL;
    if (!t)
        return false;
    *r = (struct resource){.variable = w[2], .count = 1, .readable = true, .writable = true};
    while (t && (t->kind == TYPE_ARRAY || t->kind == TYPE_RUNTIME_ARRAY)) {
        uint64_t count = t->kind == TYPE_ARRAY ? (uint64_t)r->count * t->count : 0;
        r->count = count > UINT32_MAX ? 0 : (uint32_t)count;
        t = module_type(m, t->element);
    }
    if (!t)
        return false;
    const struct decoration *set = module_decoration(m, w[2], MEMBER_NONE, SpvDecorationDescriptorSet);
    const struct decoration *binding = module_decoration(m, w[2], MEMBER_NONE, SpvDecorationBinding);
    r->bound = set && set->count && binding && binding->count;
    r->set = set && set->count ? m->words[set->at] : 0;
    r->binding = binding && binding->count ? m->words[binding->at] : 0;
    if (t->kind == TYPE_IMAGE || t->kind == TYPE_SAMPLED_IMAGE)
        describe_image(r, m, t);
    else if (t->kind == TYPE_SAMPLER)
        r->kind = RESOURCE_SAMPLER;
    else if (storage == SpvStorageClassUniformConstant)
        r->kind = RESOURCE_ACCELERATION_STRUCTURE;
    else
        describe_buffer(r, m, t, storage, cache);
    const struct spirv_type *block = t->kind == TYPE_STRUCT ? t : NULL;
    r->readable = r->readable && !decorated(m, w[2], block, SpvDecorationNonReadable);
    r->writable = r->writable && !decorated(m, w[2], block, SpvDecorationNonWritable);
    describe_element(r, m);
    name_resource(r, m, t);
    return true;
}

static void note_access(struct reflection *r, const uint32_t *index, const struct module *m,
                        const struct trace *t, const struct memory_access *a)
{
    uint32_t root = trace_root(t, a->object);
    const struct spirv_type *pointer = type_of_value(m, a->object);
    bool plain = pointer && pointer->kind == TYPE_POINTER;
    uint32_t storage = plain ? pointer->storage : SpvStorageClassUniformConstant;
    if (root == TRACE_PHYSICAL)
        r->uses_physical = true;
    if (root < m->bound && index[root]) {
        struct resource *resource = &r->resources[index[root] - 1];
        resource->reads |= a->reads;
        resource->writes |= a->writes;
    }
    bool lost = root == TRACE_MANY || root == TRACE_NONE;
    bool matters = storage == SpvStorageClassStorageBuffer || storage == SpvStorageClassUniform ||
                   storage == SpvStorageClassUniformConstant || storage == SpvStorageClassImage;
    if (lost && matters) {
        r->untraced = true;
        for (uint32_t i = 0; i < r->resource_count; i++) {
            r->resources[i].reads |= a->reads && r->resources[i].readable;
            r->resources[i].writes |= a->writes && r->resources[i].writable;
        }
    }
}

/* Is an address, or a structure with one, part of the type? At most `looks` types are looked at. */
static bool has_address(const struct module *m, uint32_t type, int *looks)
{
    const struct spirv_type *t = module_type(m, type);
    if (!t || --*looks < 0)
        return false;
    if (t->kind == TYPE_POINTER)
        return t->storage == SpvStorageClassPhysicalStorageBuffer;
    if (t->kind == TYPE_ARRAY)
        return has_address(m, t->element, looks);
    for (uint32_t i = 0; t->kind == TYPE_STRUCT && i < t->count && *looks > 0; i++)
        if (has_address(m, type_member(m, t, i), looks))
            return true;
    return false;
}

/* Where addresses come from: memory, or integers. */
static void note_addresses(struct reflection *r, const struct module *m, const uint32_t *w)
{
    uint16_t op = word_op(*w);
    const struct spirv_type *t = opcode_find(op).ids == 2 ? module_type(m, w[1]) : NULL;
    bool address = t && t->kind == TYPE_POINTER && t->storage == SpvStorageClassPhysicalStorageBuffer;
    r->makes_addresses |= address && (op == SpvOpConvertUToPtr || op == SpvOpBitcast);
    if (op != SpvOpLoad || r->follows_memory)
        return;
    const struct spirv_type *from = type_of_value(m, w[3]);
    bool memory = from && from->kind == TYPE_POINTER && from->storage != SpvStorageClassPushConstant &&
                  from->storage != SpvStorageClassFunction && from->storage != SpvStorageClassPrivate;
    int looks = 64;
    r->follows_memory = memory && has_address(m, w[1], &looks);
}

static void note_uses(struct reflection *r, const struct module *m, const struct trace *t)
{
    uint32_t *index = need((size_t)m->bound * sizeof *index);
    for (uint32_t i = 0; i < r->resource_count; i++)
        index[r->resources[i].variable] = i + 1;
    for (uint32_t i = 0; i < m->function_count; i++) {
        if (!r->reached[i])
            continue;
        const struct function *f = &m->functions[i];
        for (uint32_t at = f->at; at < f->end; at += word_length(m->words[at])) {
            const uint32_t *w = m->words + at;
            struct memory_access a[2];
            int count = access_of(m, w, a);
            note_addresses(r, m, w);
            /* Once one pointer is lost all that can be said is said: no need to walk all resources again. */
            for (int k = 0; k < count; k++)
                if (!r->untraced || trace_root(t, a[k].object) < m->bound)
                    note_access(r, index, m, t, &a[k]);
            for (uint32_t k = 1; k < word_length(*w); k++)
                if (w[k] < m->bound && index[w[k]])
                    r->resources[index[w[k]] - 1].used = true;
        }
    }
    free(index);
}

static int by_binding(const void *x, const void *y)
{
    const struct resource *a = x, *b = y;
    if (a->set != b->set)
        return a->set < b->set ? -1 : 1;
    if (a->binding != b->binding)
        return a->binding < b->binding ? -1 : 1;
    return (a->variable > b->variable) - (a->variable < b->variable);
}

bool reflect_resources(struct reflection *r, const struct module *m, const struct trace *t, struct error *e)
{
    uint32_t end = m->function_count ? m->functions[0].at : m->count;
    uint64_t *cache = need((m->type_count + 1) * sizeof *cache);
    r->resources = need((RESOURCES_MAX + 1) * sizeof *r->resources);
    for (uint32_t at = MODULE_HEADER; at < end; at += word_length(m->words[at])) {
        if (word_op(m->words[at]) != SpvOpVariable)
            continue;
        if (describe(&r->resources[r->resource_count], m, m->words + at, cache))
            r->resource_count++;
        if (r->resource_count > RESOURCES_MAX) {
            free(cache);
            return error_set(e, EXIT_USAGE, "the shader declares more than %d resources", RESOURCES_MAX);
        }
    }
    free(cache);
    qsort(r->resources, r->resource_count, sizeof *r->resources, by_binding);
    note_uses(r, m, t);
    return true;
}
