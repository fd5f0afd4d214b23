/* Chains: "layernorm|bias|gelu|dropout(0.1)" becomes kernels, unfused, fused or in any grouping.
 *
 * A group of operators is one kernel: the tensor is read once, carried through the operators in registers,
 * and written once. A group of map operators walks the tensor flat; a group with a row operator takes a row
 * per team of invocations, which keeps the row in registers where it fits, else walks it again for every
 * statistic (the issued passes say so). */
#ifndef ROOFLAB_CHAIN_H
#define ROOFLAB_CHAIN_H

#include "harness/kernel/operator.h"
#include "harness/kernel/plan.h"

#define CHAIN_MAX 64 /* operators */

struct chain_item {
    const struct operator *op;
    double params[OPERATOR_PARAMS_MAX];
};

struct chain {
    char *text; /* as typed */
    struct chain_item items[CHAIN_MAX];
    int count;
};

/* Parses "scale(2)|bias|relu". Blanks are allowed. Malformed text is EXIT_USAGE with the place of the fault. */
struct chain *chain_parse(const char *text, struct error *e);
void chain_free(struct chain *c);

/* Parses a grouping: "unfused", "fused", "2+2". Fills sizes and returns how many, or 0 with e. */
int chain_grouping(const struct chain *c, const char *text, int sizes[CHAIN_MAX], struct error *e);

enum ablation {
    ABLATE_NONE,
    ABLATE_WINDOW, /* the same arithmetic on a window that stays in the first cache: no memory traffic */
    ABLATE_COPY    /* the same loads and stores without the arithmetic */
};

struct chain_options {
    uint64_t rows, cols;
    enum access access; /* ACCESS_NONE: what suits the device */
    enum ablation ablation;
    int workgroup; /* invocations; 0: what suits the device */
};

/* Rows for a tensor of S bytes (of f32) with `cols` columns: rounded down, at least 1. */
uint64_t chain_rows(double tensor_bytes, uint64_t cols);

/* The plan of one variant on a device. Tensors: x (input), y (output), parameters, and intermediates that
 * two buffers take in turn. */
struct plan *chain_plan(const struct chain *c, const int *sizes, int groups, const struct device_info *device,
                        const struct chain_options *o, struct error *e);

/* "layernorm|bias": operators [first, first+count) of a chain, arguments included where they are not the default. Freed by the caller. */
char *chain_label(const struct chain *c, int first, int count);

#endif
