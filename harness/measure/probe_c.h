/* The probes' kernels in C, for devices that take it. Their push constants are those of the GLSL ones (probe.c). */
#ifndef ROOFLAB_PROBE_C_H
#define ROOFLAB_PROBE_C_H

#include "harness/base/record.h"
#include "harness/base/text.h"

/* Bytes that a worker's share is a multiple of: the blocks of kernels/native.h. */
#define PROBE_C_GRAIN 256

/* Push: floats, (unused), turns, workers. Buffers: output, inputs. */
bool probe_bandwidth_c(const struct ceiling *c, struct text *t, struct error *e);
/* Push: turns, b, c, k, r, workers. `line` and `line_b` (or NULL) change x, as in probe.c's table; each stands `unroll` times. */
bool probe_compute_c(const struct ceiling *c, const char *line, const char *line_b, int unroll, struct text *t, struct error *e);
bool probe_empty_c(struct text *t, struct error *e);

#endif
