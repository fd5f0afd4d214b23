/* What study.c (what is to be measured) and study_measure.c (measuring it) share, and nobody else. */
#ifndef ROOFLAB_STUDY_PARTS_H
#define ROOFLAB_STUDY_PARTS_H

#include "harness/measure/study.h"
#include "harness/measure/study_count.h"

enum { LOAD_RUN, LOAD_WINDOW, LOAD_COPY, LOADS };

struct item {
    char *group;
    int run;      /* its place in the record */
    struct workload *loads[LOADS];
    int subjects[LOADS]; /* -1: none */
};

struct study {
    struct device *device;
    struct pool *pool;
    struct record *record;
    struct item *items;
    int count;
    struct counts *counts;
    double plateau; /* NAN: not measured */
};

struct run *study_run_of(struct study *s, const struct item *item);
void study_mark(struct run *r, enum run_status status, const char *why);

#endif
