/* What the two rooflines (chart_roofline.c, chart_instructions.c) are made of: the runs as points, with the
 * page around them (chart_points.c), and the roofs above them (chart_roofs.c). Private to these. */
#ifndef ROOFLAB_CHART_ROOFS_H
#define ROOFLAB_CHART_ROOFS_H

#include "roofline/chart_parts.h"

enum { ROOFS = 12, POINTS = 200, DEVICES = 5, PAGE_KEYS = DEVICES + 4 + POINTS };
enum { FEW_POINTS = 8 }; /* so many have labels of their own */
#define SECTOR_BYTES 32.0

/* One line of the chart: a bandwidth (a slope) or a rate of operations (a level), in bytes/s and flops/s, or
 * in sectors/s and operations/s. */
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
    double x, issued, y, low, high; /* flop/byte and flops/s, or operations per sector and operations/s */
    double mix;    /* operations/s that its mix of operations allows; 0: not drawn */
    char note[48]; /* the last line of its label, where it has one */
    const char *colour; /* of a layer: its kernel's; NULL: by device or variant */
};

struct page {
    struct chart chart;
    const struct record *const *records;
    bool sectors; /* x is operations per sector, y operations/s; an fma is one operation */
    int all, devices, skipped, crowded; /* records; of them shown; runs left out */
    struct roof_line roofs[ROOFS];
    int roof_count;
    struct point points[POINTS];
    int point_count;
    bool layers; /* the points are the steps of a run, in the colours of their kernels */
    bool ladder; /* the points are rungs of one ladder: numbered, and joined in order */
    double bound, peak;     /* what nothing exceeds: B* and the peak's upper limit; NAN where not measured */
    double copy, best_peak; /* medians that make the ridge */
    struct axis x, y;       /* y in flops/s or operations/s */
    double unit;            /* of which one unit on the y axis has this many */
};

/* The colour of a device where several share the chart; other charts of several devices take the same. */
extern const char *const device_colours[DEVICES];

/* An empty page for these records. */
struct page page_of(const struct record *const *records, int count);
/* What the marks mean, and whether they are a ladder. Returns how many entries. */
int page_key(struct page *p, struct key_entry key[PAGE_KEYS]);
/* A line of the footer per device. */
void page_provenance(struct page *p);
/* Ranges, roofs, runs and axes of a page whose points and roofs are collected. */
void page_draw(struct page *p, const char *x_title, const char *y_title);

/* Looks the roofs of all devices up, at the footprint that the points have. */
void roofs_collect(struct page *p);
/* The parts of it. The distinct bytes that a device's runs touch: */
double roofs_footprint(const struct page *p, int device);
/* The best ceiling of a mix at the nearest footprint, by kernels or by commands; NULL: not measured. */
const struct ceiling *roofs_bandwidth(struct ceilings c, enum mix mix, bool command, double footprint);
/* The best ceiling of an operation ("fma", "int_xor") of a type ("f32", "i32"); NULL: not measured. */
const struct ceiling *roofs_compute(struct ceilings c, const char *op, const char *type);
/* Lines nearer than 12 % leave no room for a text between them and share one; those of lesser interest are
 * then left out, and sooner. */
#define NEARLY_SAME 0.12
#define CROWDED     0.25
/* A roof, unless c is NULL or it would lie nearer to one that is there than `apart` (a logarithm). */
void roofs_add(struct page *p, const struct ceiling *c, int device, const char *name, const char *colour,
               const char *dash, double apart);
/* "llvmpipe, copy": a roof's name where several devices share the chart. */
#define ROOF_NAME 48
char *roofs_name_of_device(char out[ROOF_NAME], const struct record *r, const char *what);
/* The ridge: where the first slope and the first level of the first device meet. */
void roofs_ridge(struct page *p);
/* The area, the lines with their bands and texts; the impossible area first, because it lies below all else.
 */
void roofs_draw(struct page *p);
/* "12.9 GFLOP/s", and with sectors "12.9 Gop/s"; of a slope "7.43 GB/s" or "232 Msector/s". Returns out. */
char *roofs_rate(char out[UNITS_TEXT], const struct page *p, bool slope, double rate);

#endif
