/* Where a pointer or an image comes from, and what an instruction does to it. */
#ifndef ROOFLAB_TRACE_H
#define ROOFLAB_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/spirv/module.h"

/* The root of a value that is a pointer or an image: the id of its OpVariable, followed through access
 * chains, copies, loads of image handles, selections, phis and, by all call sites, function parameters. */
#define TRACE_NONE 0                  /* not a pointer, or one that nothing is known of */
#define TRACE_MANY UINT32_MAX         /* it may be one of several variables */
#define TRACE_PHYSICAL (UINT32_MAX - 1) /* an address: buffer_reference */

struct trace {
    uint32_t *root; /* by id */
    uint32_t bound;
};

void trace_build(struct trace *t, const struct module *m);
void trace_free(struct trace *t);
uint32_t trace_root(const struct trace *t, uint32_t id);

/* Is the type an image, a sampler, both, or another opaque thing? Loads of such a variable fetch a handle. */
bool type_is_handle(const struct spirv_type *t);

/* One access of an instruction to memory. */
struct memory_access {
    uint32_t object; /* the pointer's id, or the image's */
    uint32_t type;   /* type id of what is moved: the pointee; for images the texel's value */
    bool reads, writes, atomic, image, gather, sampled, tile;
};

/* The accesses of an instruction: 0, 1, or 2 for a copy. Loads of handles are none. */
int access_of(const struct module *m, const uint32_t *w, struct memory_access out[2]);

/* Marks the functions that an entry function reaches by calls; reached has m->function_count elements. */
void trace_reached(const struct module *m, uint32_t function_id, bool *reached);

#endif
