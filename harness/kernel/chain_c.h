/* The generator for devices whose programs are C (info.language): one group of operators becomes one kernel of
 * kernels/native.h's calling convention, from the same operator files as the shaders. */
#ifndef ROOFLAB_CHAIN_C_H
#define ROOFLAB_CHAIN_C_H

#include "harness/kernel/chain_glsl.h"

/* As chain_group_step. */
bool chain_group_step_c(const struct chain_group *g, struct step *s, int in, int out, const int *parameters,
                        const struct device_info *device, struct error *e);

/* The text of kernels/native.h, with which every kernel in C begins; kept for the life of the process. NULL with e. */
const char *native_prelude(struct error *e);

#endif
