/* Tuned values, kept: one JSON file per kernel and shape in results/<device>/tuned/, good for one driver and one source.
 *
 *   {"schema": "rooflab.tuned/1", "device", "driver", "kernel", "shape": {..}, "hash": "16 hex digits",
 *    "best": {"TM": 8, ..}, "default": {..}, "speedup": {"median", "low", "high", "n"} (of best over default; null: they are one),
 *    "compiled", "skipped", "compile_s", "budget_spent",
 *    "candidates": [{"values": {..}, "status", "why", "rounds", "compile_ns", "time_ns": {"median", "low", "high", "n"}}]}
 *
 * bench and the experiments' ladders take the values from here by themselves, and their runs say so. */
#ifndef ROOFLAB_TUNED_H
#define ROOFLAB_TUNED_H

#include "harness/measure/search.h"

/* The file of a kernel at a full shape; freed by the caller. out: --out's folder, or NULL. NULL with e. */
char *tuned_path(const char *out, const struct device_info *d, const struct kernel *k, const struct shape_entry *shape,
                 struct error *e);

/* The JSON text of a search; freed by the caller. */
char *tuned_text(const struct search *s, const struct device_info *d);

/* The values to run k with at a shape (the header's where overrides does not say): those that were found for this device,
 * driver, shape and source (true), else the default. A file that cannot be read is as none. */
bool tuned_values(const struct device_info *d, const struct kernel *k, const struct shape_entry *overrides, int count,
                  uint32_t out[KERNEL_TUNE_MAX]);

#endif
