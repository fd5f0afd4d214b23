/* Looking things up among measured ceilings: the bandwidth surface B(mix, footprint), the rest. */
#ifndef ROOFLAB_CEILING_H
#define ROOFLAB_CEILING_H

#include "harness/base/record.h"

/* A set of ceilings, borrowed from a record. */
struct ceilings {
    const struct ceiling *list;
    int count;
    /* Loads, stores and arithmetic are one instruction stream, and their times add up: a software device. On hardware
     * they overlap, and the larger one counts. */
    bool serial;
};

struct ceilings record_ceilings(const struct record *r);

/* B* in bytes/s for a step whose largest single buffer has `largest_bytes`: the highest upper 95 % limit
 * over all mixes, widths and commands at every measured footprint f >= f0, where f0 is the largest measured
 * node not above largest_bytes (the smallest node where none is), and not above the largest at which reads were measured:
 * mixes of several buffers reach larger footprints, and what only reads may be faster than they are. NAN where nothing was
 * measured. */
double ceilings_bound_rate(struct ceilings c, double largest_bytes);

/* The roof: the best *generated kernel* (via shader or native) at the nearest mix and footprint, by median.
 * Nearest footprint is by ratio; `footprint_bytes` counts all distinct bytes. A mix that was not measured
 * falls back to copy, then to any. Of two footprints as near, the larger.
 * NULL where nothing was measured. */
const struct ceiling *ceilings_roof(struct ceilings c, enum mix mix, double footprint_bytes);

/* The best rate of an operation, in operations/s (for fma: fmas, each 2 flops), by median; NAN where it was
 * not measured. add and mul fall back to the rate of "mul+add", then of fma: one takes the issue slot of a
 * whole fma. Floating-point rates are those of f32. */
double ceilings_op_rate(struct ceilings c, enum op op);
/* The best flops/s of any measured f32 arithmetic: the peak of the roofline. */
const struct ceiling *ceilings_peak(struct ceilings c);

/* Median ns per dispatch, the lowest where several were measured; 0 where none was. */
double ceilings_dispatch_ns(struct ceilings c);

/* The mix that a step with these traffic volumes resembles: read where less than 5 % is written, write where
 * less than 5 % is read, triad where at least 1.5 bytes are read for each one written, else copy. */
enum mix mix_of(double bytes_read, double bytes_written);

/* The footprint of the last cache plateau: the largest measured footprint whose best copy
 * rate (kernels, not commands) is more than 15 % above the rate at the largest footprint; 0 where the
 * curve shows none. */
double ceilings_last_plateau(struct ceilings c);

#endif
