/* Bars: a row per rung of a ladder, with the time that was measured, the roof's and the bound's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_parts.h"
#include "roofline/ladder.h"

enum { ROWS = 24 };
#define ROW_HEIGHT 44.0
#define BAR        0.33 /* half a bar's height, in rows */

/* The runs of one group on one device. */
struct ladder {
    const struct record *record;
    char group[GROUP_TEXT];
    const struct run *runs[ROWS];
    int count, left_out;
    bool several; /* operations */
    bool flops;   /* rates are told in operations: arithmetic binds most rungs */
};

/* --- collecting ---------------------------------------------------------------------------------------- */

static bool belongs(const struct run *r, const struct chart_options *o)
{
    return r->kernel && !r->chain && rung_of(r->kernel) && run_wanted(r, o);
}

static void add_run(struct ladder *l, const struct run *r)
{
    if (l->count == ROWS) {
        l->left_out++;
        return;
    }
    size_t n = (size_t)(rung_of(r->kernel) - r->kernel);
    for (int i = 0; i < l->count; i++)
        l->several = l->several || strncmp(l->runs[i]->kernel, r->kernel, n) != 0;
    l->runs[l->count++] = r;
}

/* Ladders of all records, those of one group beside each other. */
static int collect(const struct record *const *records, int count, const struct chart_options *o, struct ladder *list)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < records[i]->run_count; k++) {
            const struct run *r = &records[i]->runs[k];
            char group[GROUP_TEXT];
            int at = 0;
            if (!belongs(r, o))
                continue;
            while (at < n && (list[at].record != records[i] || strcmp(list[at].group, run_group(group, r)) != 0))
                at++;
            if (at == CHART_PANELS)
                continue;
            if (at == n) {
                list[n] = (struct ladder){.record = records[i]};
                run_group(list[n++].group, r);
            }
            add_run(&list[at], r);
        }
    return n;
}

static bool is_timed(const struct run *r)
{
    return r->status == RUN_OK && r->time_ns.n > 0 && r->time_ns.median > 0;
}

/* What the others are compared with. */
static const struct run *first_timed(const struct ladder *l)
{
    for (int i = 0; i < l->count; i++)
        if (is_timed(l->runs[i]))
            return l->runs[i];
    return NULL;
}

static const struct run *fastest(const struct ladder *l)
{
    const struct run *best = NULL;
    for (int i = 0; i < l->count; i++)
        if (is_timed(l->runs[i]) && (!best || l->runs[i]->time_ns.median < best->time_ns.median))
            best = l->runs[i];
    return best;
}

/* One unit for a ladder, so that its rates can be compared. */
static bool by_arithmetic(const struct ladder *l)
{
    int by = 0, timed = 0;
    for (int i = 0; i < l->count; i++) {
        const struct run *r = l->runs[i];
        timed += is_timed(r) && r->flops > 0;
        by += is_timed(r) && r->flops > 0 && r->binds && strstr(r->binds, "arithmetic");
    }
    return 2 * by > timed;
}

/* --- drawing ------------------------------------------------------------------------------------------- */

/* Linear from zero where every row can be seen so; times of several decades want a logarithm. */
static struct axis time_axis(const struct ladder *l, double unit)
{
    double low = INFINITY, high = 0, bars = INFINITY;
    for (int i = 0; i < l->count; i++) {
        const struct run *r = l->runs[i];
        if (!is_timed(r))
            continue;
        double roof = ladder_roof_ns(l->record, r);
        high = fmax(high, fmax(r->time_ns.high, fmax(roof, 0)));
        bars = fmin(bars, r->time_ns.median);
        low = fmin(low, r->time_ns.low);
        low = roof > 0 ? fmin(low, roof) : low;
        low = r->bound_ns > 0 ? fmin(low, r->bound_ns) : low;
    }
    if (high > 8 * bars || high > 40 * low)
        return (struct axis){low / 1.5 / unit, high * 1.2 / unit, true};
    return (struct axis){0, high * 1.06 / unit, false};
}

static double longest_name(const struct ladder *l)
{
    double width = 80;
    for (int i = 0; i < l->count; i++)
        width = fmax(width, text_width(run_kernel(l->runs[i], !l->several), SMALL, true));
    return fmin(width, 420);
}

