/* A study: runs that are measured together on one device, interleaved with the ceilings that judge them.
 *
 * chain, bench and experiment all fill one, measure it, and get a record. The order of things: each run is
 * verified; then all runs and all probes are sampled in the same rounds; then bounds, verdicts and roofs are
 * computed; a bound that looks beaten is measured again together with the ceilings before it is said. */
#ifndef ROOFLAB_STUDY_H
#define ROOFLAB_STUDY_H

#include "harness/base/progress.h"
#include "harness/kernel/kernel.h"
#include "harness/measure/ceilings.h"
#include "harness/measure/verify.h"
#include "harness/measure/workload.h"

struct study;

/* The record is filled as the study goes on; both stay the caller's. */
struct study *study_open(struct device *d, struct record *r);
void study_close(struct study *s);
struct pool *study_pool(struct study *s);
/* Every run stands for itself: no ceilings are measured, runs of a group are not compared (they may be of several sizes), and
 * bytes and operations stay as declared. To be said before runs are added. */
void study_alone(struct study *s);

/* From now on every run is a model: it gets memory of its own, so that what it holds and how long it takes to be ready are known,
 * and reading as much as its inputs is one of the ceilings. */
void study_models(struct study *s, bool models);

/* Every sample, of runs and of ceilings, finds the caches emptied: other memory is read before it. */
void study_cold(struct study *s);

/* From now on a run that takes longer than this is skipped, before it is verified. 0: none is. */
void study_limit(struct study *s, double ns);
/* From now on a run gets exactly so many samples, however wide their interval: for runs that take seconds. 0: as the rule says. */
void study_samples(struct study *s, int samples);
/* How long one run took of what was added last, after its first; NAN where it did not run, or there is no limit. */
double study_last_ns(const struct study *s);

/* A run to be measured. Plans are taken over. */
struct study_run {
    const char *group;  /* runs of one group are compared with the group's first */
    struct plan *plan;
    struct plan *small; /* the same kernels at a small awkward size, compared in full; NULL: none */
    struct plan *window, *copy; /* ablations; NULL: none */
    const char *kernel, *chain; /* names for the record; chain may be NULL */
    const char *variant;        /* of a run without a plan: "unfused" */
    const char *tune;           /* the values it runs with, for the record; NULL: none */
};
void study_add(struct study *s, const struct study_run *run);
/* A run that cannot be made at all: its plan could not be built. */
void study_add_failed(struct study *s, const struct study_run *run, const struct error *why);

/* The variants of a chain: groupings as in chain_grouping ("unfused", "fused", "2+2"). */
bool study_add_chain(struct study *s, const char *group, const char *chain, const char *const *groupings, int count,
                     double tensor_bytes, uint64_t cols, bool ablate, struct error *e);

/* A kernel with operators behind it ("gemm/10-texel|bias|gelu"), at a shape: alone, unfused, apart, fused (epilogue.h). */
bool study_add_epilogue(struct study *s, const char *group, const char *text, const char *const *variants, int count,
                        const struct shape_entry *shape, int shapes, struct error *e);

/* A kernel file at a shape (overrides of the header's). It is also compared in full at a small shape of primes. */
bool study_add_kernel(struct study *s, const char *group, const struct kernel *k, const struct shape_entry *shape,
                      int count, struct error *e);

/* The footprint of the last cache plateau, by a quick sweep of the copy (done once). */
bool study_plateau(struct study *s, double *bytes, struct progress_sink *progress, struct error *e);

/* Measures everything added. budget_s: about how long the sampling may take. false only where nothing sensible can be
 * recorded (e); wrong results and unsupported runs are in the record. */
bool study_measure(struct study *s, double budget_s, struct progress_sink *progress, struct error *e);

/* The exit code that the record's runs call for: 3 where a bound was beaten, 1 where something was wrong, else 0. */
int study_exit(const struct record *r);

#endif
