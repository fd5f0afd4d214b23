/* What a study needs to know of chains, and the sweep that finds the last cache. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/chain.h"
#include "harness/measure/study.h"
#include "roofline/ceiling.h"

/* Rows of the small plan that is compared in full: a prime, and more than one workgroup's share of nothing. */
#define SMALL_ROWS 13

struct chain_study {
    const struct chain *chain;
    const struct device_info *device;
    const int *sizes;
    int groups;
};

static struct plan *make(const struct chain_study *q, uint64_t rows, uint64_t cols, enum ablation ablation,
                         struct error *e)
{
    struct chain_options o = {.rows = rows, .cols = cols, .ablation = ablation};
    return chain_plan(q->chain, q->sizes, q->groups, q->device, &o, e);
}

static void add_variant(struct study *s, const struct chain_study *q, const char *group, uint64_t rows, uint64_t cols,
                        bool ablate)
{
    struct error e = {0};
    struct study_run run = {.group = group, .chain = q->chain->text, .kernel = q->chain->text};
    run.plan = make(q, rows, cols, ABLATE_NONE, &e);
    if (!run.plan) {
        run.variant = q->groups == q->chain->count ? "unfused" : q->groups == 1 ? "fused" : "grouped";
        study_add_failed(s, &run, &e);
        return;
    }
    run.small = make(q, SMALL_ROWS, cols, ABLATE_NONE, &e);
    if (ablate) {
        run.window = make(q, rows, cols, ABLATE_WINDOW, &e);
        run.copy = make(q, rows, cols, ABLATE_COPY, &e);
    }
    study_add(s, &run);
}

bool study_add_chain(struct study *s, const char *group, const char *text, const char *const *groupings, int count,
                     double tensor_bytes, uint64_t cols, bool ablate, struct error *e)
{
    struct chain *chain = chain_parse(text, e);
    bool ok = chain != NULL;
    for (int i = 0; i < count && ok; i++) {
        int sizes[CHAIN_MAX], groups = chain_grouping(chain, groupings[i], sizes, e);
        ok = groups > 0;
        if (!ok || (i > 0 && chain->count == 1)) /* one operator: all its variants are the same kernel */
            break;
        struct chain_study q = {chain, &pool_device(study_pool(s))->info, sizes, groups};
        add_variant(s, &q, group, chain_rows(tensor_bytes, cols), cols, ablate);
    }
    chain_free(chain);
    return ok;
}
