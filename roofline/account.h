/* The account of a run: from its samples, what its steps must do, and the ceilings, to bound, verdict, roof and
 * what binds. Numbers in, numbers out. */
#ifndef ROOFLAB_ACCOUNT_H
#define ROOFLAB_ACCOUNT_H

#include "harness/base/record.h"
#include "roofline/ceiling.h"
#include "roofline/model.h"

/* Takes the samples over into the run: median, interval, stop. */
void account_samples(struct run *r, const double *ns, int n, const char *stop, double first_ns);

/* Fills bytes, passes, flops, bound, verdict, roof and what binds (by the model) from the steps' costs, after
 * account_samples. B* is looked up per step by its own largest buffer, and the times add up. tensor_bytes must be set. */
void account_run(struct run *r, const struct cost *steps, int count, struct ceilings c);

/* Of a run whose inputs_bytes are known, after account_run: how often it comes in a second, and how near it is to reading as many
 * bytes at the rate of the best reading kernel. */
void account_model(struct run *r, struct ceilings c);

/* The two ablations' medians: what binds is then told by them. Where both take as long as the run itself, that is the load
 * and store instructions, which stand in both: software devices compute every one of them. */
#define BINDS_INSTRUCTIONS "loads/stores"
void account_ablations(struct run *r, double window_ns, double copy_ns);

/* r against base, from samples of the same rounds, and what the roofs had predicted (kernel_roof_ns). */
void account_speedup(struct run *r, const struct run *base, double predicted);

/* Why a bound may be beaten, where it can be told: in cache, or fewer bytes than declared. */
void account_cause(struct run *r);

#endif
