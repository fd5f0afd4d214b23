/* What `rooflab show` prints of a kernel, an operator and a plan. */
#ifndef ROOFLAB_SHOW_H
#define ROOFLAB_SHOW_H

#include "harness/kernel/kernel.h"
#include "harness/kernel/operator.h"
#include "harness/kernel/plan.h"

/* "idea" text wrapped, then facts: "name       value". */
void show_heading(const char *name, const char *idea);
void show_fact(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

void show_kernel(const struct kernel *k, const struct plan *p);
void show_operator(const struct operator* o);
/* The steps of plans, one table: passes, bytes, flops and intensity of each, and their sums. */
void show_steps(const struct plan *const *plans, int count, bool csv);
/* The text of the steps' kernels: GLSL, and disassembled SPIR-V if wanted. */
bool show_source(const struct plan *p, enum language language, struct error *e);
bool show_spirv(const struct plan *p, struct error *e);

#endif
