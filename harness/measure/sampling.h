/* Sampling: many subjects in one run, interleaved, so that what drifts drifts for all of them.
 *
 * Rounds go forward and backward in turn (ABBA over all subjects): round 2j takes the subjects first to last,
 * round 2j+1 last to first, so that any two are compared in pairs from which a linear drift cancels
 * (stats_ratio). Subjects of one team have samples from the same rounds: they go on until all are precise, or one of them
 * has used its time. */
#ifndef ROOFLAB_SAMPLING_H
#define ROOFLAB_SAMPLING_H

#include "harness/base/progress.h"
#include "harness/base/record.h"
#include "harness/base/stats.h"
#include "harness/device/device.h"
#include "harness/device/perf.h"

/* DESIGN's rule: at least 12 samples, 1 % half-width, or a cap. */
#define SAMPLE_LEAST     12
#define SAMPLE_MOST      100
#define SAMPLE_PRECISION 0.01

/* A run shorter than this is preceded by untimed ones, up to so many or until they have taken that long, since the subject before
 * it has emptied its caches. One is not enough: a last cache that does not hold what the nearer ones hold keeps a line only when
 * it is read again. Seen on a Xeon with 480 MB of it, 17.9 MB read by lavapipe, milliseconds of consecutive runs after another
 * subject: 2.8 2.8 2.0 1.7 1.5 1.5 1.5. Long runs need it too: a softmax of 134 MB among nine others, 14 ms long, was 9 % faster
 * after them, and the copy that it is held against 3 %; and a product of 1024 x 1024 with its operators fused took 28 ms after
 * another product and 39 ms after the ceilings, in turn. */
#define SAMPLE_WARM_NS   50e6
#define SAMPLE_WARM_RUNS 4

struct subject {
    const char *label;
    struct device *device;
    struct sequence *sequence;
    int steps;
    int team; /* subjects that are compared share a number above 0 */
    struct stop_rule rule;
    struct sequence *const *evict; /* run untimed before each sample in place of warming up, so that caches hold other data */
    int evict_count;
    /* filled: */
    double *ns;
    double *step_ns; /* n * steps, where the sequence has step stamps; else NULL */
    double *call_ns; /* by the host's clock, from handing a run over until it is done; a model has no other than its own */
    double counters[PERF_EVENTS]; /* sums over the samples; NAN: there are none */
    int n, cap;
    double spent_s;
    enum stop stop;
};

/* A subject of a sequence with DESIGN's rule; max_s caps the time spent on it. */
struct subject subject_of(const char *label, struct device *d, struct sequence *s, int steps, double max_s);
void subject_clear(struct subject *s);
/* What was seen beside the device's own times goes to the run: the times by the host's clock, and counters of one run. */
void subject_account(const struct subject *s, struct run *r);

/* Samples until every subject has stopped. Stops early, with what there is, when interrupted (harness/base/interrupt.h).
 * false where a device failed. */
bool sample_all(struct subject *list, int count, struct progress_sink *progress, const char *what, struct error *e);

#endif
