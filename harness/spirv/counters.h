/* Which blocks need a counter, and the counts of all blocks from those counters.
 *
 * What flows into a block flows out of it, so most counts follow from others (Knuth and Stevenson 1973,
 * "Optimal measurement points for program frequency counts"): a block is an arc from the point before it
 * to the point behind it, points joined by a branch are one, and a return leads back to the function's
 * beginning. The arcs outside a spanning tree are counted; the tree's follow from the conservation at its
 * points. The tree takes deep loops first, so that the counters stand where they cost least. */
#ifndef ROOFLAB_COUNTERS_H
#define ROOFLAB_COUNTERS_H

#include "harness/spirv/module.h"

struct counters {
    uint32_t count;   /* counters needed */
    uint32_t *slot;   /* by block: 1 + its counter, 0: derived or not reached */
    uint32_t *before; /* by block: the point before it */
    uint32_t *behind; /* by block: the point behind it */
    uint32_t points;
    uint32_t blocks;
    bool *reached;    /* by block: it is in a function that the entry point reaches */
};

/* Plans counters for the functions marked in reached; `all` gives every block its own, which costs more
 * and tells no more: it is there to prove the others right. Fails with EXIT_USAGE where a branch leads
 * nowhere. */
bool counters_plan(struct counters *c, const struct module *m, const bool *reached, bool all,
                   struct error *e);
void counters_free(struct counters *c);

/* Executions of every block from the counters' values; both have their plan's length. */
void counters_solve(const struct counters *c, const uint64_t *values, uint64_t *blocks);

#endif
