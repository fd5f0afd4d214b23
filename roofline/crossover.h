/* Time against size: the line t = launch + bytes/B of each group of runs, and the tensor size from which on another device
 * is the faster one. Numbers in, numbers out. */
#ifndef ROOFLAB_CROSSOVER_H
#define ROOFLAB_CROSSOVER_H

#include "harness/base/record.h"

/* The times of a run that a line can be of: by the device's own clock, and by the host's from handing over until done. */
#define OF_DISPATCH "dispatch"
#define OF_CALL     "call"
/* NULL where the run has no such time. */
const struct interval *crossover_time(const struct run *r, const char *of);

/* One fit per group and time, from runs of at least three sizes: weighted by 1/t^2, so that a small size counts as much as
 * a large one (stats_line). Fills r->fits, which must be empty. */
void fits_find(struct record *r);
const struct fit *fit_of(const struct record *r, const char *group, const char *of); /* NULL: none */
/* ns at so many bytes of traffic. */
double fit_ns(const struct fit *f, double bytes);
/* The bytes whose traffic takes as long as the launch: from there on more than half of B is reached. */
double fit_half_bytes(const struct fit *f);

/* Compares the same groups in all records, size by size, and adds crossovers to `out`, which may be one of them. A size
 * counts for a device where its interval lies below all others; the crossover is where the curves of two such devices,
 * straight between sizes, cross; its limits are where they cross by the ends of their intervals. */
void crossovers_find(const struct record *const *records, int count, struct record *out);

#endif
