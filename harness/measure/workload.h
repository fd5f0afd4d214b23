/* A workload is a plan made ready on a device: programs compiled, buffers filled, a sequence recorded. */
#ifndef ROOFLAB_WORKLOAD_H
#define ROOFLAB_WORKLOAD_H

#include "harness/measure/pool.h"

struct workload {
    struct plan *plan; /* owned */
    struct pool *pool;
    struct buffer **buffers; /* one per tensor of the plan */
    struct program **programs; /* one per step */
    struct sequence *sequence; /* for timing */
    bool step_stamps;
    double program_ns; /* what the device needed to make its programs; 0 where they were there */
    double first_ns; /* of that and the first run: a driver may compile in either */
    unsigned long long spirv_hash;
};

/* Takes the plan over, also where it fails. A plan that does not fit the device fails with EXIT_ENVIRONMENT. */
struct workload *workload_open(struct pool *pool, struct plan *plan, struct error *e);
void workload_close(struct workload *w);

/* Bytes of memory beside inputs and results: tensors between the steps, and what programs have for themselves. */
double workload_temp_bytes(const struct workload *w);

/* The latter alone. */
double workload_scratch_bytes(const struct workload *w);

/* Fills list (one entry per step) for a sequence. guarded: bindings cover the guard zones too, where the device's
 * limit allows, so that a bounds-checking driver does not hide a write beyond the end. */
void workload_dispatches(const struct workload *w, bool guarded, struct dispatch *list);

/* Makes sure the timing sequence is there; the first run's time goes to first_ns. */
bool workload_warm(struct workload *w, bool step_stamps, struct error *e);

#endif
