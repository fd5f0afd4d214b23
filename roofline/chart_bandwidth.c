/* Bandwidth over footprint: where the caches end and what memory gives. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_parts.h"

enum { NODES = 64, CURVES = 2 * MIX_COUNT * VIA_COUNT };
/* So many footprints are a sweep over powers of two; what was measured between them, in the rounds of runs, is no part of
 * its line. */
enum { SWEEP_LEAST = 5 };

/* The best ceiling of one mix by one way at every measured footprint, ascending. */
struct curve {
    enum mix mix;
    enum via via;
    bool loose; /* beside a sweep: marks without a line */
    const struct ceiling *nodes[NODES];
    int count;
};

static const struct {
    const char *colour;
    int open, filled; /* marks of commands and of kernels */
} mix_looks[MIX_COUNT] = {[MIX_READ] = {GREEN, 8, 9},
                          [MIX_WRITE] = {VERMILLION, 4, 5},
                          [MIX_COPY] = {BLUE, 6, 7},
                          [MIX_TRIAD] = {PURPLE, 12, 13}};

/* --- collecting ---------------------------------------------------------------------------------------- */

static void insert_node(struct curve *c, const struct ceiling *node)
{
    int at = 0;
    while (at < c->count && c->nodes[at]->footprint_bytes < node->footprint_bytes)
        at++;
    if (at < c->count && c->nodes[at]->footprint_bytes == node->footprint_bytes) {
        if (node->value.median > c->nodes[at]->value.median)
            c->nodes[at] = node;
        return;
    }
    if (c->count == NODES)
        return;
    memmove(&c->nodes[at + 1], &c->nodes[at], (size_t)(c->count - at) * sizeof *c->nodes);
    c->nodes[at] = node;
    c->count++;
}

static bool is_power(const struct ceiling *node)
{
    return exp2(round(log2(node->footprint_bytes))) == node->footprint_bytes;
}

/* Takes what is no part of the sweep out of a curve that has one. */
static struct curve split(struct curve *c)
{
    struct curve loose = {.mix = c->mix, .via = c->via, .loose = true};
    int powers = 0, kept = 0;
    for (int i = 0; i < c->count; i++)
        powers += is_power(c->nodes[i]);
    for (int i = 0; i < c->count && powers >= SWEEP_LEAST; i++)
        if (is_power(c->nodes[i]))
            c->nodes[kept++] = c->nodes[i];
        else
            loose.nodes[loose.count++] = c->nodes[i];
    c->count = powers >= SWEEP_LEAST ? kept : c->count;
    return loose;
}

static int collect(const struct record *r, struct curve *curves)
{
    int n = 0;
    for (int m = 0; m < MIX_COUNT; m++)
        for (int v = 0; v < VIA_COUNT; v++) {
            struct curve c = {.mix = (enum mix)m, .via = (enum via)v};
            for (int i = 0; i < r->ceiling_count; i++) {
                const struct ceiling *x = &r->ceilings[i];
                if (x->kind == CEILING_BANDWIDTH && x->mix == c.mix && x->via == c.via && x->value.n > 0 &&
                    x->value.median > 0 && x->footprint_bytes > 0)
                    insert_node(&c, x);
            }
            struct curve loose = split(&c);
            if (c.count)
                curves[n++] = c;
            if (loose.count)
                curves[n++] = loose;
        }
    return n;
}

static const char *via_words(const struct curve *c)
{
    static const char *const words[VIA_COUNT] = {
        [VIA_SHADER] = "kernel", [VIA_COMMAND] = "command", [VIA_NATIVE] = "native"};
    return words[c->via];
}

/* What a write command does is to fill. */
static const char *mix_words(const struct curve *c)
{
    return c->mix == MIX_WRITE && c->via == VIA_COMMAND ? "fill" : mix_name(c->mix);
}

/* --- ranges -------------------------------------------------------------------------------------------- */

/* Returns the bytes/s of one unit on the y axis. */
static double ranges(struct panel *p, const struct curve *curves, int n)
{
    double low = INFINITY, high = 0, left = INFINITY, right = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < curves[i].count; j++) {
            const struct ceiling *x = curves[i].nodes[j];
            low = fmin(low, x->value.median);
            high = fmax(high, fmax(x->value.median, x->value.high));
            left = fmin(left, x->footprint_bytes);
            right = fmax(right, x->footprint_bytes);
        }
    p->x = (struct axis){left / 1.5, right * 1.5, true};
    /* A cache that is more than ten times as fast as memory would press memory's lines onto the axis. */
    double unit = high >= 2e12 ? 1e12 : 1e9;
    low /= unit;
    high /= unit;
    p->y =
        high > 12 * low ? (struct axis){low / 1.8, high * 1.8, true} : (struct axis){0, high * 1.12, false};
    return unit;
}

