/* What the pass chart's two halves share: the numbers of its lines (chart_pass_lines.c) and the drawing
 * (chart_passes.c). Private to these two. */
#ifndef ROOFLAB_CHART_PASSES_H
#define ROOFLAB_CHART_PASSES_H

#include "roofline/chart_parts.h"

enum { RUNS = 24, KNOTS = RUNS + 2 };

/* The runs of one group on one device over one tensor size: they share both lines. */
struct cell {
    const struct record *record;
    char group[GROUP_TEXT];
    double tensor_bytes;
    const struct run *runs[RUNS]; /* by ascending passes */
    int count;
};

/* The lines of a cell in the unit of the chart, at ascending passes k; bytes is the roof without its
 * dispatches. */
struct curves {
    int n;
    double k[KNOTS], bound[KNOTS], roof[KNOTS], bytes[KNOTS], low[KNOTS], high[KNOTS], zero[KNOTS];
};
struct curves curves_of(const struct cell *c, double k_max, double unit_ns);

double roof_rate(const struct cell *c, const struct run *r); /* B of the roof, bytes/s */
double run_bound(const struct cell *c, const struct run *r); /* ns */
double gap_of(const struct cell *c, const struct run *r);    /* in equivalent passes */

#endif
