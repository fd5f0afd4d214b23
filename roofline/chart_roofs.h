/* What the roofline's two halves share: the runs as points (chart_roofline.c) and the roofs above them
 * (chart_roofs.c). Private to these two. */
#ifndef ROOFLAB_CHART_ROOFS_H
#define ROOFLAB_CHART_ROOFS_H

#include "roofline/chart_parts.h"

enum { ROOFS = 12, POINTS = 48, DEVICES = 5 };

/* One line of the chart: a bandwidth (a slope) or a rate of operations (a level), in bytes/s or flops/s. */
struct roof_line {
    char name[128];
    struct interval rate;
    bool slope;
    const char *colour, *dash;
    int device;
};

struct point {
    const struct run *run;
    int device;
    double x, issued, y, low, high; /* flop/byte, flops/s */
};

struct page {
    struct chart chart;
    const struct record *const *records;
    int devices, skipped, crowded;
    struct roof_line roofs[ROOFS];
    int roof_count;
    struct point points[POINTS];
    int point_count;
    double bound, peak;     /* what nothing exceeds: B* and the peak's upper limit; NAN where not measured */
    double copy, best_peak; /* medians that make the ridge */
    struct axis x, y;       /* y in flops/s */
    double unit;            /* flops/s of one unit on the y axis */
};

/* The colour of a device where several share the chart. */
extern const char *const device_colours[DEVICES];

/* Looks the roofs of all devices up, at the footprint that the points have. */
void roofs_collect(struct page *p);
/* The area, the lines with their bands and texts; the impossible area first, because it lies below all else.
 */
void roofs_draw(struct page *p);

#endif
