/* What a record says, as tables for a reader or as CSV. From the record alone: nothing is measured here. */
#ifndef ROOFLAB_REPORT_H
#define ROOFLAB_REPORT_H

#include <stdio.h>

#include "harness/base/record.h"

/* Runs by group, each variant with its steps below it; what could not run with its reason. */
void report_runs(const struct record *r, FILE *out);
/* Groups of one work at several sizes: the lines fitted to them, or each size where there are too few for a line. */
bool report_is_series(const struct run *r);
void report_series(const struct record *r, FILE *out);
/* What several devices' records say together: who is the faster one at which size. Crossovers and the sentence are read from
 * the first record. */
void report_joint(const struct record *const *records, int count, FILE *out);
/* Of models: what they need before their first run, what they hold, how many runs come in a second. */
void report_models(const struct record *r, FILE *out);
void report_runs_csv(const struct record *r, FILE *out);
/* Ceilings: best of each kind, or all of them. */
void report_ceilings(const struct record *r, bool all, FILE *out);
void report_ceilings_csv(const struct record *r, FILE *out);
void report_levels(const struct record *r, FILE *out); /* nothing where the record has none */
void report_claims(const struct record *r, FILE *out);
void report_notes(const struct record *r, FILE *out);
/* Does a claim surely fail? */
bool report_claim_failed(const struct record *r);

#endif
