/* Exact totals of a run: the static mix times the blocks' counts. */
#ifndef ROOFLAB_TOTALS_H
#define ROOFLAB_TOTALS_H

#include "harness/spirv/instrument.h"

struct resource_totals {
    uint64_t loads, stores, atomics; /* an atomic is also a load and a store */
    uint64_t bytes_loaded, bytes_stored;
};

struct totals {
    uint64_t invocations;
    struct resource_totals *resources; /* in->mix.resources: the reflection's, push constants, addresses */
    uint64_t flops[3];                 /* f16, f32, f64 */
    uint64_t special, int_ops, conversions;
    uint64_t shared_loads, shared_stores, shared_bytes;
    uint64_t barriers, fences, atomics, subgroup_ops, branches, tile_multiplies;
    uint64_t ops[OP_COUNT];            /* the same operations by kind */
    uint64_t bytes_loaded, bytes_stored; /* issued: all resources but push constants */
};

/* What shares a workgroup's or subgroup's work: both are needed for cooperative matrices only. */
struct launch_shape {
    uint32_t subgroup_size, workgroup_size; /* invocations; 0 counts as 1 */
};

/* Totals of a lab buffer that was read back; freed by totals_free. */
void instrument_totals(const struct instrumented *in, const uint32_t *lab, struct launch_shape shape,
                       struct totals *t);
void totals_free(struct totals *t);

/* Per source line; sorted by file and line, line 0 for what has none. */
struct line_totals {
    struct source_line line;
    uint64_t bytes_loaded, bytes_stored, flops, int_ops, special, shared_bytes;
};
/* Returns an array to be freed by the caller. */
struct line_totals *instrument_lines(const struct instrumented *in, const uint32_t *lab,
                                     struct launch_shape shape, uint32_t *count);

#endif
