/* Measuring a device's ceilings: which probes, in which order, how long. */
#ifndef ROOFLAB_MEASURE_CEILINGS_H
#define ROOFLAB_MEASURE_CEILINGS_H

#include "harness/measure/probe.h"

/* A growing list of probes that are sampled together. */
struct probes {
    struct probe *list;
    int count;
};

/* How a kernel goes over a tensor: struct ceiling has the words. */
struct walk {
    int workgroup, places;
};

void probes_bandwidth(struct probes *p, enum mix mix, enum access access, struct walk walk, double footprint_bytes);
void probes_command(struct probes *p, enum mix mix, double footprint_bytes);
void probes_compute(struct probes *p, const struct device_info *d, const char *op, int width, int chains);
void probes_launch(struct probes *p);
void probes_clear(struct probes *p, struct pool *pool);

/* The access and the walk that the chain generator uses on this device. */
enum access ceilings_access(const struct device_info *d);
struct walk ceilings_walk(const struct device_info *d);

/* The probes that an experiment needs for tensors of these sizes: all mixes, the accesses that count, both
 * commands, at footprints around each tensor; the arithmetic in `ops` (per-element totals above 0); the
 * dispatch cost. */
void probes_for_runs(struct probes *p, const struct device_info *d, const double *tensor_bytes, int sizes,
                     const double ops[OP_COUNT]);

/* Opens all, drops those that the device cannot do (a note each in the record). Footprints that take less than run_s are gone
 * over several times. */
bool probes_open(struct probes *p, struct pool *pool, double run_s, struct record *r, struct error *e);

/* `rooflab ceilings`: the default sweeps access and walk (workgroup size and places) at two footprints, then the footprint
 * with the winner; full does the product. Fills r->ceilings and r->levels. */
bool ceilings_measure(struct pool *pool, bool full, struct record *r, struct progress_sink *progress,
                      struct error *e);

#endif
