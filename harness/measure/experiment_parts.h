/* What the files of an experiment share: reading its lines, adding its runs, naming what claims can be about. A new kind of
 * line has a file of its own, a reader in experiment.c's table, an adder in experiment_run.c's and a namer in
 * experiment_claims.c's. */
#ifndef ROOFLAB_EXPERIMENT_PARTS_H
#define ROOFLAB_EXPERIMENT_PARTS_H

#include "harness/base/text.h"
#include "harness/measure/experiment.h"

/* ---- reading ---- */

struct reading {
    struct experiment *x;
    int line;
    struct error *e;
};

/* "FILE:LINE: what: 'text'"; returns false. */
bool experiment_bad(struct reading *r, const char *what, const char *text);
/* Is there a group of this name, of whatever kind of line? */
bool experiment_has_group(const struct experiment *x, const char *name);

bool experiment_read_run(struct reading *r, char *value);
bool experiment_read_sweep(struct reading *r, char *value);
bool experiment_read_ladder(struct reading *r, char *value);
bool experiment_read_epilogue(struct reading *r, char *value);
bool experiment_read_series(struct reading *r, char *value);
bool experiment_read_sizes(struct reading *r, char *value);
bool experiment_read_first(struct reading *r, char *value);
bool experiment_read_transfer(struct reading *r, char *value);

/* Are there lines that need a `sizes` line? */
bool experiment_needs_sizes(const struct experiment *x);

/* ---- claims ---- */

/* The names that a claim can use, each with the interval of its value. */
struct claim_names {
    char (*names)[128];
    double *low, *high;
    int count, room;
};
void claim_names_free(struct claim_names *n);
/* SUBJECT.quantity for every quantity: of run r of record, or without a value where there is no run yet. */
void claim_subject(struct claim_names *n, const char *subject, const struct record *record, const struct run *r);

/* One name that is not of a run: subject.quantity, without a value where v is NULL. */
void claim_value(struct claim_names *n, const char *subject, const char *quantity, const struct interval *v);

/* Before anything has run: the subjects of the file's lines, "seed.fused", "square.r3". */
void experiment_chain_subjects(const struct experiment *x, struct claim_names *n);
void experiment_ladder_subjects(const struct experiment *x, struct claim_names *n);
void experiment_epilogue_subjects(const struct experiment *x, struct claim_names *n);
void experiment_series_subjects(const struct experiment *x, struct claim_names *n);
void experiment_first_subjects(const struct experiment *x, struct claim_names *n);
/* After: those of a record's runs. */
void experiment_chain_results(const struct record *r, struct claim_names *n);
void experiment_ladder_results(const struct record *r, struct claim_names *n);
void experiment_series_results(const struct record *r, struct claim_names *n);
void experiment_first_results(const struct record *r, struct claim_names *n);

/* A misspelt claim would be left out after a minute of measuring: it is found when the file is read. */
bool experiment_claims_are_right(struct reading *r);
bool experiment_read_claim(struct reading *r, char *value);

/* ---- measuring ---- */

bool experiment_add_chains(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                           struct error *e);
bool experiment_add_ladders(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                            struct error *e);

bool experiment_add_epilogues(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                              struct error *e);

/* Fills r->conclusion, where there is something to say. */
void experiment_conclude(const struct experiment *x, struct record *r);

/* Work that no study compares; nothing where the experiment has no such lines. */
bool experiment_measure_series(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                               struct error *e);

/* Before the series: their lines are fitted last. */
bool experiment_measure_transfer(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                                 struct error *e);
/* After them: the runs that it adds to are there. */
bool experiment_measure_first(const struct experiment *x, struct device *d, struct record *r, struct progress_sink *progress,
                              struct error *e);

/* ---- the conclusion ---- */

/* Adds to the record's conclusion: "On DEVICE, " and the sentences in their order. */
void experiment_say(struct record *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Of one sweep, beginning with `any` of its runs; of the same one is what has the same name. */
void experiment_conclude_sweep(struct text *t, const struct record *r, const struct run *any);
bool experiment_same_sweep(const struct run *a, const struct run *b);
void experiment_conclude_series(const struct experiment *x, struct record *r);
void experiment_conclude_transfer(const struct experiment *x, struct record *r);
void experiment_conclude_first(const struct experiment *x, struct record *r);

#endif
