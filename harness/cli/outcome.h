/* How every measuring command ends: the record written, the charts drawn, the report printed, the exit code. */
#ifndef ROOFLAB_OUTCOME_H
#define ROOFLAB_OUTCOME_H

#include "harness/base/record.h"
#include "harness/cli/command.h"
#include "harness/device/device.h"

/* Can the record be written later? Asked before anything is measured. */
bool outcome_ready(const struct arguments *a, const char *slug, struct error *e);

/* Writes the record to <results>/<stem>.json; *path is the file, freed by the caller. */
bool outcome_write(const struct arguments *a, const struct record *r, const char *slug, const char *stem, char **path,
                   struct error *e);

/* Prints the record to stdout as --json or --csv say, else as tables with claims and notes. */
void outcome_print(const struct arguments *a, const struct record *r);
/* EXIT_ENVIRONMENT where no run of the record could run here at all, else 0. */
int outcome_nothing_ran(const struct record *r);

/* Charts beside the record: "passes" (of a group), "roofline", "bandwidth", "instructions". A chart that cannot be drawn is
 * told on stderr and costs EXIT_ENVIRONMENT, since the record is what counts and is there already. Returns the exit code. */
struct outcome_chart {
    const char *kind, *group;
};
int outcome_charts(const struct arguments *a, const struct record *r, const char *record_path,
                   const struct outcome_chart *charts, int count);
/* The same of several records on one page, beside the file record_path. */
int outcome_charts_of(const struct arguments *a, const struct record *const *records, int n, const char *record_path,
                      const struct outcome_chart *charts, int count);

/* A command that measures one record on one device: opens the device, sees that results can be written, measures, ends. */
typedef bool (*outcome_measure)(const struct arguments *a, struct device *d, struct record *r, struct error *e);
typedef int (*outcome_end)(const struct arguments *a, const struct device *d, struct record *r);
int outcome_run(const struct arguments *a, outcome_measure measure, outcome_end end);

/* The end of a command over runs: printed, written as <kind>-<first word>, with `count` charts. Returns the exit code. */
int outcome_runs(const struct arguments *a, const struct device *d, const struct record *r, const char *kind,
                 const struct outcome_chart *charts, int count);

/* 4, 3, 1 in this order of weight; 0 else. */
int outcome_worse(int a, int b);

#endif
