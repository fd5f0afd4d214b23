/* The part of the static mix that is memory, and what both parts share. */
#ifndef ROOFLAB_MIX_MEMORY_H
#define ROOFLAB_MIX_MEMORY_H

#include "harness/spirv/mix.h"

/* Where the scan of a module stands. */
struct scan {
    struct static_mix *x;
    const struct module *m;
    const struct trace *t;
    const struct reflection *r;
    const struct bound_size *bound;
    uint32_t bound_count;
    uint32_t *resource_of; /* by variable id: 1 + index of its resource */
    uint32_t block;
    struct source_line line;
};

void scan_add(struct scan *s, struct mix_item item); /* block and line are filled in */
void scan_not_counted(struct scan *s, const uint32_t *w, const char *on, const char *why);
void scan_memory(struct scan *s, const uint32_t *w); /* loads, stores, copies, atomics, images, tiles */
enum count_share tile_share(const struct module *m, const struct spirv_type *t);

/* The index that chooses the resource of an access in an array of resources; 0: it is no such array, or not known. */
uint32_t element_index(const struct module *m, uint32_t object);

/* Bytes of a texel of a resource: by its format, by what the caller knows, or 0. */
uint32_t texel_bytes(const struct resource *r, const struct bound_size *bound, uint32_t bound_count);

#endif
