/* Probes: the small kernels and commands that measure one ceiling each. They count bytes and operations as
 * every other step does (DESIGN section 4). */
#ifndef ROOFLAB_PROBE_H
#define ROOFLAB_PROBE_H

#include "harness/measure/pool.h"
#include "harness/measure/sampling.h"

/* Places of its part that a workgroup of a reading probe walks at once. Measured on lavapipe at 67 MB by texels: four 22 to 24.5
 * GB/s, eight 27.6 to 29.7, sixteen 26; GEMV over eight rows had outrun four. */
#define PROBE_READ_PLACES 8

/* What to measure: a ceiling without its value. footprint_bytes is rounded down to what the shape allows. */
struct probe {
    struct ceiling ceiling;
    struct sequence *sequence;
    double work;   /* bytes, operations or dispatches in one run */
    double repeat; /* how often the kernel goes over its footprint in one dispatch */
    char label[80];
};

/* Is the footprint beyond what a binding of the device can hold? */
bool probe_fits(const struct device_info *d, enum mix mix, enum access access, double footprint_bytes);

/* Makes p->sequence from p->ceiling. Small footprints are repeated inside the kernel until a run takes about `run_s`, so that
 * dispatch is under 1 % of it. launch: a row of empty dispatches. */
bool probe_open(struct probe *p, struct pool *pool, double run_s, struct error *e);
void probe_close(struct probe *p, struct pool *pool);

/* After sampling: ns samples of its runs become the ceiling's value with its 95 % interval. */
void probe_finish(struct probe *p, const double *ns, int n);

#endif
