/* The generator: one group of operators becomes one GLSL kernel. */
#ifndef ROOFLAB_CHAIN_GLSL_H
#define ROOFLAB_CHAIN_GLSL_H

#include "harness/kernel/chain.h"

struct chain_group {
    const struct chain_item *items;
    int count;
    uint64_t rows, cols;
    enum type in, out; /* f32 or f16 */
    enum access access;
    int workgroup; /* 0: what suits the device */
    enum ablation ablation;
};

/* Texel buffers on software devices, where they are twice as fast as storage buffers (lavapipe's storage
 * loads are 8-step loops), vec4 on hardware. */
enum access chain_best_access(const struct device_info *device);

/* At how many places of its part of a tensor a workgroup of a flat kernel works in each turn. A software device computes on a
 * core whose prefetcher starts anew in each page of 4 KiB: while it does so at one place, the other ones' data come. Predicted:
 * a copy of 64 MB gains where its data come from beyond the second cache, and nothing where they lie there. Measured on lavapipe
 * (two threads of a Xeon), GB/s of 134 MB read and written at one, two and four places: by vec4 7.1, 12.1, 12.8; by texels 12.2
 * to 13, 14.9, 15.4; float by float 5.3, 6.2, 6.5. Hardware has other workgroups to wait for: one. */
uint32_t chain_places(const struct device_info *device);

/* Fills s: source, bindings (x, y, parameters), push constants, groups, operations and issued bytes.
 * in, out and parameters are tensor numbers of the plan, parameters in the order of the operators. */
bool chain_group_step(const struct chain_group *g, struct step *s, int in, int out, const int *parameters,
                      const struct device_info *device, struct error *e);

#endif