/* What stands behind a row: its time, its rate, and how many times as fast as the first rung it is. */
static void row_values(struct chart *c, const struct ladder *l, const struct run *r, double y, const char *colour)
{
    char time[DIGITS_TEXT], rate[UNITS_TEXT], text[96];
    struct time_unit unit = time_unit_for(r->time_ns.median);
    bool flops = l->flops; /* integer rungs among them have no rate */
    double work = flops ? ladder_flops(l->record, r) : r->bytes_compulsory, x = c->panel.right + 24;
    bool best = r == fastest(l);
    snprintf(text, sizeof text, "%s %s", three_digits(time, r->time_ns.median / unit.ns), unit.name);
    chart_text(c, (struct spot){x + 88, y}, "right", text, SMALL, best, colour, 0);
    if (work > 0)
        chart_text(c, (struct spot){x + 268, y}, "right",
                   units_format(rate, flops ? UNIT_OPS_PER_S : UNIT_BYTES_PER_S, work / r->time_ns.median * 1e9), SMALL, best, colour, 0);
    if (r->speedup.n > 0 || r == first_timed(l)) {
        snprintf(text, sizeof text, "%sx", three_digits(time, r->speedup.n > 0 ? r->speedup.median : 1));
        chart_text(c, (struct spot){x + 350, y}, "right", text, SMALL, best, colour, 0);
    }
}

static void draw_row(struct chart *c, const struct ladder *l, int i)
{
    const struct panel *p = &c->panel;
    const struct run *r = l->runs[i];
    bool timed = is_timed(r), best = r == fastest(l);
    double y = panel_spot(p, p->x.high, i + 1).y, name = longest_name(l);
    char *shown = shown_text(run_kernel(r, !l->several), name / (best ? 1.12 : 1), SMALL);
    chart_text(c, (struct spot){p->left - 14, y}, "right", shown, SMALL, best, timed ? INK : GREY, 0);
    free(shown);
    if (timed) {
        row_values(c, l, r, y, INK);
        return;
    }
    struct text why = {0};
    text_add(&why, "%s: %s", status_name(r->status), r->why ? r->why : "no reason is given");
    shown = shown_text(text_get(&why), c->width - CHART_MARGIN - p->left - 12, SMALL);
    chart_text(c, (struct spot){p->left + 12, y}, "left", shown, SMALL, false, GREY, 0);
    free(shown);
    text_free(&why);
}

static void put_number(struct text *t, double value)
{
    if (isfinite(value) && value > 0)
        text_add(t, " %.9g", value);
    else
        text_add(t, " NaN");
}

/* One block for the others' bars, one for the best's. */
static void draw_bars(struct chart *c, const struct ladder *l, double unit, bool best)
{
    const char *fill = best ? BLUE : SKY;
    int block = chart_block(c, best ? "the fastest rung: row, axis, time, low, high, roof, bound"
                                    : "the other rungs: row, axis, time, low, high, roof, bound"), n = 0;
    for (int i = 0; i < l->count; i++) {
        const struct run *r = l->runs[i];
        if (!is_timed(r) || (r == fastest(l)) != best)
            continue;
        text_add(&c->dat, "%d %.9g", i + 1, c->panel.x.low);
        const double values[] = {r->time_ns.median, r->time_ns.low, r->time_ns.high, ladder_roof_ns(l->record, r), r->bound_ns};
        for (int k = 0; k < 5; k++)
            put_number(&c->dat, values[k] / unit);
        text_add(&c->dat, "\n");
        n++;
    }
    if (n == 0) {
        text_add(&c->dat, "NaN NaN NaN NaN NaN NaN NaN\n");
        return;
    }
    chart_plot(c, "data index %d using 3:1:2:3:($1-%.2f):($1+%.2f) with boxxyerror fc rgb '%s' fs solid 1 noborder", block, BAR, BAR,
               fill);
    chart_plot(c, "data index %d using 3:1:4:5 with xerrorbars pt 0 lw 1.6 lc rgb '" INK "'", block);
    chart_plot(c, "data index %d using 6:($1-0.42):(0):(0.84) with vectors nohead lw 4 lc rgb '" VERMILLION "'", block);
    chart_plot(c, "data index %d using 7:($1-0.42):(0):(0.84) with vectors nohead lw 2.5 dt " SHORT_DASHED " lc rgb '" INK "'", block);
}

static void panel_heading(struct chart *c, const struct ladder *l, bool devices)
{
    struct text t = {0};
    const struct run *r = l->runs[0];
    text_add(&t, "%s%s%s:", devices ? (l->record->device ? l->record->device : "unknown device") : "", devices ? " · " : "", l->group);
    if (!l->several)
        text_add(&t, " %.*s", (int)strcspn(r->kernel, "/"), r->kernel);
    for (int i = 0; i < r->shapes; i++)
        text_add(&t, " %s=%llu", r->shape[i].name, (unsigned long long)r->shape[i].value);
    char *shown = shown_text(text_get(&t), (c->width - 2 * CHART_MARGIN) / 1.12, NORMAL);
    chart_text(c, (struct spot){CHART_MARGIN, c->panel.top + 26}, "left", shown, NORMAL, true, INK, 0);
    free(shown);
    text_free(&t);
}

