/* The bound t >= k*S/B, and the verdict on it. A bound must never be wrong, so it is built from compulsory
 * bytes and from the highest bandwidth that could be true (ceilings_bound_rate). Never clamped. */
#ifndef ROOFLAB_BOUND_H
#define ROOFLAB_BOUND_H

#include "harness/base/record.h"

/* NAN where a number is missing or the bandwidth is not above 0. */
double bound_ns(double bytes_compulsory, double bytes_per_s);

/* L and U are the one-sided 95 % limits of the median time (stats_limits). HOLDS if L >= bound, BEATEN if
 * U < bound, else UNRESOLVED; VERDICT_NONE where a number is missing. */
enum verdict bound_verdict(double lower_ns, double upper_ns, double bound);

/* The calculator behind `rooflab bound`: a chain of operators with their passes on paper, and the plans. */
struct bound_plan {
    const char *name; /* "unfused", "fused" */
    int kernels;
    double passes; /* compulsory, in units of S */
    double bytes;
    double time_ns;
};
/* passes[i] are those of operator i alone (2; 3 where it reads a second tensor of size S). Fused passes are
 * one read, one write and every second tensor once: 2 + sum(passes[i] - 2). */
void bound_plans(const double *passes, int operators, double tensor_bytes, double bytes_per_s,
                 struct bound_plan *unfused, struct bound_plan *fused);

#endif
