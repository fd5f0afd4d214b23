/* A kernel's contract: what its header promises of its module, held against what the module does. It knows
 * nothing of files, plans and devices: names and numbers on one side, SPIR-V on the other. */
#ifndef ROOFLAB_CONTRACT_H
#define ROOFLAB_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

#define CONTRACT_MAX 16

struct contract_buffer {     /* number i stands at set 0, binding i */
    const char *name, *role; /* "in", "out", "inout" */
    bool reads, writes;
    const char *texel;     /* "rgba32f", or NULL for a storage buffer */
    uint32_t texel_format; /* SpvImageFormat */
    bool texel_float;
};

struct contract {
    const char *file; /* for messages */
    struct contract_buffer buffers[CONTRACT_MAX];
    int buffer_count;
    const char *shape[CONTRACT_MAX]; /* number i is the push constant at byte 4*i */
    int shapes;
    const char *tune[CONTRACT_MAX]; /* number i is the specialisation constant with SpecId i */
    uint32_t tune_values[CONTRACT_MAX];
    int tunes;
};

/* false with EXIT_CHECK and "file: what the header says, what the module does; what to do". */
bool contract_check(const struct contract *c, const uint32_t *words, size_t count, struct error *e);

#endif
