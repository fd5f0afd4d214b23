/* Search: the values of a kernel's tune lines that are fastest on a device at a shape, found by measurement.
 *
 * All combinations are listed. Those that the header's `valid` lines forbid, or whose workgroup or shared memory is more than
 * the device has (read from the SPIR-V under these values), are skipped before a driver compiles anything. The others are
 * compiled and verified, as many as the budget allows: the header's default first, then in an order by hash, so that a
 * budget that ends early has seen a fair sample. Then successive halving (Jamieson and Talwalkar 2016, "Non-stochastic best
 * arm identification and hyperparameter optimization"): all that are left are sampled in the same rounds, the slower half
 * goes, the others get twice the samples; the default always stays, because the gain is told against it in pairs. */
#ifndef ROOFLAB_SEARCH_H
#define ROOFLAB_SEARCH_H

#include "harness/base/progress.h"
#include "harness/kernel/kernel.h"
#include "harness/measure/workload.h"

#define SEARCH_CANDIDATES_MAX 4096

struct candidate {
    uint32_t values[KERNEL_TUNE_MAX];
    enum run_status status; /* skipped: never compiled, why says the reason */
    char why[240];
    double compile_ns;   /* compiling, as far as the driver does it at once, and the first run less a later one */
    int rounds;          /* halvings that it came through */
    struct interval time_ns; /* n 0: not measured */
    struct workload *workload;
};

struct search {
    const struct kernel *kernel;
    struct shape_entry shape[RUN_SHAPE_MAX]; /* in full */
    unsigned long long hash;                 /* of the SPIR-V, or of the source in C */
    struct candidate *list;
    int count, standard, best;  /* indices; best -1: nothing runs */
    int compiled, skipped;
    struct interval speedup;    /* of the best over the default; n 0 where they are one */
    double compile_s;
    bool budget_spent;          /* before all had been compiled */
};

/* compile_s: what compiling and verifying may take before the rest is left out. false only where nothing can be searched: the
 * kernel has no tune line, or the default itself does not run. Cleared by search_clear, before the pool is closed. */
bool search_run(struct search *s, const struct kernel *k, const struct shape_entry *shape, int count, struct pool *pool,
                double compile_s, struct progress_sink *progress, struct error *e);
void search_clear(struct search *s);

/* "TM=8 TN=4" */
void search_values(const struct kernel *k, const uint32_t *values, char *out, size_t size);

#endif
