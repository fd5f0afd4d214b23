/* What study.c (what is to be measured) and study_measure.c (measuring it) share, and nobody else. */
#ifndef ROOFLAB_STUDY_PARTS_H
#define ROOFLAB_STUDY_PARTS_H

#include "harness/measure/study.h"
#include "harness/measure/study_count.h"

enum { LOAD_RUN, LOAD_WINDOW, LOAD_COPY, LOADS };

struct item {
    char *group;
    int run;      /* its place in the record */
    struct pool *pool; /* its own; NULL: the study's */
    struct workload *loads[LOADS];
    int subjects[LOADS]; /* -1: none */
    int samples;         /* no more and no fewer; 0: as the rule says */
    double once_ns;      /* one run, after the first; NAN where it was not asked for */
};

struct study {
    struct device *device;
    struct pool *pool;
    struct record *record;
    struct item *items;
    int count;
    struct counts *counts;
    double plateau; /* NAN: not measured */
    double most_ns; /* a run that takes longer is skipped; 0: none is */
    int samples;    /* of what is added next */
    bool models;    /* study_models, for what is added next */
    bool alone;     /* study_alone */
    bool cold;      /* study_cold */
};

struct run *study_run_of(struct study *s, const struct item *item);
void study_mark(struct run *r, enum run_status status, const char *why);

#endif
