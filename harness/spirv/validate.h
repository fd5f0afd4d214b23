/* The SPIR-V validator of SPIRV-Tools, for modules that go in and those that the lab rewrote. */
#ifndef ROOFLAB_VALIDATE_H
#define ROOFLAB_VALIDATE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

/* Validates for the oldest Vulkan that takes the module's version of SPIR-V. Fails with EXIT_CHECK and the
 * validator's own words. Layouts may be scalar ones, as the lab's devices allow. */
bool spirv_validate(const uint32_t *words, size_t count, struct error *e);

/* An instruction's name without its "Op": "FAdd"; "unknown" for one that SPIRV-Tools does not know. */
const char *spirv_opcode_name(uint16_t op);

#endif
