/* Lines: a sweep of ladders, time and temporary memory over the value that is swept, a line per rung. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_parts.h"

enum { LINES = 16, VALUES = 24, PANELS = 4 };

struct line {
    const char *kernel;
    const struct run *runs[VALUES]; /* ascending */
    double x[VALUES];
    int count;
};

/* One sweep on one device. */
struct sweep {
    const struct record *record;
    const char *of, *over;
    struct line lines[LINES];
    int count;
    bool temp; /* some run needs temporary memory */
};

/* --- collecting ---------------------------------------------------------------------------------------- */

static double value_of(const struct run *r)
{
    for (int i = 0; i < r->shapes; i++)
        if (strcmp(r->shape[i].name, r->sweep_over) == 0)
            return (double)r->shape[i].value;
    return NAN;
}

static bool is_timed(const struct run *r)
{
    return r->status == RUN_OK && r->time_ns.n > 0 && r->time_ns.median > 0;
}

/* Of a run that takes too long the memory is known. */
static bool belongs(const struct run *r, const struct chart_options *o)
{
    return r->sweep_of && r->sweep_over && r->kernel && group_wanted(r->sweep_of, o->group) && value_of(r) > 0 &&
           (is_timed(r) || (r->status == RUN_SKIPPED && r->temp_bytes > 0));
}

static void add_run(struct sweep *s, const struct run *r)
{
    int i = 0, at;
    while (i < s->count && strcmp(s->lines[i].kernel, r->kernel) != 0)
        i++;
    if (i == LINES)
        return;
    struct line *l = &s->lines[i];
    if (i == s->count)
        *l = (struct line){.kernel = s->lines[s->count++].kernel = r->kernel};
    if (l->count == VALUES)
        return;
    for (at = l->count++; at > 0 && l->x[at - 1] > value_of(r); at--) {
        l->runs[at] = l->runs[at - 1];
        l->x[at] = l->x[at - 1];
    }
    l->runs[at] = r;
    l->x[at] = value_of(r);
    s->temp = s->temp || r->temp_bytes > 0;
}

/* The sweeps of all records, at most as many as there are panels for; *all counts those that are there. */
static int collect(const struct record *const *records, int count, const struct chart_options *o, struct sweep *list, int *all)
{
    int n = 0;
    *all = 0;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < records[i]->run_count; k++) {
            const struct run *r = &records[i]->runs[k];
            int at = 0;
            if (!belongs(r, o))
                continue;
            while (at < n && (list[at].record != records[i] || strcmp(list[at].of, r->sweep_of) != 0))
                at++;
            *all = at + 1 > *all ? at + 1 : *all;
            if (at == PANELS)
                continue;
            if (at == n)
                list[n++] = (struct sweep){.record = records[i], .of = r->sweep_of, .over = r->sweep_over};
            add_run(&list[at], r);
        }
    return n;
}

/* --- looks --------------------------------------------------------------------------------------------- */

static const struct look {
    const char *colour, *dash;
    int point;
} looks[LINES] = {{VERMILLION, "1", 5},     {BLUE, "1", 7},      {GREEN, "1", 9},      {PURPLE, "1", 13},
                  {AMBER, "1", 11},         {INK, "1", 15},      {VERMILLION, DASHED, 4}, {BLUE, DASHED, 6},
                  {GREEN, DASHED, 8},       {PURPLE, DASHED, 12}, {AMBER, DASHED, 10},  {INK, DASHED, 14},
                  {VERMILLION, DOTTED, 1},  {BLUE, DOTTED, 2},   {GREEN, DOTTED, 3},    {PURPLE, DOTTED, 1}};

/* The same rung looks the same in every panel: by its number among all names. */
static int look_of(const struct sweep *list, int n, const char *kernel)
{
    const char *seen[4 * LINES];
    int count = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < list[i].count; k++) {
            int at = 0;
            while (at < count && strcmp(seen[at], list[i].lines[k].kernel) != 0)
                at++;
            if (at == count)
                seen[count++] = list[i].lines[k].kernel;
            if (strcmp(kernel, list[i].lines[k].kernel) == 0)
                return at % LINES;
        }
    return 0;
}

/* --- one panel ----------------------------------------------------------------------------------------- */

