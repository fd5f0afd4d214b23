/* The end of an instrumented invocation: its Private counters added to the lab buffer. */
#ifndef ROOFLAB_FLUSH_H
#define ROOFLAB_FLUSH_H

#include "harness/spirv/emit.h"

struct flush {
    struct emit *e;
    uint32_t lab, pointer, scope;  /* the lab buffer, a pointer to its words' type, the atomics' scope */
    uint32_t group_id, group_type; /* the WorkgroupId builtin's variable and its type */
    uint32_t *counters, count;     /* Private variables */
    uint32_t first, stride;        /* words: of the first bank, and between banks */
    uint32_t function;             /* void flush(slot, value) */
};

/* Makes the counters' variables and finds or makes that of WorkgroupId; the fields before group_id, and
 * count, first and stride, are set. */
void flush_begin(struct flush *f);
void flush_free(struct flush *f);

/* Drivers inline the flush and then compile it once per counter, atomics and all. Where there are more
 * counters than a few, their values go through an array of the calling function and one loop: flush_array
 * declares it, as the first thing in that function, and returns its id, or 0 where none is needed. */
uint32_t flush_array(struct flush *f, struct words *t);
/* Writes the flush of all counters into the block `label`, and leaves in that one or another. */
void flush_all(struct flush *f, struct words *t, uint32_t array, uint32_t label);
/* Writes the watching loop, which must be the last thing that runs: two passes, and a word in the lab buffer where there were
 * fewer, because the driver had ended loops by then. */
void flush_watch(struct flush *f, struct words *t);
/* Writes the function that both call. */
void flush_function(struct flush *f, struct words *t);

#endif