static void draw_ladder(struct chart *c, const struct ladder *l, double top, bool devices)
{
    const struct run *best = fastest(l);
    struct time_unit unit = time_unit_for(best ? best->time_ns.median : 1e6);
    double slowest = 0;
    for (int i = 0; i < l->count; i++)
        slowest = is_timed(l->runs[i]) ? fmax(slowest, l->runs[i]->time_ns.median) : slowest;
    if (slowest > 0)
        unit = time_unit_for(slowest);
    struct panel p = {.left = CHART_MARGIN + longest_name(l) + 20, .right = c->width - CHART_MARGIN - 360, .top = top - 46};
    p.bottom = p.top - ROW_HEIGHT * l->count;
    p.x = best ? time_axis(l, unit.ns) : (struct axis){0, 1, false};
    p.y = (struct axis){l->count + 0.5, 0.5, false};
    char title[64];
    panel_open(c, p);
    panel_heading(c, l, devices);
    draw_bars(c, l, unit.ns, false);
    draw_bars(c, l, unit.ns, true);
    for (int i = 0; i < l->count; i++)
        draw_row(c, l, i);
    if (!best)
        chart_plot(c, "NaN");
    panel_ticks(c, "x", p.x);
    text_add(&c->gp, "unset ytics\n"); /* rows have names */
    snprintf(title, sizeof title, "time of one run (%s%s)", unit.name, p.x.log ? ", logarithmic" : "");
    panel_close(c, title, NULL);
}

/* --- the page ------------------------------------------------------------------------------------------ */

static void footer(struct chart *c, const struct ladder *list, int n, const struct record *const *records, int count)
{
    int left_out = 0;
    for (int i = 0; i < count; i++) {
        int low = 0, high = 0;
        for (int j = 0; j < n; j++)
            for (int k = 0; k < list[j].count && list[j].record == records[i]; k++) {
                int samples = list[j].runs[k]->time_ns.n;
                low = samples > 0 && (low == 0 || samples < low) ? samples : low;
                high = samples > high ? samples : high;
            }
        if (high > 0)
            chart_provenance(c, records[i], low, high);
    }
    for (int j = 0; j < n; j++)
        left_out += list[j].left_out;
    if (left_out)
        chart_note(c, "%d rungs found no row", left_out);
    chart_note(c, "x: times as fast as the first rung; roof: the bytes and floating-point operations there have to be, at the "
                  "ceilings; error bars: 95 %% intervals");
}

static void heading(struct chart *c, const struct ladder *l, bool devices)
{
    static const struct key_entry key[] = {{"measured", SKY, -1, false},
                                           {"measured, the fastest", BLUE, -1, false},
                                           {"roof", VERMILLION, 0, false},
                                           {"bound k·S/B*", INK, 0, true}};
    char line[256];
    const char *title = c->options->title ? c->options->title : l->record->title;
    snprintf(line, sizeof line, "Time of every rung%s%.160s; shorter is better", devices ? " on each device" : " on ",
             devices           ? ""
             : l->record->device ? l->record->device
                                 : "an unknown device");
    chart_heading(c, title ? title : "The ladder, rung by rung", line, key, 4);
}

bool chart_bars(const struct record *const *records, int count, const struct chart_options *o, struct error *e)
{
    struct ladder list[CHART_PANELS];
    int n = collect(records, count, o, list), rows = 0;
    if (n == 0)
        return error_set(e, EXIT_USAGE, "no bars: no run%s%s%s is a rung of a ladder, op/N-name", o->group ? " of group '" : "",
                         o->group ? o->group : "", o->group ? "'" : "");
    bool devices = list[0].record != list[n - 1].record;
    struct chart c;
    for (int i = 0; i < n; i++) {
        rows += list[i].count;
        list[i].flops = by_arithmetic(&list[i]);
    }
    chart_open(&c, o, 290 + 27 * (count < 5 ? count : 5) + n * 140 + rows * ROW_HEIGHT, count);
    heading(&c, &list[0], devices);
    footer(&c, list, n, records, count);
    double top = c.top;
    for (int i = 0; i < n; i++) {
        draw_ladder(&c, &list[i], top, devices);
        top -= 140 + list[i].count * ROW_HEIGHT;
    }
    return chart_close(&c, e);
}