static double quantity(const struct run *r, bool temp)
{
    return temp ? r->temp_bytes : is_timed(r) ? r->time_ns.median : NAN;
}

static double unit_of(const struct sweep *s, bool temp, const char **name)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}};
    double high = 0;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < s->lines[i].count; k++)
            high = fmax(high, quantity(s->lines[i].runs[k], temp));
    for (size_t i = 0; temp && i < sizeof units / sizeof *units; i++)
        if (high >= units[i].bytes) {
            *name = units[i].name;
            return units[i].bytes;
        }
    *name = "bytes";
    if (temp)
        return 1;
    struct time_unit t = time_unit_for(high);
    *name = t.name;
    return t.ns;
}

static void ranges(struct panel *p, const struct sweep *s, bool temp, double unit)
{
    double left = INFINITY, right = 0, low = INFINITY, high = 0;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < s->lines[i].count; k++) {
            double y = quantity(s->lines[i].runs[k], temp) / unit;
            left = fmin(left, s->lines[i].x[k]);
            right = fmax(right, s->lines[i].x[k]);
            low = y > 0 ? fmin(low, y) : low;
            high = fmax(high, y);
        }
    double more = fmax(pow(right / left, 0.06), 1.1);
    p->x = (struct axis){left / more, right * more, true};
    p->y = (struct axis){low / 1.6, fmax(high * 1.6, low * 4), true};
}

static void value_ticks(struct chart *c, const struct sweep *s)
{
    double values[VALUES];
    char texts[VALUES][24];
    const char *names[VALUES];
    int n = 0;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < s->lines[i].count; k++) {
            int at = 0;
            while (at < n && values[at] < s->lines[i].x[k])
                at++;
            if ((at < n && values[at] == s->lines[i].x[k]) || n == VALUES)
                continue;
            memmove(&values[at + 1], &values[at], (size_t)(n++ - at) * sizeof *values);
            values[at] = s->lines[i].x[k];
        }
    double last = -INFINITY;
    int shown = 0;
    for (int i = 0; i < n; i++) {
        snprintf(texts[i], sizeof texts[i], "%.6g", values[i]);
        double x = panel_spot(&c->panel, values[i], c->panel.y.low).x, half = text_width(texts[i], SMALL, false) / 2;
        if (x - half < last + 12)
            continue;
        last = x + half;
        values[shown] = values[i];
        names[shown++] = texts[i];
    }
    panel_named_ticks(c, "x", values, names, shown);
}

static void draw_line(struct chart *c, const struct line *l, const struct look *look, bool temp, double unit)
{
    double x[VALUES], y[VALUES];
    char style[128];
    int n = 0;
    for (int k = 0; k < l->count; k++)
        if (quantity(l->runs[k], temp) > 0) {
            x[n] = l->x[k];
            y[n++] = quantity(l->runs[k], temp) / unit;
        }
    if (n == 0)
        return;
    snprintf(style, sizeof style, "lc rgb '%s' lw 2.4 dt %s", look->colour, look->dash);
    chart_line(c, run_kernel(l->runs[0], false), x, y, n, style);
    chart_plot(c, "data index %d using 1:2 with points pt %d ps 1.6*dot lw 1.5 lc rgb '%s'", c->blocks - 1, look->point, look->colour);
    for (int i = 0; i < n; i++)
        obstacle_add(c, quad_box(panel_spot(&c->panel, x[i], y[i]), 16, 16, 0), 60);
}

/* The end of each line with what it is called, moved apart where ends are close. */
struct end {
    struct spot at;
    double y;
    char *name;
    const char *colour;
};

static int ends_of(const struct chart *c, const struct sweep *s, const struct sweep *list, int n, bool temp, double unit, double room,
                   struct end *ends)
{
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        const struct line *l = &s->lines[i];
        int last = l->count - 1, at;
        while (last >= 0 && !(quantity(l->runs[last], temp) > 0))
            last--;
        if (last < 0)
            continue;
        struct end e = {.at = panel_spot(&c->panel, l->x[last], quantity(l->runs[last], temp) / unit),
                        .name = shown_text(run_kernel(l->runs[last], true), room, SMALL),
                        .colour = looks[look_of(list, n, l->kernel)].colour};
        for (at = count++; at > 0 && ends[at - 1].at.y > e.at.y; at--)
            ends[at] = ends[at - 1];
        ends[at] = e;
    }
    return count;
}

