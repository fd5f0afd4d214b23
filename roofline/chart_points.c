/* What the two rooflines share: runs as points under the roofs, their ranges, labels and arrows, and the page
 * around them. What x, y and the roofs are is the business of chart_roofline.c and chart_instructions.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_roofs.h"

/* --- ranges -------------------------------------------------------------------------------------------- */

static void ranges(struct page *p, const struct panel *area)
{
    double left = INFINITY, right = -INFINITY, low = INFINITY, ridge = 0, high = fmax(p->peak, 0);
    for (int i = 0; i < p->point_count; i++) {
        left = fmin(left, fmin(p->points[i].x, p->points[i].issued));
        right = fmax(right, fmax(p->points[i].x, p->points[i].issued));
        low = fmin(low, p->points[i].low);
        high = fmax(high, p->points[i].high);
        if (p->points[i].mix > 0) {
            low = fmin(low, p->points[i].mix);
            high = fmax(high, p->points[i].mix);
        }
    }
    for (int i = 0; i < p->roof_count && p->sectors; i++) /* every kind of operation is to be seen */
        low = p->roofs[i].slope ? low : fmin(low, p->roofs[i].rate.median);
    if (p->copy > 0 && p->best_peak > 0)
        ridge = p->best_peak / p->copy;
    left = isfinite(left) ? left / 3 : ridge > 0 ? ridge / 100 : 0.05;
    double level = p->sectors ? 8 : 4; /* many levels want long lines for their texts */
    right = fmax(fmax(right, 0) * (!p->ladder ? 4 : p->devices > 1 ? 16 : 8), fmax(ridge * level, left * 100));
    if (!(high > 0))
        high = fmax(p->bound, 1) * right;
    low = fmin(low, p->copy > 0 ? p->copy * left : high / 1e3) / 2;
    high = fmin(fmax(high, p->chart.options->spec_ops_per_s / (p->sectors ? 2 : 1)), 10 * high) * 2.6;
    p->x = (struct axis){left, right, true};
    /* Texts turn by whole degrees: the range is stretched until the slopes have such an angle. */
    double aspect = (area->top - area->bottom) / (area->right - area->left) * log10(right / left);
    double degrees = fmax(floor(atan(aspect / log10(high / low)) * 180 / M_PI), 10);
    p->y = (struct axis){high / pow(10, aspect / tan(degrees * M_PI / 180)), high, true};
    p->unit = high / p->y.low > 1e5 ? 1 : p->y.low > 1e10 ? 1e12 : 1e9;
}

/* Where devices lie decades apart no single unit suits them: "10 G", "1 T". */
static void prefix_ticks(struct page *p)
{
    static const char *const prefixes[] = {"", " k", " M", " G", " T", " P", " E"};
    double values[24];
    char texts[24][16];
    const char *names[24];
    int n = 0;
    for (int decade = (int)ceil(log10(p->y.low)); decade <= log10(p->y.high) && n < 24; decade++) {
        if (decade < 0 || decade >= 21)
            continue;
        values[n] = pow(10, decade);
        snprintf(texts[n], sizeof texts[n], "%.0f%s", pow(10, decade % 3), prefixes[decade / 3]);
        names[n] = texts[n];
        n++;
    }
    panel_named_ticks(&p->chart, "y", values, names, n);
}

/* --- drawing runs -------------------------------------------------------------------------------------- */

static struct spot at(const struct page *p, double x, double flops)
{
    return panel_spot(&p->chart.panel, x, flops / p->unit);
}

/* Marks of one device: open is unfused, filled is fused, open with a core is grouped. */
static const int device_marks[DEVICES][2] = {{6, 7}, {4, 5}, {12, 13}, {8, 9}, {10, 11}};

static bool is_variant(const struct run *r, const char *variant)
{
    return r->variant && strcmp(r->variant, variant) == 0;
}

static const char *point_colour(const struct page *p, const struct point *q)
{
    if (q->colour)
        return q->colour;
    return p->devices > 1 ? device_colours[q->device] : variant_look(q->run->variant)->colour;
}

