/* Experiments: one text file asks a question, the machine answers with a record.
 *
 *   title    Fusion: fewer memory passes, less time
 *   ask      One sentence: what is the question?
 *   tensor   64MB                          S of all runs; --tensor overrides it
 *   cols     1024
 *   beyond   4                             the runs marked `beyond` also run with a tensor this many times the
 *                                          last cache plateau, where one is found and the device can hold it
 *   run      seed  layernorm|bias|gelu|dropout(0.1)  unfused 2+2 fused  ablate beyond
 *   sweep    depth 1 2 4 8 16  scale(1.01)|relu|...  unfused fused
 *            a group per number, depth1, depth2, ...: the first N operators, from the start again where they run out
 *   claim    light.fused.speedup > 1       over measured quantities GROUP.VARIANT.QUANTITY; a variant is unfused, fused or
 *                                          g2_2 for 2+2; a quantity is speedup time_ns bound_ns roof_ns passes
 *   chart    passes seed | roofline | bandwidth
 *
 * Lines beginning with # are comments. A claim fails only where its interval excludes it; claims about groups
 * that were not run (--chain) are left out. */
#ifndef ROOFLAB_EXPERIMENT_H
#define ROOFLAB_EXPERIMENT_H

#include "harness/measure/study.h"

#define EXPERIMENT_RUNS_MAX   24
#define EXPERIMENT_CLAIMS_MAX 24
#define EXPERIMENT_CHARTS_MAX 12
#define EXPERIMENT_VARIANTS   8

struct experiment_run {
    char group[32];
    char *chain;
    char variants[EXPERIMENT_VARIANTS][32];
    int variant_count;
    bool ablate, beyond;
};

struct experiment_chart {
    char kind[16];  /* "passes", "roofline", "bandwidth", "instructions" */
    char group[32]; /* "" for all */
    int line;
};

struct experiment {
    char *name, *path, *title, *ask;
    double tensor_bytes, beyond;
    double seconds; /* of sampling; 0: the standard 25 */
    uint64_t cols;
    struct experiment_run runs[EXPERIMENT_RUNS_MAX];
    int run_count;
    char *claims[EXPERIMENT_CLAIMS_MAX];
    int claim_lines[EXPERIMENT_CLAIMS_MAX], claim_count;
    struct experiment_chart charts[EXPERIMENT_CHARTS_MAX];
    int chart_count;
};

/* What a claim can be about, and how it calls a variant: "unfused", "fused", "g2_2". */
enum { EXPERIMENT_QUANTITIES = 5 };
extern const char *const experiment_quantities[EXPERIMENT_QUANTITIES];
void experiment_variant_name(char *out, size_t size, const int *sizes, int groups, int operators);

/* Reads experiments/NAME.txt, or a path. An unknown name says the nearest. */
struct experiment *experiment_read(const char *name, struct error *e);
void experiment_free(struct experiment *x);
/* Names of all there are, sorted. */
char **experiment_names(size_t *count, struct error *e);

/* Replaces all runs by one chain: unfused, in two halves, fused. */
bool experiment_override(struct experiment *x, const char *chain, struct error *e);

/* Measures everything into the record (blank but for its provenance), claims and conclusion included. */
bool experiment_measure(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                        struct error *e);

/* Evaluates the claims against the record's runs (also done by experiment_measure). */
bool experiment_claims(const struct experiment *x, struct record *r, struct error *e);

#endif
