/* What the charts share: a canvas in pixels, safe strings, labels that do not overlap, and gnuplot.
 *
 * A chart knows every pixel: margins and ranges are emitted as fixed numbers, so C can compute where a line
 * or a text will lie and move texts apart before gnuplot sees them. Private to roofline/chart*.c. */
#ifndef ROOFLAB_CHART_PARTS_H
#define ROOFLAB_CHART_PARTS_H

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "roofline/ceiling.h"
#include "roofline/chart.h"

#define CHART_WIDTH  1600.0
#define CHART_PANELS 6    /* more small multiples than this are not legible */
#define CHART_MARGIN 60.0 /* left edge of title and footer */

/* Okabe and Ito's colours, which differ for every common kind of colour blindness; TEXT_GREEN is darker than
 * theirs because letters need more contrast than areas. */
#define INK        "#222222"
#define GREY       "#6B6B6B"
#define PALE       "#DEDEDE"
#define BLUE       "#0072B2"
#define SKY        "#56B4E9"
#define VERMILLION "#D55E00"
#define GREEN      "#00795A"
#define ORANGE     "#E69F00"
#define PURPLE     "#AA4A86"
#define AMBER      "#8A6000"
#define IMPOSSIBLE "#ECE7E2"

/* Dashes that still read as such on a line of 40 pixels. */
#define DASHED       "(9,6)"
#define DOTTED       "(3,5)"
#define DASH_DOT     "(14,5,3,5)"
#define SHORT_DASHED "(5,4)"

/* Sizes of letters in pixels; at half the size, the width of a README, SMALL is still 10 px high. */
enum { SMALL = 20, NORMAL = 23, HEADING = 27, TITLE = 36 };

struct spot {
    double x, y; /* pixels, origin at the bottom left as in gnuplot's screen coordinates */
};
struct quad {
    struct spot p[4]; /* convex; a segment is p0 p1 p1 p0 */
};
struct quad quad_segment(struct spot a, struct spot b);
struct quad quad_box(struct spot centre, double width, double height, double radians);
bool quads_touch(const struct quad *a, const struct quad *b);

struct axis {
    double low, high;
    bool log;
};
/* A plot area in pixels with its two axes in the chart's units (ms, GFLOP/s). */
struct panel {
    double left, right, bottom, top;
    struct axis x, y;
};
struct spot panel_spot(const struct panel *p, double x, double y);

/* Something that a label had better not cover; weight says how much better. */
struct obstacle {
    struct quad quad;
    double weight;
};

enum place {
    PLACE_NEAR,  /* beside spot a, outside `clearance`; a leader line is drawn where it moved away */
    PLACE_ALONG, /* along the line a-b, turned with it, above or below */
    PLACE_WITHIN /* anywhere in the quad `region`, the emptier the better */
};

#define LABEL_LINES 3
struct label {
    char *lines[LABEL_LINES]; /* already fit to be shown (shown_text); owned */
    enum place place;
    struct spot a, b;
    struct quad region;
    double clearance;
    int size;           /* of the first line; further lines use SMALL where it is larger */
    bool bold;          /* the first line */
    const char *colour; /* a literal */
    bool optional;      /* left out rather than laid over a line */
    bool placed, covers;
    struct quad box;
    double radians, cost;
};

struct chart {
    const struct chart_options *options;
    double width, height;
    double top, bottom;         /* what title and footer left for panels, in pixels */
    struct text page, gp, dat;  /* title and footer, the panels, the data */
    struct text plots;          /* the items of the next plot command */
    int blocks;                 /* in .dat */
    int footers;                /* lines of footer written */
    struct panel panel;         /* the one being built */
    double tick_width;          /* of its y axis's widest name */
    struct obstacle *obstacles; /* of this panel */
    int obstacle_count;
    struct label *labels; /* of this panel */
    int label_count;
};

/* --- strings ------------------------------------------------------------------------------------------- */

/* Adds a gnuplot string expression for exactly these bytes. No backtick, '@', backslash or control byte
 * appears in it raw, so nothing is expanded whatever the version of gnuplot. */
void put_string(struct text *t, const char *s);
/* What a reader sees of s: valid UTF-8 on one line ('?' for broken bytes, a blank for control characters),
 * cut with an ellipsis where it is wider than max_width pixels at this size (0: never). Owned by the caller.
 */
char *shown_text(const char *s, double max_width, double size);
double text_width(const char *s, double size, bool bold);

/* --- canvas -------------------------------------------------------------------------------------------- */

/* An empty page of this height; its foot leaves room for the provenance of `records` records and two notes.
 */
