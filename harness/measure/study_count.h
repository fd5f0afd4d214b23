/* Counting the steps of a study's runs, each kernel once. */
#ifndef ROOFLAB_STUDY_COUNT_H
#define ROOFLAB_STUDY_COUNT_H

#include "harness/measure/workload.h"

struct counts; /* what was counted so far */

struct counts *counts_open(void);
void counts_close(struct counts *c);

/* Replaces the costs of w's plan by counted ones. The plan must have run (verification does). Where the device or a shader
 * cannot be counted the plan keeps what its maker declared, and false is returned with the reason. */
bool counts_apply(struct counts *c, struct workload *w, struct error *e);

#endif
