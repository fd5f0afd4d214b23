/* Charts drawn from records by gnuplot, as PNG and SVG, from one emitted .gp and .dat.
 *
 * Names that reach gnuplot are data: they are written so that no quote, backtick, '%', '@', '_', '{', '^', newline or
 * UTF-8 sequence in them is ever interpreted (enhanced mode off, strings escaped, newlines shown as blanks).
 * Emission is deterministic: the same record gives the same bytes. Nothing here touches a device. */
#ifndef ROOFLAB_CHART_H
#define ROOFLAB_CHART_H

#include "harness/base/error.h"
#include "harness/base/record.h"

struct chart_options {
    const char *stem;         /* output path without extension: "results/<device>/fusion-passes" */
    const char *title;        /* NULL: the record's */
    const char *group;        /* only runs of this group, or of several with commas between them (run.group, else its chain, else its operation); NULL: all */
    double spec_bytes_per_s;  /* data-sheet roofs, drawn dashed; 0: none */
    double spec_ops_per_s;
    bool draw;                /* run gnuplot too; else only .gp and .dat are written */
};

/* Pass chart: x = memory passes k, y = time; bound line, roof line with its fan, a point with error bars
 * per variant, the gap in equivalent passes. One panel per device, group and tensor size, six at most. */
bool chart_passes(const struct record *const *records, int count, const struct chart_options *o, struct error *e);

/* Roofline: log-log, measured ceilings with bands, ridge, impossible region, points, arrow unfused -> fused. */
bool chart_roofline(const struct record *const *records, int count, const struct chart_options *o, struct error *e);

/* Instruction roofline: log-log, operations per second over operations per 32-byte sector touched, every kind of
 * operation counted as one; levels by kind, and for each point what its own mix allows. */
bool chart_instructions(const struct record *const *records, int count, const struct chart_options *o,
                        struct error *e);

/* Bandwidth over footprint, a line with band per mix and access (best workgroup), for `rooflab ceilings`. */
bool chart_bandwidth(const struct record *const *records, int count, const struct chart_options *o, struct error *e);

/* A ladder's rungs as bars: time measured, the roof's, the bound's. A panel per device and group, six at most. */
bool chart_bars(const struct record *const *records, int count, const struct chart_options *o, struct error *e);

/* A sweep of ladders: time, and temporary memory where there is any, over what is swept, a line per rung; where the fastest
 * changes is marked. The group is the sweep's name. */
bool chart_lines(const struct record *const *records, int count, const struct chart_options *o, struct error *e);

/* Time over the tensor's size, log-log, a panel per group of runs (six at most): every device's times by its own clock and
 * by the host's, the line fitted to each, and where two devices cross. */
bool chart_sizes(const struct record *const *records, int count, const struct chart_options *o, struct error *e);

/* The steps of a long run (a network's layers), in order: a bar per step with its time, in the colour of its kernel. Of each
 * record the fastest such run. And the same steps as points under the roofs. */
bool chart_layers(const struct record *const *records, int count, const struct chart_options *o, struct error *e);
bool chart_layers_roofline(const struct record *const *records, int count, const struct chart_options *o, struct error *e);
/* First runs as bars beside later calls, by work and device; with empty caches and filled ones where these were measured. */
bool chart_first(const struct record *const *records, int count, const struct chart_options *o, struct error *e);

/* Is there a run, or a sweep, of every group that is asked for (options' group)? Else EXIT_USAGE. */
bool chart_knows_groups(const struct record *const *records, int count, const char *groups, struct error *e);

/* Every kind of chart by its name. */
struct chart_kind {
    const char *name;
    bool (*draw)(const struct record *const *records, int count, const struct chart_options *o, struct error *e);
    bool (*has_data)(const struct record *r); /* is there something that it could show? */
};
enum { CHART_KINDS = 10 };
extern const struct chart_kind chart_kinds[CHART_KINDS];
extern const char *const chart_kind_names[CHART_KINDS + 1]; /* ends in NULL */
const struct chart_kind *chart_kind(const char *name);      /* NULL where there is none */

/* Is gnuplot there? Else EXIT_ENVIRONMENT with the command that installs it. ROOFLAB_GNUPLOT names another. */
bool chart_available(struct error *e);

#endif