void chart_open(struct chart *c, const struct chart_options *o, double height, int records);
/* Title, a line below it, and a key: what each mark means. */
enum { KEY_TEXT = -2 };
struct key_entry {
    const char *text, *colour;
    int point;   /* gnuplot's point type; 0: a line, -1: an area, KEY_TEXT: no mark, the text has the colour */
    bool dashed; /* the line */
};
void chart_heading(struct chart *c, const char *title, const char *subtitle, const struct key_entry *key,
                   int keys);
/* Lines of the footer: where the numbers come from, and what the reader has to know. */
void chart_provenance(struct chart *c, const struct record *r, int samples_low, int samples_high);
void chart_note(struct chart *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes .dat and .gp and, where options say so, runs gnuplot. Frees c. */
bool chart_close(struct chart *c, struct error *e);
void chart_free(struct chart *c);

/* --- panels -------------------------------------------------------------------------------------------- */

/* The i-th of n cells of a grid, its margins for ticks and axis titles taken off. heading: pixels kept above.
 */
struct panel chart_cell(const struct chart *c, int i, int n, double heading);
/* The same, one above the other: for panels with so many labels that they want the whole width. */
struct panel chart_storey(const struct chart *c, int i, int n, double heading);
void panel_open(struct chart *c, struct panel p);
/* Ticks, texts and the plot command. Titles are left out where they are NULL. */
void panel_close(struct chart *c, const char *x_title, const char *y_title);
/* A tick list of round numbers ("0" 0, "20" 20): linear, or 1-2-5 on a logarithmic axis. name "x" or "y". */
void panel_ticks(struct chart *c, const char *name, struct axis a);
/* Powers of two on a logarithmic x axis of bytes: "4 KiB", "1 MiB". */
void panel_byte_ticks(struct chart *c);
/* Powers of ten on a logarithmic y axis of nanoseconds, each in the unit that suits it. */
void panel_time_ticks(struct chart *c);
/* Ticks with names of their own; values ascending. */
void panel_named_ticks(struct chart *c, const char *name, const double *values, const char *const *names,
                       int n);

/* Starts a block of .dat and returns its index; rows follow by text_add on c->dat. */
int chart_block(struct chart *c, const char *comment);
void chart_plot(struct chart *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A polyline of n points, which labels avoid. style: "lc rgb '..' lw 3". */
void chart_line(struct chart *c, const char *comment, const double *x, const double *y, int n,
                const char *style);
/* The area between low and high. */
void chart_band(struct chart *c, const char *comment, const double *x, const double *low, const double *high,
                int n, const char *style);
/* A mark with its error bar in y, which labels avoid. */
void chart_point(struct chart *c, const char *comment, double x, double y, double low, double high, int type,
                 double size, const char *colour);
/* An arrow or plain line between two spots, drawn at once. style: "nohead lw 1 lc rgb '..'". */
void chart_arrow(struct chart *c, struct spot a, struct spot b, const char *style, double weight);
/* A text at a fixed spot, drawn at once. align: "left", "center", "right". */
void chart_text(struct chart *c, struct spot at, const char *align, const char *s, int size, bool bold,
                const char *colour, int degrees);

/* --- labels -------------------------------------------------------------------------------------------- */

void obstacle_add(struct chart *c, struct quad q, double weight);
/* A label with its lines (NULL: none); the caller sets what is special about it. Valid until the next one. */
struct label *label_add(struct chart *c, enum place place, const char *first, const char *second,
                        const char *third);
/* Finds a place for every label of the panel. Returns how many found none and were left out. */
int labels_place(struct chart *c);
void labels_emit(struct chart *c);

/* --- what charts ask of records ------------------------------------------------------------------------ */

bool group_wanted(const char *group, const char *groups); /* is it one of those between commas? NULL: all are wanted */
bool run_wanted(const struct run *r, const struct chart_options *o);   /* of one of the groups */
bool run_drawable(const struct run *r, const struct chart_options *o); /* and ok, and timed */
/* What a run is compared with: its group, else its chain, else its kernel's operation. Returns out. */
#define GROUP_TEXT 96
char *run_group(char out[GROUP_TEXT], const struct run *r);
bool same_group(const struct run *a, const struct run *b);
/* The kernel's name, without its operation where `rung` is set: "2-one-read" of "layernorm/3-one-read". */
const char *run_kernel(const struct run *r, bool rung);
/* Low and high of a rate relative to its median: the interval of the ceiling that has this rate. */
void roof_spread(struct ceilings c, double rate, double footprint, double *low, double *high);
/* The unit that suits times up to max_ns. */
struct time_unit {
    const char *name;
    double ns;
};
struct time_unit time_unit_for(double max_ns);
/* Three digits without an exponent: "74.0", "3.32", "194". Returns out. */
#define DIGITS_TEXT 32
char *three_digits(char out[DIGITS_TEXT], double value);

/* Marker and colour of a variant; the same in every chart. */
struct variant_look {
    const char *name, *colour;
    int point;
};
const struct variant_look *variant_look(const char *variant);

#endif
