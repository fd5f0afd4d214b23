/* Experiments: one text file asks a question, the machine answers with a record.
 *
 *   title    Fusion: fewer memory passes, less time
 *   ask      One sentence: what is the question?
 *   tensor   64MB                          S of all runs; --tensor overrides it
 *   cols     1024
 *   beyond   4                             the runs marked `beyond` also run with a tensor this many times the
 *                                          last cache plateau, where one is found and the device can hold it
 *   patience 0.3s                          a rung of a ladder of which one run takes longer is skipped; default 0.5s
 *   each     token                         what one run makes, of a model whose inputs are its weights: runs get memory of their
 *                                          own, and a table and the conclusion tell what they hold, how long they take to be ready,
 *                                          what the first one takes, how many come in a second, and how many reading the weights
 *                                          once would allow
 *   weights  3e9                           of a model: the conclusion tells what they take in each format of a group with
 *                                          ladders of several operations
 *   run      seed  layernorm|bias|gelu|dropout(0.1)  unfused 2+2 fused  ablate beyond
 *   sweep    depth 1 2 4 8 16  scale(1.01)|relu|...  unfused fused
 *            a group per number, depth1, depth2, ...: the first N operators, from the start again where they run out
 *   ladder   square  gemm  m=512 n=512 k=512
 *            every rung of kernels/gemm/ that the device's language has, at this shape; a rung that the device cannot run is
 *            recorded as unsupported, with the reason. Speed-ups are over the first that runs. `only 1 3 7-texel` before the
 *            shape takes these rungs alone; `patience 5s` and `samples 4` before it: of runs that take seconds a few tell enough,
 *            and the others need not wait for twelve. Several ladders may share a group: one operation each. `sweep n=128,256,512` in
 *            the shape makes a group per value, square128, square256, ...; a further line may go on with the sweep at other
 *            values, with other rungs and more patience
 *   epilogue large gemm/10-texel,gemm/24-packed|bias|gelu|add  alone unfused apart fused  m=1024 n=1024 k=1024
 *            a kernel (the first of these that the device's language has) and operators behind it: the kernel alone, each
 *            operator in a kernel of its own, all of them in one, all in the kernel's stores (harness/kernel/epilogue.h)
 *   series   copy  copy                    a chain in one kernel at every one of `sizes`, its time by the device's clock (dispatch)
 *                                          and by the host's (call), and a line t = launch + bytes/B through each. In place
 *                                          of a chain also kernels, op/rung,op/rung: the first that the device's language has
 *   transfer                               upload and readback at every one of `sizes`, beside the series
 *   first    scale scale(1.5)              a chain in one kernel, with a tensor of `tensor` bytes: its first run in a fresh process,
 *                                          with the caches of compiled code empty and filled, and later ones
 *   sizes    1KiB..128MiB | 64KiB 16MiB    powers of two, or these; --tensor leaves out larger ones
 *   claim    light.fused.speedup > 1       over measured quantities GROUP.VARIANT.QUANTITY; a variant is unfused, fused or
 *                                          g2_2 for 2+2; of a ladder r3, its rung 3, or best, its fastest. Where a group has
 *                                          ladders of several operations: GROUP.gemv_q4.r3 and GROUP.gemv_q4.best.
 *                                          QUANTITIES: speedup time_ns bound_ns roof_ns passes passes_issued flops_per_s
 *                                          bytes_per_s roof_share (of the roof's speed; of a ladder, the roof of the rung
 *                                          with the least to do) peak_share (of the measured peak of arithmetic) error_max
 *                                          temp_bytes; where there is an `each` line also each_per_s read_share (of the
 *                                          rate of the best reading kernel at as many bytes as the inputs have) ready_ns
 *                                          steady_bytes
 *            copy.call.launch_ns           of a series, by dispatch or call: launch_ns bytes_per_s
 *            copy.largest.time_ns          of a series, its run at the largest or smallest size: all of the above
 *            scale.cold_ns                 of a first run; also cached_ns, steady_ns
 *   claim    hardware square.r3.speedup > 1     holds on a GPU only; also software (a software device) and native
 *   chart    bandwidth                     of ladders: also finds the last cache, which tells what is cache-resident
 *            passes seed | roofline | instructions | bars square | lines SWEEP
 *
 * Lines beginning with # are comments. A claim fails only where its interval excludes it; claims about what was
 * not run on this device are left out, and a note says so. */
#ifndef ROOFLAB_EXPERIMENT_H
#define ROOFLAB_EXPERIMENT_H

