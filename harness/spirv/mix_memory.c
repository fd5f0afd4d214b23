#include "harness/spirv/mix_memory.h"

#include <stdio.h>

#include <spirv/unified1/spirv.h>

uint32_t texel_bytes(const struct resource *r, const struct texel_size *texels, uint32_t texel_count)
{
    for (uint32_t i = 0; i < texel_count; i++)
        if (r->bound && texels[i].set == r->set && texels[i].binding == r->binding && texels[i].bytes)
            return texels[i].bytes;
    return r->texel_bytes;
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
    uint64_t bytes = texel_bytes(r, s->texels, s->texel_count);
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
    add_access(s, a, index - 1, false, bytes);
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
            add_access(s, a, index - 1, false, bytes);
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
