/* What the tests of harness/spirv share: compiling the shaders in harness/tests/spirv/, and running one
 * plain and instrumented on the default device. */
#ifndef ROOFLAB_SUPPORT_SPIRV_H
#define ROOFLAB_SUPPORT_SPIRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/device/device.h"
#include "harness/spirv/footprint.h"
#include "harness/spirv/totals.h"

enum spirv_target { TARGET_1_0, TARGET_1_3, TARGET_1_5, TARGET_1_6, TARGETS };

struct compiled {
    uint32_t *words;
    size_t count;
};

/* Compiles harness/tests/spirv/NAME.comp; false where this compiler or target cannot. Free words with
 * free. */
bool support_compile(const char *name, enum spirv_target target, bool debug, bool optimised,
                     struct compiled *out);
/* Sorted names of all shaders there, freed with names_free. */
char **support_shaders(size_t *count);

#define SUPPORT_BUFFERS 4
struct support_run {
    const char *shader;
    bool debug, footprint;
    bool instrumented_only; /* the plain shader is not safe to run */
    bool every_block;       /* instrument_options */
    uint64_t bytes[SUPPORT_BUFFERS]; /* of the buffers at set 0, bindings 0, 1, ..; 0 ends the list */
    enum bind_kind kind[SUPPORT_BUFFERS]; /* texel buffers are RGBA32F */
    void *data[SUPPORT_BUFFERS];     /* what they hold before, and after the instrumented run */
    uint64_t view[SUPPORT_BUFFERS];  /* bytes that the binding covers; 0: all */
    uint32_t push[8];
    int push_words;
    uint32_t groups[3];
    /* Results. */
    struct instrumented in;
    uint32_t *lab;
    struct totals totals;
    double plain_ns, counted_ns; /* second runs: compiled already */
    bool same;                   /* plain and instrumented left the same bits in every buffer */
};

/* The device for the tests, opened once; NULL where there is none: skip. */
struct device *support_device(void);
/* Runs; false with the reason where the device could not. */
bool support_execute(struct support_run *r, struct error *e);
void support_clear(struct support_run *r); /* frees results, not data */

#endif
