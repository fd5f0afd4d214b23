#include "harness/spirv/mix_memory.h"

#include <stdio.h>

#include <spirv/unified1/spirv.h>

#include "harness/spirv/address.h"

const struct bound_size *bound_find(const struct resource *r, const struct bound_size *bound, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (r->bound && bound[i].set == r->set && bound[i].binding == r->binding)
            return &bound[i];
    return NULL;
}

uint32_t texel_bytes(const struct resource *r, const struct bound_size *bound, uint32_t bound_count)
{
    const struct bound_size *b = bound_find(r, bound, bound_count);
    return b && b->texel_bytes ? b->texel_bytes : r->texel_bytes;
}

uint32_t element_index(const struct module *m, uint32_t object)
{
    struct chain c;
    for (int i = 0; i < 8; i++) { /* from an image to the pointer that it was loaded by */
        const uint32_t *w = module_def(m, object);
        uint16_t op = w ? word_op(*w) : 0;
        bool handle = op == SpvOpSampledImage || op == SpvOpImage || op == SpvOpImageTexelPointer ||
                      (op == SpvOpLoad && type_is_handle(module_type(m, w[1])));
        if (!handle)
            break;
        object = w[3];
    }
    if (!address_chain(m, object, &c) || c.count == 0)
        return 0;
    const struct spirv_type *t = type_pointee(m, c.variable), *element = t ? module_type(m, t->element) : NULL;
    bool array = t && (t->kind == TYPE_ARRAY || t->kind == TYPE_RUNTIME_ARRAY) && element && element->kind != TYPE_ARRAY;
    const uint32_t *first = c.link[c.count - 1];
    return array && word_length(*first) > 4 ? first[4] : 0;
}

/* Where the access of `object` counts: the resource, or its element where that is known. */
static uint32_t place_of(const struct scan *s, uint32_t resource, uint32_t object)
{
    int64_t k;
    uint32_t first = s->x->elements[resource], index = first ? element_index(s->m, object) : 0;
    bool known = index && constant_value(s->m, index, &k) && k >= 0 && k < s->r->resources[resource].count;
    return known ? first + (uint32_t)k : resource;
}

/* Adds the loads, stores and atomics of one access to a resource (or to shared memory). */
static void add_access(struct scan *s, const struct memory_access *a, uint32_t resource, bool shared,
                       uint64_t bytes)
{
    const struct spirv_type *t = module_type(s->m, a->type);
    struct mix_item item = {.resource = resource, .count = 1, .bytes = bytes};
    item.share = (uint8_t)(a->tile ? tile_share(s->m, t) : SHARE_INVOCATION);
    if (a->reads) {
        item.kind = shared ? COUNT_SHARED_LOAD : COUNT_LOAD;
        scan_add(s, item);
    }
    if (a->writes) {
        item.kind = shared ? COUNT_SHARED_STORE : COUNT_STORE;
        scan_add(s, item);
    }
    if (a->atomic) {
        item.kind = shared ? COUNT_SHARED_ATOMIC : COUNT_ATOMIC;
        item.bytes = 0;
        scan_add(s, item);
    }
}

static void scan_image(struct scan *s, const uint32_t *w, const struct memory_access *a)
{
    uint32_t root = trace_root(s->t, a->object);
    uint32_t index = root < s->m->bound ? s->resource_of[root] : 0;
    const struct spirv_type *t = module_type(s->m, a->type);
    if (!index) {
        scan_not_counted(s, w, "", "which image it uses cannot be told");
        return;
    }
    const struct resource *r = &s->r->resources[index - 1];
    uint64_t bytes = texel_bytes(r, s->bound, s->bound_count);
    if (a->atomic || a->gather)
        bytes = t ? t->bytes : 0;
    if (bytes == 0) {
        char why[128];
        bytes = t ? t->bytes : 0;
        snprintf(why, sizeof why, "the shader does not tell its format: counted as %u bytes a texel",
                 (unsigned)bytes);
        scan_not_counted(s, w, r->name, why);
    }
    if (a->sampled)
        scan_not_counted(s, w, r->name, "a filter may read several texels: counted as one");
    add_access(s, a, place_of(s, index - 1, a->object), false, bytes);
}

static uint64_t access_bytes(struct scan *s, const uint32_t *w, const struct memory_access *a)
{
    const struct spirv_type *t = module_type(s->m, a->type);
    int64_t size;
    if (opcode_find(word_op(*w)).class == CLASS_COPY_SIZED)
        return constant_value(s->m, w[3], &size) && size > 0 ? (uint64_t)size : 0;
    return t ? t->bytes : 0;
}

static void scan_pointer(struct scan *s, const uint32_t *w, const struct memory_access *a)
{
    const struct spirv_type *pointer = type_of_value(s->m, a->object);
    uint32_t root = trace_root(s->t, a->object), storage = UINT32_MAX;
    uint32_t index = root < s->m->bound ? s->resource_of[root] : 0;
    if (pointer && pointer->kind == TYPE_POINTER)
        storage = pointer->storage;
    if (storage == SpvStorageClassFunction || storage == SpvStorageClassPrivate ||
        storage == SpvStorageClassInput || storage == SpvStorageClassOutput)
        return;
    uint64_t bytes = access_bytes(s, w, a);
    if (bytes == 0) {
        scan_not_counted(s, w, "", "the size of what it moves is not known");
        return;
    }
    switch (storage) {
    case SpvStorageClassWorkgroup: add_access(s, a, 0, true, bytes); break;
    case SpvStorageClassPushConstant: add_access(s, a, s->x->push, false, bytes); break;
    case SpvStorageClassPhysicalStorageBuffer: add_access(s, a, s->x->address, false, bytes); break;
    case SpvStorageClassUniform:
    case SpvStorageClassStorageBuffer:
        if (index)
            add_access(s, a, place_of(s, index - 1, a->object), false, bytes);
        else
            scan_not_counted(s, w, "", "its pointer may be into one of several buffers");
        break;
    default: scan_not_counted(s, w, "", "it uses a storage class that the lab does not count");
    }
}

void scan_memory(struct scan *s, const uint32_t *w)
{
    struct memory_access a[2];
    int count = access_of(s->m, w, a);
    for (int i = 0; i < count; i++) {
        if (a[i].image)
            scan_image(s, w, &a[i]);
        else
            scan_pointer(s, w, &a[i]);
    }
}
