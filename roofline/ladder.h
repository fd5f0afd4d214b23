/* Ladders in a record: the runs of one group that are numbered rungs of one operation, "gemm/3-tiled". */
#ifndef ROOFLAB_ROOFLINE_LADDER_H
#define ROOFLAB_ROOFLINE_LADDER_H

#include "roofline/ceiling.h"

bool ladder_has(const struct run *r); /* is it a rung? */
bool ladder_same(const struct run *a, const struct run *b);
bool ladder_timed(const struct run *r); /* did it run? */

/* The rung that is fastest, and the first that ran, which the others are compared with; NULL where none was timed. */
const struct run *ladder_best(const struct record *r, const struct run *any);
const struct run *ladder_first(const struct record *r, const struct run *any);

/* The roof of a run of a kernel file, made of its compulsory bytes and floating-point operations: integer operations are addresses
 * and loop counters, as they stand in the module, of which a compiler leaves few. Of a chain, whose integer operations are its
 * own (a generator of random numbers), and where there are no floating-point operations: the run's roof. */
double kernel_roof_ns(struct ceilings c, const struct run *run);

/* Rungs do the same, some with more work than there has to be. The floating-point operations of the one with the least, and the
 * roof made of such operations and of compulsory bytes alone: integer operations are addresses, which a good kernel has
 * few of. Rungs without floating-point operations have the roof of their own, and those whose inputs are larger or smaller (weights in
 * another format) have theirs. */
double ladder_flops(const struct record *r, const struct run *any);
double ladder_roof_ns(const struct record *r, const struct run *any);

#endif
