/* The lab's instrument: a compute shader that counts itself, in its own SPIR-V, on any Vulkan device.
 *
 * The rewritten module does what it did, and has one storage buffer more, the *lab buffer*, on a binding
 * that was free. Module-scope Private counters count executions of blocks (as few as counters.h finds
 * needed); a new entry function calls the old one and then adds the counters to the lab buffer, two 32-bit
 * words each with carry. How to use it:
 *
 *   instrument(&in, words, count, &options, &e)
 *   bytes = instrument_bytes(&in, sizes)       sizes: by target, in.targets (footprint only; else NULL)
 *   instrument_prepare(&in, sizes, memory)     what the buffer must hold before the run
 *   ... bind it at in.set, in.binding; run in.words; read the buffer back ...
 *   instrument_totals(&in, memory, ...)        totals.h; and footprint_read() for the maps
 *
 * Two variables may share a binding: totals are by variable, so add them up by set and binding; targets
 * are by binding.
 *
 * The buffer may be prepared once and run over several dispatches: counts add up, maps unite (which is not
 * one step's footprint any more: prepare it for each step). */
#ifndef ROOFLAB_INSTRUMENT_H
#define ROOFLAB_INSTRUMENT_H

#include "harness/spirv/counters.h"
#include "harness/spirv/mix.h"
#include "harness/spirv/reflect.h"
#include "harness/spirv/trace.h"

struct instrument_options {
    const char *entry;             /* NULL: the only or first compute entry point */
    const struct spec_value *spec; /* the values that the run will use: sizes of arrays may depend on them */
    uint32_t specs;
    bool footprint;                /* mark what is read and written, and check bounds */
    bool every_block;              /* a counter in every block: to check the fewer ones by */
    bool place;                    /* use set and binding below; else a free one in the lowest used set */
    uint32_t set, binding;
    const struct bound_size *bound; /* where the shader does not tell */
    uint32_t bound_count;
};

/* A buffer or image whose footprint is marked; each element of an array is one. */
struct target {
    uint32_t resource; /* index into reflection.resources (the first, where several share a binding) */
    uint32_t set, binding, element;
};

/* A place in the shader whose accesses are checked. */
struct site {
    uint32_t target;   /* the first of its resource, or SITE_SHARED */
    uint32_t variable; /* the id of the variable */
    uint32_t resource; /* index into reflection.resources, unless shared */
    bool writes;
    uint32_t bytes;    /* of one access */
    struct source_line line;
};
#define SITE_SHARED UINT32_MAX
#define SITE_TARGET (UINT32_MAX - 1) /* in a record: the site's own target */

/* A mark that waits (footprint_queue.h): what is known of it beforehand. */
struct mark_row {
    uint32_t target, site, bytes;
    bool reads, writes;
};

struct instrumented {
    struct module module; /* the one that was read */
    struct trace trace;
    struct reflection reflection;
    struct static_mix mix;
    struct counters counters;
    uint32_t *words;      /* the one to run */
    size_t count;
    uint32_t set, binding; /* of the lab buffer */
    bool footprint;
    struct target *targets;
    uint32_t target_count;
    struct site *sites;
    uint32_t site_count;
    struct mark_row *rows;
    uint32_t row_count;
};

bool instrument(struct instrumented *in, const uint32_t *words, size_t count,
                const struct instrument_options *options, struct error *e);
void instrument_free(struct instrumented *in);

/* Bytes that the lab buffer needs, and what it must hold before a run. target_bytes: of each target the bytes
 * that its descriptor covers; NULL without footprint. */
uint64_t instrument_bytes(const struct instrumented *in, const uint64_t *target_bytes);
void instrument_prepare(const struct instrumented *in, const uint64_t *target_bytes, uint32_t *lab);

/* Did the driver end loops before their time, so that the counts are too small? (device_info.loop_passes) */
bool instrument_cut_short(const uint32_t *lab);

/* Executions of every block, by index into module.blocks, from a lab buffer that was read back. */
void instrument_blocks(const struct instrumented *in, const uint32_t *lab, uint64_t *blocks);

/* The lab buffer's layout, in words. */
#define LAB_FAULTS 0         /* accesses out of bounds, all of them, modulo 2^32 */
#define LAB_RECORDED 1       /* of which so many had something to record */
#define LAB_ROWS 2           /* where the rows of marks that wait begin: behind the maps */
#define LAB_PASSES 3         /* given: passes of the watching loop, 2 */
#define LAB_CUT 4            /* invocations whose watching loop made fewer */
#define LAB_ROW_WORDS 3      /* map, bytes of the target, and what to mark */
#define LAB_RECORDS 16       /* the first records: site, target, index */
#define LAB_RECORD_WORDS 4
#define LAB_RECORD_COUNT 64
#define LAB_TABLE (LAB_RECORDS + LAB_RECORD_WORDS * LAB_RECORD_COUNT) /* by target: map, bytes */
#define LAB_TABLE_WORDS 2
#define LAB_BANKS 16         /* copies of the counters, by workgroup, so that few meet at one word */
uint32_t lab_counters(const struct instrumented *in); /* first word of the counters */
uint32_t lab_stride(const struct instrumented *in);   /* words of a bank */

#endif
