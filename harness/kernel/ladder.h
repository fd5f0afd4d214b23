/* A ladder: the numbered rungs of one operation, kernels/OP/N-idea.comp, .plan and .c, naive first. */
#ifndef ROOFLAB_LADDER_H
#define ROOFLAB_LADDER_H

#include "harness/kernel/kernel.h"

struct rung {
    char name[KERNEL_NAME_MAX]; /* "gemm/3-tiled" */
    int number;
};

/* The rungs that are there in a language, by number. A .plan is there where all its steps are. Freed by free. An unknown
 * operation is EXIT_USAGE and says the nearest one; one without a rung in this language gives none. */
struct rung *ladder_rungs(const char *operation, enum language language, int *count, struct error *e);

#endif