static void label_ends(struct chart *c, struct end *ends, int n)
{
    const double step = SMALL * 1.35;
    for (int i = 0; i < n; i++)
        ends[i].y = fmax(ends[i].at.y, i ? ends[i - 1].y + step : c->panel.bottom + 12);
    for (int i = n - 1; i >= 0; i--)
        ends[i].y = fmin(ends[i].y, i == n - 1 ? c->panel.top - 12 : ends[i + 1].y - step);
    for (int i = 0; i < n; i++) {
        struct spot name = {c->panel.right + 26, ends[i].y};
        chart_arrow(c, (struct spot){ends[i].at.x + 10, ends[i].at.y}, (struct spot){name.x - 5, name.y}, "nohead lw 1 lc rgb '" GREY "'",
                    0);
        chart_text(c, name, "left", ends[i].name, SMALL, false, ends[i].colour, 0);
        free(ends[i].name);
    }
}

/* --- crossovers ---------------------------------------------------------------------------------------- */

static const struct run *run_at(const struct line *l, double x)
{
    for (int k = 0; k < l->count; k++)
        if (l->x[k] == x && is_timed(l->runs[k]))
            return l->runs[k];
    return NULL;
}

/* The fastest at x; `so_far` stays it unless the intervals say that another one is faster. */
static const struct line *fastest_at(const struct sweep *s, double x, const struct line *so_far)
{
    const struct line *best = so_far && run_at(so_far, x) ? so_far : NULL;
    const struct run *old = best ? run_at(best, x) : NULL;
    for (int i = 0; i < s->count; i++) {
        const struct run *r = run_at(&s->lines[i], x);
        if (r && (!old || r->time_ns.high < old->time_ns.low) && (!best || r->time_ns.median < run_at(best, x)->time_ns.median))
            best = &s->lines[i];
    }
    return best;
}

/* Where two lines meet between two values, both straight on the logarithmic page; the middle where they do not, or one of
 * them was not measured at both. */
static double meeting(const struct line *a, const struct line *b, double from, double to)
{
    const struct run *a0 = run_at(a, from), *a1 = run_at(a, to), *b0 = run_at(b, from), *b1 = run_at(b, to);
    if (!a0 || !a1 || !b0 || !b1)
        return sqrt(from * to);
    double d0 = log(a0->time_ns.median / b0->time_ns.median), d1 = log(a1->time_ns.median / b1->time_ns.median);
    return d0 * d1 >= 0 ? sqrt(from * to) : from * pow(to / from, d0 / (d0 - d1));
}

static double next_value(const struct sweep *s, double after)
{
    double next = INFINITY;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < s->lines[i].count; k++)
            if (s->lines[i].x[k] > after)
                next = fmin(next, s->lines[i].x[k]);
    return next;
}

/* Where the fastest line changes. */
static void draw_crossovers(struct chart *c, const struct sweep *s)
{
    const struct panel *p = &c->panel;
    int drawn = 0;
    double at = next_value(s, 0), next;
    const struct line *a = fastest_at(s, at, NULL), *b;
    for (; isfinite(next = next_value(s, at)); at = next, a = b) {
        char text[64], then[96];
        b = fastest_at(s, next, a);
        if (a == b || !a || !b) /* at a value that nobody was measured at none is the fastest */
            continue;
        double x = meeting(a, b, at, next);
        struct spot top = panel_spot(p, x, p->y.high), foot = panel_spot(p, x, p->y.low);
        chart_arrow(c, top, foot, "nohead lw 1.5 dt " DOTTED " lc rgb '" INK "' back", 30);
        snprintf(text, sizeof text, "%s = %.3g", s->over, x);
        snprintf(then, sizeof then, "from here %.60s", run_kernel(b->runs[0], true));
        struct label *l = label_add(c, PLACE_NEAR, text, then, NULL);
        l->a = (struct spot){foot.x, foot.y + 40 + 60 * (drawn++ % 3)};
        l->clearance = 6;
        l->size = SMALL;
    }
}

