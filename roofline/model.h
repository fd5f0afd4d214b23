/* The roof: what a good kernel would need. It must be useful, so it is built from medians. */
#ifndef ROOFLAB_MODEL_H
#define ROOFLAB_MODEL_H

#include "harness/base/record.h"
#include "roofline/ceiling.h"

/* What one step must do. */
struct cost {
    double bytes_read, bytes_written; /* compulsory; their sum is the step's compulsory bytes */
    double bytes_issued;
    double bytes_sectors; /* of distinct 32-byte sectors touched, by buffer; 0 where not counted */
    double largest_buffer_bytes;
    /* Load and store instructions, over all invocations, of buffers and of shared memory; the latter's bytes; control
     * barriers. 0 where not counted. */
    double accesses, bytes_shared, barriers;
    double ops[OP_COUNT];
};

struct roof {
    double dispatch_ns;   /* a */
    double bytes_ns;      /* bytes / B_roof */
    double arithmetic_ns; /* sum of operations / their ceilings: one instruction stream issues them all */
    double roof_ns;       /* dispatch + max(bytes, arithmetic), or their sum on a serial device (ceiling.h) */
    double bytes_per_s;   /* B_roof that was used */
};

/* The roof of one step. Missing ceilings leave their term 0; without any bandwidth roof_ns is NAN. */
struct roof roof_of_step(struct ceilings c, const struct cost *cost);
/* Sums the terms of steps; bytes_per_s becomes the rate at which their bytes take that sum. */
struct roof roof_sum(const struct roof *steps, int count);

/* t*B_roof/S - k: how many passes more than k the time would have paid for. */
double equivalent_passes(double time_ns, double bytes_per_s, double tensor_bytes, double passes);

/* What binds: "dispatch", "bytes", "arithmetic", or "bytes and arithmetic" where they are within 10 %; NULL
 * where it cannot be told. By the model from the roof's terms; by ablation from the times of the same
 * arithmetic on a cached window (window_ns) and of the same loads and stores without arithmetic (copy_ns),
 * both of which contain the dispatches. */
const char *binds_by_model(const struct roof *r);
const char *binds_by_ablation(double window_ns, double copy_ns, double dispatch_ns);

#endif
