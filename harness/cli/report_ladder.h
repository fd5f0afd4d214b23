/* The table of a ladder: a row per rung, in the columns that its runs have something to say in. */
#ifndef ROOFLAB_CLI_REPORT_LADDER_H
#define ROOFLAB_CLI_REPORT_LADDER_H

#include <stdio.h>

#include "harness/base/record.h"

/* Are the runs first .. first+count-1, a group of an experiment, rungs of ladders? */
bool report_is_ladder(const struct record *r, int first, int count);
void report_ladder(const struct record *r, int first, int count, FILE *out);

#endif
