/* The helper functions of a marked module: what a mark does at run time. */
#ifndef ROOFLAB_FOOTPRINT_MARKS_H
#define ROOFLAB_FOOTPRINT_MARKS_H

#include "harness/spirv/emit.h"

#define MARK_ONE_BYTES 64 /* of data that one word of the map tells of */

enum mark_mode { MARK_READ, MARK_WRITE, MARK_BOTH, MARK_MODES };

/* What a mark sets: 0 no, MARK_ALWAYS yes, else the id of a mask that is all ones or 0. */
#define MARK_ALWAYS UINT32_MAX
struct mark_kind {
    uint32_t reads, writes;
};

/* What a mark needs to know: ids of words. */
enum { MARK_BASE, MARK_SIZE, MARK_OFFSET, MARK_BYTES, MARK_TARGET, MARK_INDEX, MARK_SITE, MARK_PARAMETERS };

/* An invocation keeps its faults in Private variables and records them when it ends: how many there were, the
 * first, and the last at another site. Recording each where it happens would put atomics and stores at every
 * access, which drivers inline and compile for minutes. */
enum fault_variable {
    FAULT_COUNT,
    FAULT_FIRST,                   /* its site, target and index */
    FAULT_OTHER = FAULT_FIRST + 3, /* likewise, and whether there is one */
    FAULT_VARIABLES = FAULT_OTHER + 4
};

struct marks {
    struct emit *e;
    uint32_t lab, pointer, scope; /* the lab buffer, the type of a pointer to its words, the atomics' scope */
    uint32_t variables[FAULT_VARIABLES];
    uint32_t record;              /* void record(site, target, index) */
    uint32_t fault;               /* void fault(site, target, index) */
    uint32_t check;               /* void check(index, count, site): a fault where index >= count */
    /* void mark(base, size, offset, bytes, target, index, site): of words that lie in one word of the map, and of any
     * number of them. */
    uint32_t one[MARK_MODES], many[MARK_MODES];
};

void marks_begin(struct marks *k); /* takes ids and makes variables; e, lab, pointer and scope are set */
void marks_end(struct marks *k, struct words *t); /* records an invocation's faults */
void marks_functions(struct marks *k, struct words *t);
/* What the mark functions do, into the block that `t` ends with; it leaves another open. */
void marks_body(const struct marks *k, struct words *t, struct mark_kind kind, bool many, const uint32_t *p);
/* A pointer to word `index` of the lab buffer. */
uint32_t marks_word(const struct marks *k, struct words *t, uint32_t index);

#endif