#include "harness/measure/study.h"

#define EXPERIMENT_RUNS_MAX    24
#define EXPERIMENT_CLAIMS_MAX  48
#define EXPERIMENT_CHARTS_MAX  12
#define EXPERIMENT_VARIANTS    8
#define EXPERIMENT_LADDERS_MAX 64
#define EXPERIMENT_ONLY_MAX    24
#define EXPERIMENT_EPILOGUES_MAX 16
#define EXPERIMENT_WORKS_MAX   24
#define EXPERIMENT_SIZES_MAX   40

struct experiment_run {
    char group[32];
    char *chain;
    char variants[EXPERIMENT_VARIANTS][32];
    int variant_count;
    bool ablate, beyond;
};

struct experiment_ladder {
    char group[32], operation[64];
    char only[EXPERIMENT_ONLY_MAX][64]; /* "3" or "3-tiled" */
    int only_count;                     /* 0: all rungs */
    double patience_s;                  /* 0: the experiment's */
    int samples;                        /* of each rung; 0: by the rule of sampling.h */
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes, line;
    char sweep[32], over[24]; /* "square" and "n" of one that is part of a sweep, else empty */
};

struct experiment_epilogue {
    char group[32];
    char *chain;
    char variants[EXPERIMENT_VARIANTS][32];
    int variant_count;
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
};

/* The devices that a claim is about. */
enum experiment_where { WHERE_ANY, WHERE_HARDWARE, WHERE_SOFTWARE, WHERE_NATIVE, WHERE_COUNT };

struct experiment_claim {
    char *text;
    enum experiment_where where;
    int line;
};

/* Work that is measured for itself: not compared with others, no ceilings. */
enum work_kind { WORK_SERIES, WORK_FIRST };
struct experiment_work {
    enum work_kind kind;
    char group[32];
    char *what; /* a chain, or kernels */
};

struct experiment_chart {
    char kind[24];  /* of chart_kinds */
    char group[32]; /* or several: "seed,light"; "" for all */
    int line;
};

struct experiment {
    char *name, *path, *title, *ask;
    char each[24]; /* empty: nothing that is counted by the second */
    double tensor_bytes, beyond, weights, patience_s;
    double seconds; /* of sampling; 0: the standard 25 */
    uint64_t cols;
    struct experiment_run runs[EXPERIMENT_RUNS_MAX];
    int run_count;
    struct experiment_ladder ladders[EXPERIMENT_LADDERS_MAX];
    int ladder_count;
    struct experiment_epilogue epilogues[EXPERIMENT_EPILOGUES_MAX];
    int epilogue_count;
    struct experiment_work works[EXPERIMENT_WORKS_MAX];
    int work_count;
    bool transfer;
    double sizes[EXPERIMENT_SIZES_MAX]; /* of series and transfers; ascending */
    int size_count;
    struct experiment_claim claims[EXPERIMENT_CLAIMS_MAX];
    int claim_count;
    struct experiment_chart charts[EXPERIMENT_CHARTS_MAX];
    int chart_count;
};

/* Reads experiments/NAME.txt, or a path. An unknown name says the nearest. */
struct experiment *experiment_read(const char *name, struct error *e);
void experiment_free(struct experiment *x);
/* Names of all there are, sorted. */
char **experiment_names(size_t *count, struct error *e);

/* Replaces all runs by one chain: unfused, in two halves, fused. */
bool experiment_override(struct experiment *x, const char *chain, struct error *e);

/* From now on this is the patience of all ladders, whatever the file says. */
void experiment_patience(struct experiment *x, double seconds);

/* Measures everything into the record (blank but for its provenance), claims and conclusion included. */
bool experiment_measure(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                        struct error *e);

/* Every `first` line once, in this process, into the record: what experiment_measure starts in processes of their own. */
bool experiment_once(const struct experiment *x, struct device *d, struct record *r, struct error *e);

/* The groups of transfers, and the time of one there and back by the medians; NAN where it was not measured. */
#define GROUP_UPLOAD   "upload"
#define GROUP_READBACK "readback"
double experiment_round_trip_ns(const struct record *r, double bytes);

/* What the records of several devices say together: their crossovers and one sentence, put into all of them. */
void experiment_joint(struct record *const *records, int count);

/* Evaluates the claims against the record's runs (also done by experiment_measure). */
bool experiment_claims(const struct experiment *x, struct record *r, struct error *e);

#endif
