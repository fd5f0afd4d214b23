/* Rivals: what this project is measured against on the host, each written without looking at how the project does it, and
 * timed in the same rounds as the project's own kernels. `make rivals` runs them; they are no part of the tests.
 *
 * A rival is a job for a team of threads. It stands behind the same door as a device's sequence, so that sampling and
 * statistics are the project's own. */
#ifndef ROOFLAB_RIVAL_H
#define ROOFLAB_RIVAL_H

#include "harness/device/native.h"
#include "harness/measure/sampling.h"
#include "harness/measure/workload.h"

/* ---- the bench: one native device, one team of rivals ---- */

struct bench {
    struct device *device;
    struct pool *pool;
    struct team *team; /* of the rivals */
    struct device *rivals;
};

bool bench_open(struct bench *b, int threads, struct error *e); /* 0 threads: all */
void bench_close(struct bench *b);

/* A rival as a sequence of b->rivals; job NULL: call(context), which has threads of its own. */
struct sequence *rival_sequence(team_job job, void (*call)(void *), void *context);

/* Memory as the native device gives it: large pages, touched by those who use them. Never freed one by one. */
float *rival_memory(struct bench *b, size_t floats);
void rival_memory_clear(void);

/* Worker w's part of n things in whole multiples of grain. */
size_t rival_share(size_t n, size_t grain, int worker, int workers);

/* ---- contests ---- */

#define CONTEST_MAX 24

/* Subjects that are sampled in the same rounds; work turns their times into rates (0: times are shown). */
struct contest {
    const char *unit; /* "GB/s" */
    struct subject subjects[CONTEST_MAX];
    double work[CONTEST_MAX];
    int count;
};

int contest_add(struct contest *c, const char *label, struct device *d, struct sequence *s, double work);
/* Samples all, and prints a line for each. */
bool contest_run(struct contest *c, double seconds, struct error *e);
/* Prints how many times as fast as b subject a is, with its interval, beside what is asked for. */
void contest_ratio(const struct contest *c, int a, int b, const char *what, const char *asked);
/* The subject of [first, last) with the highest rate. */
int contest_best(const struct contest *c, int first, int last);
void contest_clear(struct contest *c);

/* A plan made ready to be timed; NULL with e. */
struct workload *own_workload(struct bench *b, struct plan *plan, struct error *e);
/* A kernel file or a chain in a grouping, at a size. */
struct workload *own_kernel(struct bench *b, const char *name, const struct shape_entry *shape, int count, struct error *e);
struct workload *own_chain(struct bench *b, const char *chain, const char *grouping, uint64_t rows, uint64_t cols, struct error *e);
/* The best of the project's copy kernels at a footprint: adds both kinds of stores. */
bool own_copies(struct bench *b, struct contest *c, double tensor_bytes, struct error *e);

/* ---- the contests that there are ---- */

bool rivals_memory(struct error *e);
bool rivals_arithmetic(struct error *e);
bool rivals_chains(struct error *e);
bool rivals_blas(struct error *e);

#endif
