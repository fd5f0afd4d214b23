/* Buffers and programs on one device, shared by all workloads: variants of a chain read the same input and write the same
 * output, so an experiment with twenty runs holds one of each, and a kernel that stands in ten of them is compiled once. */
#ifndef ROOFLAB_POOL_H
#define ROOFLAB_POOL_H

#include "harness/device/device.h"
#include "harness/kernel/plan.h"

struct pool;

struct pool *pool_open(struct device *d);
void pool_close(struct pool *p); /* frees everything it gave out */
struct device *pool_device(struct pool *p);

/* Bytes behind every tensor that nobody may touch: verification finds out who did. */
#define GUARD_BYTES 4096

/* The buffer of a tensor, with a guard zone behind it. Inputs are filled (and their guard is NaN, so that a read beyond
 * the end shows); others are scratch, shared by name, type and size. */
struct buffer *pool_tensor(struct pool *p, const struct tensor *t, struct error *e);

/* Is the tensor an input whose content a kernel may have spoilt (read and written in place)? Then it is filled again. */
bool pool_refill(struct pool *p, struct buffer *b, const struct tensor *t, struct error *e);

/* The program of a step, compiled once per source, bindings and constants. *spirv_hash may be NULL. */
/* The time that the device has needed so far to make programs, without the compiling of GLSL to SPIR-V. */
double pool_program_ns(const struct pool *p);
/* And to allocate buffers and fill them, without making what they are filled with. */
double pool_upload_ns(const struct pool *p);
/* Bytes of all buffers so far, guard zones included. */
double pool_bytes(const struct pool *p);
struct program *pool_program(struct pool *p, const struct step *s, unsigned long long *spirv_hash, struct error *e);

#endif
