/* First runs as bars beside later ones, on every device: with empty caches and filled ones where these were measured. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_roofs.h"

enum { SLOTS = 12, STATES = 3 };

/* A work at one size: a slot of the x axis. */
struct slot {
    const char *group;
    double bytes;
};

struct sheet {
    struct chart chart;
    const struct record *records[DEVICES];
    struct slot slots[SLOTS];
    int devices, slot_count, left_out;
    bool cold; /* the caches' states were measured */
    double low, high;
};

static const struct {
    const char *cold, *warm; /* names where the caches' states were measured, and where not */
    double shade;            /* towards white */
} states[STATES] = {{"empty caches", "first run", 0}, {"filled caches", NULL, 0.45}, {"later call", "later call", 0.75}};

/* --- collecting ---------------------------------------------------------------------------------------- */

static bool belongs(const struct run *r, const struct chart_options *o)
{
    return r->status == RUN_OK && r->group && r->call_ns.n > 0 && isnan(r->roof_ns) && (r->first_ns > 0 || r->cold_ns.n > 0) &&
           group_wanted(r->group, o->group);
}

static void add_slot(struct sheet *s, const struct run *r)
{
    for (int i = 0; i < s->slot_count; i++)
        if (strcmp(s->slots[i].group, r->group) == 0 && s->slots[i].bytes == r->tensor_bytes)
            return;
    if (s->slot_count == SLOTS)
        s->left_out++;
    else
        s->slots[s->slot_count++] = (struct slot){r->group, r->tensor_bytes};
}

/* NAN where there is no such time. */
static double value(const struct sheet *s, const struct run *r, int state)
{
    if (state == 2)
        return r->call_ns.median;
    if (state == 1)
        return r->cached_ns.n ? r->cached_ns.median : NAN;
    return s->cold ? (r->cold_ns.n ? r->cold_ns.median : NAN) : r->first_ns;
}

static void collect(struct sheet *s, const struct record *const *records, int count, const struct chart_options *o)
{
    s->low = INFINITY;
    for (int i = 0; i < count && s->devices < DEVICES; i++) {
        bool any = false;
        for (int k = 0; k < records[i]->run_count; k++) {
            const struct run *r = &records[i]->runs[k];
            if (!belongs(r, o))
                continue;
            any = true;
            s->cold = s->cold || r->cold_ns.n > 0;
            add_slot(s, r);
            s->low = fmin(s->low, r->call_ns.median);
            s->high = fmax(s->high, fmax(r->first_ns > 0 ? r->first_ns : 0, r->cold_ns.n ? r->cold_ns.median : 0));
        }
        if (any)
            s->records[s->devices++] = records[i];
    }
}

static const struct run *run_in(const struct record *r, const struct slot *s, const struct chart_options *o)
{
    for (int i = 0; i < r->run_count; i++)
        if (belongs(&r->runs[i], o) && strcmp(r->runs[i].group, s->group) == 0 && r->runs[i].tensor_bytes == s->bytes)
            return &r->runs[i];
    return NULL;
}

/* --- drawing ------------------------------------------------------------------------------------------- */

static const char *shaded(char out[8], const char *colour, double shade)
{
    unsigned rgb = (unsigned)strtoul(colour + 1, NULL, 16), mixed = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        double c = (double)(rgb >> shift & 255u);
        mixed |= (unsigned)(c + (255 - c) * shade) << shift;
    }
    snprintf(out, 8, "#%06X", mixed & 0xffffffu);
    return out;
}

static bool has_state(const struct sheet *s, int state)
{
    return s->cold || states[state].warm;
}

static int state_count(const struct sheet *s)
{
    return s->cold ? STATES : STATES - 1;
}

/* The left edge of a bar in slots, and its width. */
static double bar_at(const struct sheet *s, int slot, int device, int state, double *width)
{
    int bars = s->devices * state_count(s), order = device * state_count(s) + (state == 2 ? state_count(s) - 1 : state);
    *width = 0.84 / bars;
    return slot + 0.58 + order * *width;
}

/* The time above its bar, upright where there is little room. */
static void bar_text(struct chart *c, double x, double ns, double room)
{
    char digits[DIGITS_TEXT], text[64];
    struct time_unit unit = time_unit_for(ns);
    struct spot at = panel_spot(&c->panel, x, ns);
    snprintf(text, sizeof text, "%s %s", three_digits(digits, ns / unit.ns), unit.name);
    bool upright = text_width(text, SMALL, false) > room;
    chart_text(c, (struct spot){at.x, at.y + (upright ? 8 : 14)}, upright ? "left" : "center", text, SMALL, false, INK, upright ? 90 : 0);
}