/* --- drawing ------------------------------------------------------------------------------------------- */

static void draw_curve(struct chart *c, const struct curve *v, double unit)
{
    double x[NODES], y[NODES], low[NODES], high[NODES];
    char name[96], style[128];
    const char *colour = mix_looks[v->mix].colour;
    bool command = v->via == VIA_COMMAND;
    for (int i = 0; i < v->count; i++) {
        const struct ceiling *node = v->nodes[i];
        x[i] = node->footprint_bytes;
        y[i] = node->value.median / unit;
        low[i] = fmax(node->value.low / unit, c->panel.y.low);
        high[i] = node->value.high / unit;
        obstacle_add(c, quad_box(panel_spot(&c->panel, x[i], y[i]), 16, 16, 0), 60);
    }
    snprintf(name, sizeof name, "%s, %s%s: footprint, bytes/s in the unit of the axis", mix_words(v), via_words(v),
             v->loose ? ", with the runs" : "");
    if (v->loose) {
        int block = chart_block(c, name);
        for (int i = 0; i < v->count; i++)
            text_add(&c->dat, "%.9g %.9g\n", x[i], y[i]);
        chart_plot(c, "data index %d using 1:2 with points pt %d ps 1.5*dot lw 1.5 lc rgb '%s'", block, mix_looks[v->mix].filled, colour);
        return;
    }
    snprintf(style, sizeof style, "fc rgb '%s' fs transparent solid 0.2", colour);
    chart_band(c, name, x, low, high, v->count, style);
    snprintf(style, sizeof style, "lc rgb '%s' lw 2.2 dt %s", colour, command ? DASHED : "1");
    chart_line(c, name, x, y, v->count, style);
    chart_plot(c, "data index %d using 1:2 with points pt %d ps 1.5*dot lw 1.5 lc rgb '%s'", c->blocks - 1,
               command ? mix_looks[v->mix].open : mix_looks[v->mix].filled, colour);
}

/* The name and the value that counts, the one in memory, beside the end of the line; ends that lie too close
 * are moved apart, in order, and joined with their line. */