/* The roof of the run's own mix of operations: a dash, with a stem where it is far from the mark. */
static void draw_mix(struct page *p, const struct point *q, const char *colour)
{
    struct spot mark = at(p, q->x, q->y), dash = at(p, q->x, q->mix);
    double gap = dash.y > mark.y ? 14 : -14;
    char style[96];
    chart_block(&p->chart, "of the point before: op/sector, the rate that its mix of operations allows");
    text_add(&p->chart.dat, "%.9g %.9g\n", q->x, q->mix / p->unit);
    snprintf(style, sizeof style, "nohead lw 3.5 lc rgb '%s' front", colour);
    chart_arrow(&p->chart, (struct spot){dash.x - 20, dash.y}, (struct spot){dash.x + 20, dash.y}, style, 50);
    snprintf(style, sizeof style, "nohead lw 1.2 dt " DOTTED " lc rgb '%s' front", colour);
    if (fabs(dash.y - mark.y) > 24)
        chart_arrow(&p->chart, (struct spot){mark.x, mark.y + gap}, dash, style, 30);
}

static void draw_point(struct page *p, const struct point *q)
{
    const char *colour = point_colour(p, q);
    const int *marks = device_marks[q->device];
    double y = q->y / p->unit, low = q->low / p->unit, high = q->high / p->unit;
    bool grouped = is_variant(q->run, "grouped"), open = grouped || is_variant(q->run, "unfused");
    int mark = p->devices == 1 ? variant_look(q->run->variant)->point : marks[open ? 0 : 1];
    char name[256], group[GROUP_TEXT];
    snprintf(name, sizeof name, "%.80s %.80s: %s, rate, low, high", run_group(group, q->run),
             q->run->variant ? q->run->variant : "", p->sectors ? "op/sector" : "flop/byte");
    if (fabs(q->issued / q->x - 1) > 0.01 && !p->layers) {
        char style[96];
        snprintf(style, sizeof style, "heads size screen 0.005,90 lw 1.6 lc rgb '%s' front", colour);
        chart_arrow(&p->chart, at(p, q->issued, q->y), at(p, q->x, q->y), style, p->ladder ? 90 : 40);
    }
    chart_point(&p->chart, name, q->x, y, low, high, mark, p->layers ? 1.4 : 2.4, colour);
    if (q->mix > 0)
        draw_mix(p, q, colour);
    if (grouped && p->devices > 1)
        chart_point(&p->chart, name, q->x, y, low, high, marks[1], 1, colour);
}

static void label_point(struct page *p, const struct point *q, bool groups)
{
    char text[200], rate[UNITS_TEXT], group[GROUP_TEXT];
    bool single = !q->run->variant || is_variant(q->run, "single");
    const char *name = single ? run_kernel(q->run, !groups) : q->run->variant;
    snprintf(text, sizeof text, "%.60s%s%.100s", groups && !single ? run_group(group, q->run) : "",
             groups && !single ? " " : "", name);
    struct label *l = label_add(&p->chart, PLACE_NEAR, text, roofs_rate(rate, p, false, q->y),
                                *q->note ? q->note : NULL);
    l->a = at(p, q->x, q->y);
    l->size = SMALL;
    l->bold = true;
    l->clearance = 16;
    l->colour = point_colour(p, q);
}

/* The unfused run that a fused one is compared with; NULL for all other runs. */
static const struct point *partner(const struct page *p, const struct point *fused)
{
    if (!is_variant(fused->run, "fused"))
        return NULL;
    for (int i = 0; i < p->point_count; i++) {
        const struct point *q = &p->points[i];
        if (q->device == fused->device && is_variant(q->run, "unfused") && same_group(q->run, fused->run) &&
            fabs(q->run->tensor_bytes - fused->run->tensor_bytes) < 1)
            return q;
    }
    return NULL;
}

static void arrow_text(const struct run *slow, const struct run *fast, char *first, char *second, size_t size)
{
    bool told = fast->speedup.n > 0 && (!fast->speedup_over || strcmp(fast->speedup_over, "unfused") == 0);
    double measured = told ? fast->speedup.median : slow->time_ns.median / fast->time_ns.median;
    double predicted = fast->speedup_predicted > 0 ? fast->speedup_predicted : slow->roof_ns / fast->roof_ns;
    char digits[DIGITS_TEXT], group[GROUP_TEXT];
    snprintf(first, size, "%.60s: %sx measured", run_group(group, fast), three_digits(digits, measured));
    *second = 0;
    if (isfinite(predicted))
        snprintf(second, size, "%sx predicted", three_digits(digits, predicted));
}