static void draw_state(struct sheet *s, const struct chart_options *o, int device, int state)
{
    struct chart *c = &s->chart;
    char colour[8];
    int block = chart_block(c, "left, right, axis, ns"), n = 0;
    for (int i = 0; i < s->slot_count; i++) {
        const struct run *r = run_in(s->records[device], &s->slots[i], o);
        double ns = r ? value(s, r, state) : NAN, width, left = bar_at(s, i, device, state, &width);
        if (!(ns > 0))
            continue;
        text_add(&c->dat, "%.6f %.6f %.9g %.9g\n", left + 0.02 * width, left + 0.94 * width, c->panel.y.low, ns);
        bar_text(c, left + width / 2, ns, width / s->slot_count * (c->panel.right - c->panel.left) * 0.98);
        n++;
    }
    if (n == 0)
        text_add(&c->dat, "NaN NaN NaN NaN\n");
    else
        chart_plot(c, "data index %d using 1:4:1:2:3:4 with boxxyerror fc rgb '%s' fs solid 1 noborder", block,
                   shaded(colour, device_colours[device], states[state].shade));
}

/* Names in two lines: the work, and its size where several were measured. */
static void slot_names(struct sheet *s)
{
    struct chart *c = &s->chart;
    const double outside = -1; /* no ticks of gnuplot's own */
    const char *const nothing = "";
    double width = (c->panel.right - c->panel.left) / s->slot_count * 0.96;
    bool sizes = false;
    for (int i = 1; i < s->slot_count; i++)
        sizes = sizes || s->slots[i].bytes != s->slots[0].bytes;
    for (int i = 0; i < s->slot_count; i++) {
        double mib = s->slots[i].bytes / (1 << 20), x = panel_spot(&c->panel, i + 1, c->panel.y.low).x;
        char *shown = shown_text(s->slots[i].group, width, SMALL), size[UNITS_TEXT];
        chart_text(c, (struct spot){x, c->panel.bottom - 24}, "center", shown, SMALL, false, INK, 0);
        free(shown);
        snprintf(size, sizeof size, mib >= 1 ? "%.3g MiB" : "%.3g KiB", mib >= 1 ? mib : mib * 1024);
        if (sizes || i == 0)
            chart_text(c, (struct spot){x, c->panel.bottom - 50}, "center", size, SMALL, false, GREY, 0);
    }
    panel_named_ticks(c, "x", &outside, &nothing, 1);
}

static void heading(struct sheet *s, const struct chart_options *o)
{
    struct key_entry key[DEVICES * STATES];
    char names[DEVICES * STATES][ROOF_NAME], colours[DEVICES * STATES][8], line[160];
    int n = 0;
    for (int d = 0; d < s->devices; d++)
        for (int k = 0; k < STATES; k++)
            if (has_state(s, k)) {
                char device[SHORT_NAME];
                snprintf(names[n], sizeof names[n], "%.26s, %s", short_name(device, s->records[d]->device),
                         s->cold ? states[k].cold : states[k].warm);
                key[n] = (struct key_entry){names[n], shaded(colours[n], device_colours[d], states[k].shade), -1, false};
                n++;
            }
    const char *title = o->title ? o->title : s->records[0]->title;
    snprintf(line, sizeof line, "time by the host's clock, logarithmic%s", s->cold ? "; caches of compiled code empty or filled" : "");
    chart_heading(&s->chart, title ? title : "First runs and later ones", line, key, n);
}

bool chart_first(const struct record *const *records, int count, const struct chart_options *o, struct error *e)
{
    struct sheet s = {0};
    collect(&s, records, count, o);
    if (s.slot_count == 0)
        return error_set(e, EXIT_USAGE, "no chart of first runs: the record has none; measure them with 'rooflab experiment first-run'");
    chart_open(&s.chart, o, 1000, s.devices);
    heading(&s, o);
    for (int i = 0; i < s.devices; i++)
        chart_provenance(&s.chart, s.records[i], 0, 0);
    if (s.left_out)
        chart_note(&s.chart, "%d more works found no room", s.left_out);
    struct panel p = chart_cell(&s.chart, 0, 1, 10);
    p.x = (struct axis){0.5, s.slot_count + 0.5, false};
    p.y = (struct axis){s.low / 3, s.high * 12, true};
    panel_open(&s.chart, p);
    for (int d = 0; d < s.devices; d++)
        for (int k = 0; k < STATES; k++)
            if (has_state(&s, k))
                draw_state(&s, o, d, k);
    slot_names(&s);
    panel_time_ticks(&s.chart);
    panel_close(&s.chart, NULL, NULL);
    return chart_close(&s.chart, e);
}