static void draw_panel(struct chart *c, const struct sweep *list, int n, const struct sweep *s, bool temp, int cell, int cells, bool devices)
{
    const char *unit_name;
    double unit = unit_of(s, temp, &unit_name), room = cells > 1 ? 190 : 300;
    struct panel p = chart_cell(c, cell, cells, 48);
    struct end ends[LINES];
    char text[300];
    p.right -= room + 20;
    ranges(&p, s, temp, unit);
    panel_open(c, p);
    snprintf(text, sizeof text, "%s%s%.100s%s%.60s", temp ? "temporary memory" : "time", devices ? " · " : "",
             devices ? (s->record->device ? s->record->device : "unknown device") : "", " · ", s->of);
    char *shown = shown_text(text, (p.right - p.left + room) / 1.12, NORMAL);
    chart_text(c, (struct spot){p.left, p.top + 24}, "left", shown, NORMAL, true, INK, 0);
    free(shown);
    for (int i = 0; i < s->count; i++)
        draw_line(c, &s->lines[i], &looks[look_of(list, n, s->lines[i].kernel)], temp, unit);
    label_ends(c, ends, ends_of(c, s, list, n, temp, unit, room, ends));
    if (!temp)
        draw_crossovers(c, s);
    value_ticks(c, s);
    panel_ticks(c, "y", p.y);
    snprintf(text, sizeof text, "%s (%s)", temp ? "beside inputs and results" : "time of one run", unit_name);
    panel_close(c, s->over, text);
}

/* --- the page ------------------------------------------------------------------------------------------ */

static void footer(struct chart *c, const struct sweep *list, int n, int all)
{
    int none = 0;
    for (int i = 0; i < n; i++) {
        int low = 0, high = 0;
        for (int k = 0; k < list[i].count; k++)
            for (int j = 0; j < list[i].lines[k].count; j++) {
                int samples = list[i].lines[k].runs[j]->time_ns.n;
                low = samples > 0 && (low == 0 || samples < low) ? samples : low;
                high = samples > high ? samples : high;
            }
        chart_provenance(c, list[i].record, low, high);
        for (int k = 0; k < list[i].count; k++)
            none += list[i].temp && !(list[i].lines[k].runs[list[i].lines[k].count - 1]->temp_bytes > 0);
    }
    if (all > n)
        chart_note(c, "only %d sweeps are shown; name one to see it", n);
    chart_note(c, "both axes logarithmic; a line of time ends where a run would take too long or does not fit%s",
               none ? "; rungs without temporary memory are not in its chart" : "");
}

bool chart_lines(const struct record *const *records, int count, const struct chart_options *o, struct error *e)
{
    struct sweep *list = need(PANELS * sizeof *list);
    int all, n = collect(records, count, o, list, &all);
    bool temp = false;
    if (n == 0) {
        free(list);
        return error_set(e, EXIT_USAGE, "no lines: no run%s%s%s is part of a sweep of ladders and timed", o->group ? " of sweep '" : "",
                         o->group ? o->group : "", o->group ? "'" : "");
    }
    if (n > 2)
        n = 2;
    for (int i = 0; i < n; i++)
        temp = temp || list[i].temp;
    int cells = temp ? 2 * n : n; /* a row per device where there are two charts of each */
    struct chart c;
    char line[256];
    const char *title = o->title ? o->title : list[0].record->title;
    bool devices = list[0].record != list[n - 1].record;
    chart_open(&c, o, cells > 2 ? 1500 : 1000, n);
    snprintf(line, sizeof line, "Time%s of every rung over %.60s%s%.120s", temp ? " and temporary memory" : "", list[0].over,
             devices ? ", on each device" : ", on ", devices ? "" : list[0].record->device ? list[0].record->device : "an unknown device");
    chart_heading(&c, title ? title : "How the rungs of a ladder grow", line, NULL, 0);
    footer(&c, list, n, all);
    for (int i = 0; i < n; i++) {
        draw_panel(&c, list, n, &list[i], false, temp ? 2 * i : i, cells, devices);
        if (list[i].temp)
            draw_panel(&c, list, n, &list[i], true, 2 * i + 1, cells, devices);
    }
    free(list);
    return chart_close(&c, e);
}