/* From the unfused point to the fused one, stopping short of both marks. */
static void draw_step(struct page *p, const struct point *fused, const struct point *slow)
{
    char style[96];
    struct spot a = at(p, slow->x, slow->y), b = at(p, fused->x, fused->y);
    double dx = b.x - a.x, dy = b.y - a.y, far = hypot(dx, dy), gap = 18;
    if (far < 3 * gap)
        return;
    struct spot from = {a.x + dx / far * gap, a.y + dy / far * gap},
                to = {b.x - dx / far * gap, b.y - dy / far * gap};
    snprintf(style, sizeof style, "head filled size screen 0.009,18 lw 2 lc rgb '%s' front",
             p->devices > 1 ? device_colours[fused->device] : INK);
    chart_arrow(&p->chart, from, to, style, 60);
}

/* The speed-up stands beside the arrow; where many arrows lie on one another, beside its head. */
static void label_step(struct page *p, const struct point *fused, const struct point *slow, bool many)
{
    char first[128], second[128];
    struct spot a = at(p, slow->x, slow->y), b = at(p, fused->x, fused->y);
    arrow_text(slow->run, fused->run, first, second, sizeof second);
    struct label *l = label_add(&p->chart, PLACE_NEAR, first, *second ? second : NULL, NULL);
    l->a = many ? b : (struct spot){(a.x + b.x) / 2, (a.y + b.y) / 2};
    l->clearance = many ? 16 : 8;
    l->size = SMALL;
    l->colour = p->devices > 1 ? device_colours[fused->device] : INK;
}

/* --- a ladder's trajectory ----------------------------------------------------------------------------- */

static bool same_operation(const struct run *a, const struct run *b)
{
    size_t n = strcspn(a->kernel, "/");
    return strncmp(a->kernel, b->kernel, n + 1) == 0;
}

/* So many points are rather joined and numbered than each called by its name. */
enum { LADDER_LEAST = 3 };

static bool is_ladder(const struct page *p)
{
    bool all = p->point_count >= LADDER_LEAST && !p->sectors && !p->layers;
    for (int i = 0; i < p->point_count && all; i++) {
        const struct run *r = p->points[i].run;
        all = r->kernel && !r->chain && rung_of(r->kernel) && same_group(r, p->points[0].run) &&
              (i == 0 || same_operation(r, p->points[0].run));
    }
    return all;
}

/* A thin arrow from rung to rung. Rungs over the same bytes lie above one another: their arrow bows to the left, the more the
 * farther it goes. */
static void draw_climb(struct page *p, const struct point *from, const struct point *to)
{
    enum { PIECES = 10 };
    const double gap = 14; /* in front of the mark */
    struct spot a = at(p, from->x, from->y), b = at(p, to->x, to->y), last = a;
    double far = hypot(b.x - a.x, b.y - a.y), bow = fabs(b.x - a.x) < 0.3 * far ? fmin(24 + 0.25 * far, 130) : 0;
    char line[96], head[96];
    const char *colour = p->devices > 1 ? device_colours[from->device] : GREY;
    if (far < 2 * gap)
        return;
    snprintf(line, sizeof line, "nohead lw 1.2 lc rgb '%s' back", colour);
    snprintf(head, sizeof head, "head filled size screen 0.007,18 lw 1.2 lc rgb '%s' back", colour);
    for (int i = 1; i <= PIECES; i++) {
        double t = (1 - gap / (far + bow)) * i / PIECES, side = 4 * bow * t * (1 - t);
        struct spot next = {a.x + t * (b.x - a.x) - side, a.y + t * (b.y - a.y)};
        chart_arrow(&p->chart, last, next, i == PIECES ? head : line, 12);
        last = next;
    }
}

static void label_number(struct page *p, const struct point *q)
{
    char number[16];
    snprintf(number, sizeof number, "%d", rung_number(q->run->kernel));
    struct label *l = label_add(&p->chart, PLACE_NEAR, number, NULL, NULL);
    l->a = at(p, q->x, q->y);
    l->size = NORMAL;
    l->bold = true;
    l->clearance = 15;
    l->colour = point_colour(p, q);
}

static void draw_ladder(struct page *p)
{
    for (int i = 0; i + 1 < p->point_count; i++)
        if (p->points[i].device == p->points[i + 1].device)
            draw_climb(p, &p->points[i], &p->points[i + 1]);
    for (int i = 0; i < p->point_count; i++)
        label_number(p, &p->points[i]);
}

