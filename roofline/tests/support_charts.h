/* What tests of charts share: a folder of their own, drawing into it, and looking at what was drawn.
 * ROOFLAB_KEEP_CHARTS=folder keeps the pictures for a look. */
#ifndef ROOFLAB_SUPPORT_CHARTS_H
#define ROOFLAB_SUPPORT_CHARTS_H

#include "harness/base/text.h"
#include "roofline/chart.h"

typedef bool drawer(const struct record *const *records, int count, const struct chart_options *o,
                    struct error *e);

extern char folder[256];
/* A path in the folder; four are valid at a time. */
const char *path_of(const char *name);
/* A file of the folder; a test that cannot read it fails. */
struct text content(const char *name);
/* Draws; a test whose chart is not drawn fails. group NULL: all. */
void draw_as(drawer *draw, const struct record *const *records, int count, const char *name,
             const char *group);
/* How often needle stands in the file. */
int count_in(const char *name, const char *needle);
/* Fails where two texts of the SVG overlap or one leaves the page of this height. */
void no_overlap_in(const char *svg, double height);
/* For a group of cmocka's tests. */
int folder_start(void **state);
int folder_end(void **state);

#endif