static void label_ends(struct chart *c, const struct curve *curves, int all, double unit, bool narrow)
{
    int n = 0;
    const double step = SMALL * 1.35;
    int order[CURVES];
    double ends[CURVES], y[CURVES];
    char text[96], value[UNITS_TEXT];
    for (int i = 0; i < all; i++) {
        const struct ceiling *last = curves[i].nodes[curves[i].count - 1];
        int at = n;
        if (curves[i].loose)
            continue;
        n++;
        ends[i] = panel_spot(&c->panel, last->footprint_bytes, last->value.median / unit).y;
        for (; at > 0 && ends[order[at - 1]] > ends[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (int i = 0; i < n; i++) /* up from below, then down from the top where they ran out of the panel */
        y[i] = fmax(ends[order[i]], i ? y[i - 1] + step : c->panel.bottom + 12);
    for (int i = n - 1; i >= 0; i--)
        y[i] = fmin(y[i], i == n - 1 ? c->panel.top - 12 : y[i + 1] - step);
    for (int i = 0; i < n; i++) {
        const struct curve *v = &curves[order[i]];
        const struct ceiling *last = v->nodes[v->count - 1];
        const char *colour = mix_looks[v->mix].colour;
        struct spot end = panel_spot(&c->panel, last->footprint_bytes, last->value.median / unit);
        struct spot name = {c->panel.right + 22, y[i]};
        chart_arrow(c, (struct spot){end.x + 10, end.y}, (struct spot){name.x - 5, name.y},
                    "nohead lw 1 lc rgb '" GREY "'", 0);
        units_format(value, UNIT_BYTES_PER_S, last->value.median);
        snprintf(text, sizeof text, narrow ? "%s %s" : "%s %s, %s", mix_words(v), via_words(v), value);
        chart_text(c, name, "left", text, SMALL, false, colour, 0);
    }
}

static void draw_plateau(struct chart *c, const struct record *r)
{
    double edge = ceilings_last_plateau(record_ceilings(r));
    char text[96], size[UNITS_TEXT];
    const struct panel *p = &c->panel;
    if (!(edge > 0))
        return;
    struct spot top = panel_spot(p, edge, p->y.high), foot = panel_spot(p, edge, p->y.low);
    double mib = edge / (1 << 20), kib = edge / (1 << 10);
    chart_arrow(c, top, foot, "nohead lw 1.5 dt " DOTTED " lc rgb '" INK "' back", 30);
    snprintf(size, sizeof size, mib >= 1 ? "%.4g MiB" : "%.4g KiB", mib >= 1 ? mib : kib);
    snprintf(text, sizeof text, "last cache plateau: %s", size);
    struct label *l = label_add(c, PLACE_NEAR, text, "to the right: memory", NULL);
    l->a = (struct spot){top.x, top.y - 36};
    l->clearance = 6;
    l->size = SMALL;
}

/* Where the copy's levels end. Names stand at the foot, where a falling curve leaves room. */
static void draw_levels(struct chart *c, const struct record *r)
{
    const struct panel *p = &c->panel;
    double left = p->left;
    for (int i = 0; i < r->level_count; i++) {
        const struct memory_level *l = &r->levels[i], *next = i + 1 < r->level_count ? l + 1 : NULL;
        if (l->mix != MIX_COPY || !(l->from_bytes > 0) || !(l->to_bytes >= l->from_bytes))
            continue;
        bool last = !next || next->mix != l->mix;
        struct spot edge = panel_spot(p, last ? l->to_bytes : sqrt(l->to_bytes * next->from_bytes), p->y.low);
        if (!last)
            chart_arrow(c, (struct spot){edge.x, p->top}, edge,
                        "nohead lw 1.5 dt " DOTTED " lc rgb '" INK "' back", 30);
        chart_text(c, (struct spot){(left + (last ? p->right : edge.x)) / 2, p->bottom + 14}, "center", l->name, SMALL,
                   false, INK, 0);
        left = edge.x;
    }
}

static bool has_copy_levels(const struct record *r)
{
    int n = 0;
    for (int i = 0; i < r->level_count; i++)
        n += r->levels[i].mix == MIX_COPY;
    return n > 1;
}

static void draw_record(struct chart *c, const struct record *r, int i, int n)
{
    struct curve curves[CURVES];
    int count = collect(r, curves);
    struct panel p = chart_cell(c, i, n, n > 1 ? 48 : 10);
    p.right -= n > 2 ? 170 : 270;
    double unit = ranges(&p, curves, count);
    char y_title[48];
    panel_open(c, p);
    if (n > 1) {
        char *shown = shown_text(r->device ? r->device : "unknown device", p.right - p.left, NORMAL);
        chart_text(c, (struct spot){p.left, p.top + 24}, "left", shown, NORMAL, true, INK, 0);
        free(shown);
    }
    for (int j = 0; j < count; j++)
        draw_curve(c, &curves[j], unit);
    label_ends(c, curves, count, unit, n > 2);
    if (n <= 2 && has_copy_levels(r)) /* names of levels need room */
        draw_levels(c, r);
    else
        draw_plateau(c, r);
    panel_byte_ticks(c);
    panel_ticks(c, "y", p.y);
    snprintf(y_title, sizeof y_title, "bandwidth (%s%s)", unit > 1e10 ? "TB/s" : "GB/s",
             p.y.log ? ", logarithmic" : "");
    panel_close(c, n > 2 ? "footprint" : "footprint (distinct bytes touched)", y_title);
}

static void footer(struct chart *c, const struct record *const *records, int shown, int count)
{
    for (int i = 0; i < shown; i++) {
        int low = 0, high = 0;
        for (int j = 0; j < records[i]->ceiling_count; j++) {
            int n = records[i]->ceilings[j].value.n;
            low = low == 0 || (n > 0 && n < low) ? n : low;
            high = n > high ? n : high;
        }
        chart_provenance(c, records[i], low, high);
    }
    if (count > shown)
        chart_note(c, "%d of %d records are shown", shown, count);
    chart_note(c, "the best access and workgroup at each footprint; bands: 95 %% intervals; filled: kernels, open: commands; off a "
                  "line: with the runs");
}

bool chart_bandwidth(const struct record *const *records, int count, const struct chart_options *o,
                     struct error *e)
{
    const struct record *shown[CHART_PANELS];
    struct curve curves[CURVES];
    int n = 0, all = 0;
    for (int i = 0; i < count; i++) {
        bool measured = collect(records[i], curves) > 0;
        all += measured;
        if (measured && n < CHART_PANELS)
            shown[n++] = records[i];
    }
    if (n == 0)
        return error_set(e, EXIT_USAGE,
                         "no bandwidth chart: the record has no bandwidth ceilings; measure them with "
                         "'rooflab ceilings'");
    struct chart c;
    char line[256];
    chart_open(&c, o, n > 3 ? 1200 : 1000, n);
    snprintf(line, sizeof line, "Bandwidth over the bytes touched%s%.160s", n == 1 ? " on " : "",
             n > 1              ? ""
             : shown[0]->device ? shown[0]->device
                                : "an unknown device");
    const char *title = o->title ? o->title : shown[0]->title;
    chart_heading(&c, title ? title : "What fits a cache is fast; what does not gets the bandwidth of memory",
                  line, NULL, 0);
    footer(&c, shown, n, all);
    for (int i = 0; i < n; i++)
        draw_record(&c, shown[i], i, n);
    return chart_close(&c, e);
}