static void draw_runs(struct page *p)
{
    bool groups = false, few = p->point_count <= FEW_POINTS;
    int steps = 0;
    for (int i = 0; i < p->point_count; i++)
        groups = groups || !same_group(p->points[i].run, p->points[0].run) ||
                 (p->points[i].run->kernel && p->points[0].run->kernel && !same_operation(p->points[i].run, p->points[0].run));
    for (int i = 0; i < p->point_count; i++)
        draw_point(p, &p->points[i]);
    if (p->layers)
        return;
    if (p->ladder) {
        draw_ladder(p);
        return;
    }
    for (int i = 0; i < p->point_count; i++)
        if (partner(p, &p->points[i])) {
            draw_step(p, &p->points[i], partner(p, &p->points[i]));
            steps++;
        }
    for (int i = 0; i < p->point_count; i++)
        if (few || !p->points[i].run->variant || is_variant(p->points[i].run, "single"))
            label_point(p, &p->points[i], groups);
    for (int i = 0; i < p->point_count; i++)
        if (partner(p, &p->points[i]))
            label_step(p, &p->points[i], partner(p, &p->points[i]), steps > 2 * p->devices);
}

/* --- the page ------------------------------------------------------------------------------------------ */

struct page page_of(const struct record *const *records, int count)
{
    return (struct page){.records = records,
                         .all = count,
                         .devices = count < DEVICES ? count : DEVICES,
                         .bound = NAN,
                         .peak = NAN,
                         .copy = NAN,
                         .best_peak = NAN};
}

static int variants_key(const struct page *p, struct key_entry *key)
{
    static const char *const names[] = {"unfused", "grouped", "fused", "single"};
    static const char *const texts[] = {"unfused", "grouped", "fused", "one kernel"};
    int n = 0;
    for (int v = 0; v < 4; v++)
        for (int i = 0; i < p->point_count; i++)
            if (is_variant(p->points[i].run, names[v])) {
                const struct variant_look *look = variant_look(names[v]);
                key[n++] = (struct key_entry){texts[v], look->colour, look->point, false};
                break;
            }
    return n;
}

/* The names of a ladder's rungs, each once. */
static int rungs_key(const struct page *p, struct key_entry *key)
{
    int n = 0;
    for (int i = 0; i < p->point_count; i++) {
        const char *name = run_kernel(p->points[i].run, true);
        bool seen = false;
        for (int k = 0; k < n; k++)
            seen = seen || strcmp(key[k].text, name) == 0;
        if (!seen)
            key[n++] = (struct key_entry){name, INK, KEY_TEXT, false};
    }
    return n;
}

int page_key(struct page *p, struct key_entry key[PAGE_KEYS])
{
    int n = 0;
    p->ladder = is_ladder(p);
    if (p->devices == 1 && p->layers)
        return 0;
    if (p->devices == 1 && !p->ladder)
        return variants_key(p, key);
    for (int d = 0; d < p->devices && p->devices > 1; d++)
        key[n++] = (struct key_entry){p->records[d]->device ? p->records[d]->device : "unknown device",
                                      p->layers ? INK : device_colours[d],
                                      device_marks[d][1], false};
    return n + (p->ladder ? rungs_key(p, key + n) : 0);
}

void page_provenance(struct page *p)
{
    for (int d = 0; d < p->devices; d++) {
        int low = 0, high = 0;
        for (int i = 0; i < p->point_count; i++) {
            int n = p->points[i].run->time_ns.n;
            if (p->points[i].device != d)
                continue;
            low = low == 0 || n < low ? n : low;
            high = n > high ? n : high;
        }
        chart_provenance(&p->chart, p->records[d], low, high);
    }
}

void page_draw(struct page *p, const char *x_title, const char *y_title)
{
    char title[96];
    struct panel area = chart_cell(&p->chart, 0, 1, 6);
    ranges(p, &area);
    area.x = p->x;
    area.y = (struct axis){p->y.low / p->unit, p->y.high / p->unit, true};
    panel_open(&p->chart, area);
    roofs_draw(p);
    draw_runs(p);
    panel_ticks(&p->chart, "x", area.x);
    if (p->unit > 1)
        panel_ticks(&p->chart, "y", area.y);
    else
        prefix_ticks(p);
    snprintf(title, sizeof title, "%s (%s%s)", y_title, p->unit > 1e10 ? "T" : p->unit > 1 ? "G" : "",
             p->sectors ? "op/s" : "FLOP/s");
    panel_close(&p->chart, x_title, title);
}
