/* Marking what a step reads and writes, and where it leaves its buffers.
 *
 * Each 4-byte word of a target has two bits in the lab buffer: *read first* and *written*. A load sets the
 * first for words whose written bit is not yet set; a store sets the second; an atomic does both, in that
 * order; always before the access itself. Exactly:
 * - Within one invocation the order is the program's, because marks of one address are atomic operations
 *   on one word. So an in-place update marks both bits, and scratch that is written and read back only the
 *   second.
 * - Between invocations that the shader orders by barriers (with the memory semantics that make its own
 *   data visible) the marks are ordered with the data.
 * - Between invocations that it does not order, the bits say what happened in this run: where one reads a
 *   word that another writes unordered, the shader has a race and so has the answer.
 * Accesses narrower than a word mark the whole word. Structures mark their members, not the padding.
 *
 * An access that leaves its buffer, or an index outside a fixed array, is a *fault*: it is recorded and
 * marks nothing. The access itself still happens (the device should be robust), but indices into shared
 * memory are replaced by 0 where they are out of range, since no device checks those. */
#ifndef ROOFLAB_FOOTPRINT_H
#define ROOFLAB_FOOTPRINT_H

#include "harness/spirv/emit.h"
#include "harness/spirv/instrument.h"

/* Lists in->targets. */
void footprint_targets(struct instrumented *in, const struct instrument_options *options);

/* ---- writing the marks; used by instrument */

struct footprint;
struct footprint *footprint_new(struct emit *e, struct instrumented *in, uint32_t lab, uint32_t lab_storage,
                                uint32_t scope, const struct instrument_options *options);
void footprint_free(struct footprint *f);
/* Private variables that an entry point must list from SPIR-V 1.4 on. */
const uint32_t *footprint_variables(const struct footprint *f, uint32_t *count);
/* What the new entry function does before it calls the old one, and last of all. */
void footprint_prologue(struct footprint *f, struct words *to);
void footprint_epilogue(struct footprint *f, struct words *to);
/* Begins a block; its instructions follow. */
void footprint_block(struct footprint *f, uint32_t block);
/* Writes the marks of instruction w, then the instruction itself, perhaps with safer indices. */
void footprint_instruction(struct footprint *f, struct words *body, const uint32_t *w,
                           struct source_line line);
/* The helpers that the marks call. */
void footprint_functions(struct footprint *f, struct words *tail);

/* ---- reading a run */

struct footprint_bytes {
    uint64_t read_first, written; /* distinct bytes: 4 a word, the last word cut to the target's size */
    uint64_t compulsory;          /* their sum */
    uint64_t touched;             /* distinct bytes read or written */
    uint64_t sectors;             /* bytes of the distinct 32-byte sectors touched */
};
/* One element of out per target. */
void footprint_read(const struct instrumented *in, const uint64_t *target_bytes, const uint32_t *lab,
                    struct footprint_bytes *out);

/* An access out of bounds that a run recorded: of each invocation the first, and the last at another site.
 * index is of the first array on the way whose index is no
 * constant (as an unsigned number: -1 is 4294967295), of a texel buffer its texel, else a byte offset. */
struct fault {
    const struct site *site;
    uint32_t target; /* SITE_SHARED for shared memory */
    uint32_t index;
};
/* Fills at most LAB_RECORD_COUNT faults and returns how many; *all: such accesses in the whole run. */
uint32_t footprint_faults(const struct instrumented *in, const uint32_t *lab, struct fault *out,
                          uint32_t *all);

#endif
