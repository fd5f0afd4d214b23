/* The pass chart: time over memory passes, with the line that nothing beats and the line a good kernel keeps.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_passes.h"

/* --- collecting ---------------------------------------------------------------------------------------- */

static bool belongs(const struct run *r, const struct chart_options *o)
{
    return run_drawable(r, o) && r->passes > 0 && r->tensor_bytes > 0;
}

static struct cell *cell_for(struct cell *cells, int *count, const struct record *record, const struct run *r)
{
    for (int i = 0; i < *count; i++)
        if (cells[i].record == record && same_group(cells[i].runs[0], r) &&
            fabs(cells[i].tensor_bytes / r->tensor_bytes - 1) < 1e-9)
            return &cells[i];
    cells[*count] = (struct cell){.record = record, .tensor_bytes = r->tensor_bytes};
    run_group(cells[*count].group, r);
    return &cells[(*count)++];
}

static void cell_insert(struct cell *c, const struct run *r)
{
    if (c->count == RUNS)
        return;
    int at = c->count++;
    for (; at > 0 && c->runs[at - 1]->passes > r->passes; at--)
        c->runs[at] = c->runs[at - 1];
    c->runs[at] = r;
}

/* All cells of all records; owned by the caller. */
static struct cell *collect(const struct record *const *records, int count, const struct chart_options *o,
                            int *cells)
{
    int runs = 0;
    for (int i = 0; i < count; i++)
        runs += records[i]->run_count;
    struct cell *list = need((size_t)(runs + 1) * sizeof *list);
    *cells = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < records[i]->run_count; j++)
            if (belongs(&records[i]->runs[j], o))
                cell_insert(cell_for(list, cells, records[i], &records[i]->runs[j]), &records[i]->runs[j]);
    return list;
}

/* --- ranges -------------------------------------------------------------------------------------------- */

/* The gap reaches as far to the right as the chart can show without squeezing the points. */
static struct axis passes_axis(const struct cell *c)
{
    double k = c->runs[c->count - 1]->passes, reach = k;
    for (int i = 0; i < c->count; i++)
        if (isfinite(gap_of(c, c->runs[i])))
            reach = fmax(reach, c->runs[i]->passes + gap_of(c, c->runs[i]));
    return (struct axis){0, fmax(1.18 * k, fmin(1.06 * reach, 1.7 * k)), false};
}

static struct axis time_axis(const struct cell *c, const struct axis *k, double unit_ns)
{
    struct curves v = curves_of(c, k->high, unit_ns);
    double highest = fmax(v.bound[v.n - 1], 0);
    for (int i = 0; i < c->count; i++)
        highest = fmax(highest, fmax(c->runs[i]->time_ns.high, c->runs[i]->time_ns.median) / unit_ns);
    if (isfinite(v.roof[v.n - 1]))
        highest = fmax(highest, fmin(v.roof[v.n - 1], 1.25 * highest));
    return (struct axis){0, 1.12 * highest, false};
}

/* --- drawing ------------------------------------------------------------------------------------------- */

/* A label along the longest straight part of a line that lies in the panel. */
static void line_label(struct chart *c, const struct curves *v, const double *y, const char *text,
                       const char *colour, int size)
{
    const struct panel *p = &c->panel;
    int from = v->n - 2, to = v->n - 1;
    for (int i = 0; i + 1 < v->n; i++)
        if (v->k[i + 1] - v->k[i] > v->k[to] - v->k[from])
            from = i, to = i + 1;
    double share = y[to] > p->y.high ? (p->y.high - y[from]) / (y[to] - y[from]) : 1;
    struct label *l = label_add(c, PLACE_ALONG, text, NULL, NULL);
    l->a = panel_spot(p, v->k[from], y[from]);
    l->b = panel_spot(p, v->k[from] + share * (v->k[to] - v->k[from]), y[from] + share * (y[to] - y[from]));
    l->size = size;
    l->colour = colour;
    l->optional = true;
}

static void label_impossible(struct chart *c, const struct curves *v)
{
    const struct panel *p = &c->panel;
    struct label *l = label_add(c, PLACE_WITHIN, "impossible", NULL, NULL);
    struct spot corner = panel_spot(p, v->k[v->n - 1], 0);
    struct spot end = panel_spot(p, v->k[v->n - 1], fmin(v->bound[v->n - 1], p->y.high));
    l->region = (struct quad){{panel_spot(p, 0, 0), corner, end, end}};
    l->size = HEADING;
    l->colour = GREY;
    l->optional = true;
}

static void draw_lines(struct chart *c, const struct cell *cell, double unit_ns, bool alone)
{
    struct curves v = curves_of(cell, c->panel.x.high, unit_ns);
    char text[128], rate[UNITS_TEXT];
    const struct run *last = cell->runs[cell->count - 1];
    double bound = 1e9 * last->passes * cell->tensor_bytes / run_bound(cell, last);
    if (isfinite(v.bound[v.n - 1])) {
        chart_band(c, "impossible: passes k, 0, bound", v.k, v.zero, v.bound, v.n,
                   "fc rgb '" IMPOSSIBLE "' fs solid 1");
        chart_line(c, "bound k*S/B*: passes k, time", v.k, v.bound, v.n, "lc rgb '" INK "' lw 2.5");
        label_impossible(c, &v);
    }
    if (isfinite(v.roof[v.n - 1])) {
        chart_band(c, "the roof's 95 % interval: passes k, low, high", v.k, v.low, v.high, v.n,
                   "fc rgb '" SKY "' fs transparent solid 0.4");
        chart_line(c, "roof n*a + k*S/B: passes k, time", v.k, v.roof, v.n,
                   "lc rgb '" BLUE "' lw 2.5 dt " DASHED);
    }
    bool launches = isfinite(v.bytes[v.n - 1]) && v.roof[v.n - 1] > 1.02 * v.bytes[v.n - 1];
    if (launches)
        chart_line(c, "k*S/B, the roof without dispatches: passes k, time", v.k, v.bytes, v.n,
                   "lc rgb '" BLUE "' lw 1.2 dt " DOTTED);
    if (!alone)
        return;
    if (launches)
        line_label(c, &v, v.bytes, "k·S/B, no launch cost", BLUE, SMALL);
    snprintf(text, sizeof text, "bound k·S/B*, B* = %s", units_format(rate, UNIT_BYTES_PER_S, bound));
    line_label(c, &v, v.bound, text, INK, SMALL);
    snprintf(text, sizeof text, "roof n·a + k·S/B, B = %s",
             units_format(rate, UNIT_BYTES_PER_S, roof_rate(cell, last)));
    line_label(c, &v, v.roof, text, BLUE, SMALL);
}

/* The gap, where it can be seen: from the point along its time to the passes that this time would have paid
 * for. */
static void draw_gap(struct chart *c, const struct run *r, double gap, double y, const char *colour)
{
    char style[96];
    double to = fmin(r->passes + gap, c->panel.x.high);
    struct spot a = panel_spot(&c->panel, r->passes, y), b = panel_spot(&c->panel, to, y);
    if (!isfinite(gap) || fabs(b.x - a.x) < 26)
        return;
    snprintf(style, sizeof style, "head size screen 0.007,20 lw 1.4 lc rgb '%s' front", colour);
    chart_arrow(c, a, b, style, 60);
}

/* True where all runs are rungs of one operation's ladder: its name need not be told at each. */
static bool one_operation(const struct cell *c)
{
    const char *first = c->runs[0]->kernel;
    bool one = first && strchr(first, '/');
    for (int i = 1; one && i < c->count; i++)
        one = c->runs[i]->kernel && strncmp(c->runs[i]->kernel, first, strcspn(first, "/") + 1) == 0;
    return one;
}

static void name_run(char *out, size_t size, const struct run *r, bool rung)
{
    bool single = !r->variant || strcmp(r->variant, "single") == 0;
    size_t used = (size_t)snprintf(out, size, "%s", single ? run_kernel(r, rung) : r->variant);
    bool split = !single && strcmp(r->variant, "grouped") == 0;
    for (int i = 0; split && i < r->groupings && used + 12 < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "+" : " ", r->grouping[i]);
}

/* Where arithmetic binds, the model's time lies above the line that counts only bytes and dispatches. */
static bool has_arithmetic(const struct cell *cell, const struct run *r)
{
    double launch = r->dispatch_ns > 0 ? fmax(r->dispatches, 1) * r->dispatch_ns : 0;
    double line = launch + 1e9 * r->passes * cell->tensor_bytes / roof_rate(cell, r);
    return r->roof_ns > 1.05 * line;
}

static void draw_arithmetic(struct chart *c, const struct cell *cell, const struct run *r, double unit_ns)
{
    double y = r->roof_ns / unit_ns;
    if (!has_arithmetic(cell, r) || y > c->panel.y.high)
        return;
    struct spot at = panel_spot(&c->panel, r->passes, y);
    chart_arrow(c, (struct spot){at.x - 20, at.y}, (struct spot){at.x + 20, at.y},
                "nohead lw 3 lc rgb '" BLUE "' front", 50);
}

/* Many rungs of a ladder make as many passes. Then only the fastest at each k tells all of itself, the others
 * their name and time; and a gap that leaves the chart is no length to look at. */
#define CROWD 3
static bool is_crowded(const struct cell *c, const struct run *r, bool *fastest)
{
    int alike = 0, faster = 0;
    for (int i = 0; i < c->count; i++) {
        const struct run *other = c->runs[i];
        if (fabs(other->passes - r->passes) > 0.05 * r->passes)
            continue;
        alike++;
        faster += other->time_ns.median < r->time_ns.median;
    }
    *fastest = faster == 0;
    return one_operation(c) && alike >= CROWD;
}

static void label_crowded(struct chart *c, const struct run *r, const char *name, const char *time, const char *colour, double y)
{
    char line[300];
    snprintf(line, sizeof line, "%s  %s", name, time);
    struct label *l = label_add(c, PLACE_NEAR, line, NULL, NULL);
    l->a = panel_spot(&c->panel, r->passes, y);
    l->size = SMALL;
    l->colour = colour;
}

static void draw_run(struct chart *c, const struct cell *cell, const struct run *r,
                     const struct time_unit *unit, bool alone)
{
    const struct variant_look *look = variant_look(r->variant);
    const struct interval *t = &r->time_ns;
    char name[160], time[DIGITS_TEXT], second[96], third[96] = "";
    double gap = gap_of(cell, r), y = t->median / unit->ns;
    bool fastest, crowded = is_crowded(cell, r, &fastest);
    name_run(name, sizeof name, r, one_operation(cell));
    chart_point(c, name, r->passes, y, t->low / unit->ns, t->high / unit->ns, look->point, alone ? 2.6 : 2.2,
                look->colour);
    if (!crowded || r->passes + gap <= c->panel.x.high)
        draw_gap(c, r, gap, y, look->colour);
    draw_arithmetic(c, cell, r, unit->ns);
    snprintf(second, sizeof second, "%s %s", three_digits(time, y), unit->name);
    if (crowded && !fastest) {
        label_crowded(c, r, name, second, look->colour, y);
        return;
    }
    snprintf(second, sizeof second, "%s %s", three_digits(time, y), unit->name);
    if (alone && r->dispatches > 0)
        snprintf(second + strlen(second), sizeof second - strlen(second), ", %d kernel%s", r->dispatches,
                 r->dispatches > 1 ? "s" : "");
    if (isfinite(gap) && alone)
        snprintf(third, sizeof third, "worth %.1f passes (%+.1f)", r->passes + gap, gap);
    else if (isfinite(gap))
        snprintf(third, sizeof third, "%+.1f passes", gap);
    struct label *l = label_add(c, PLACE_NEAR, name, second, *third ? third : NULL);
    l->a = panel_spot(&c->panel, r->passes, y);
    l->bold = true;
    l->size = alone ? NORMAL : SMALL;
    l->colour = look->colour;
}

static const struct run *cell_variant(const struct cell *c, const char *variant)
{
    for (int i = 0; i < c->count; i++)
        if (c->runs[i]->variant && strcmp(c->runs[i]->variant, variant) == 0)
            return c->runs[i];
    return NULL;
}

/* How many times faster the fused run is; NAN where one of the two is missing. */
static double cell_speedup(const struct cell *c)
{
    const struct run *slow = cell_variant(c, "unfused"), *fast = cell_variant(c, "fused");
    if (fast && fast->speedup.n > 0 && (!fast->speedup_over || strcmp(fast->speedup_over, "unfused") == 0))
        return fast->speedup.median;
    return slow && fast ? slow->time_ns.median / fast->time_ns.median : NAN;
}

static void cell_heading(struct chart *c, const struct cell *cell, bool devices)
{
    char text[256], size[UNITS_TEXT], *shown;
    struct spot at = {c->panel.left, c->panel.top + 44}, below = {c->panel.left, c->panel.top + 18};
    double room = c->panel.right - c->panel.left, speedup = cell_speedup(cell);
    if (devices)
        snprintf(text, sizeof text, "%.200s", cell->record->device ? cell->record->device : "unknown device");
    else
        snprintf(text, sizeof text, "%.200s", cell->group);
    shown = shown_text(text, room / 1.12, NORMAL);
    chart_text(c, at, "left", shown, NORMAL, true, INK, 0);
    free(shown);
    snprintf(text, sizeof text, "S = %s", units_format(size, UNIT_BYTES, cell->tensor_bytes));
    if (isfinite(speedup))
        snprintf(text + strlen(text), sizeof text - strlen(text), " · fused %sx as fast",
                 three_digits(size, speedup));
    if (devices)
        snprintf(text + strlen(text), sizeof text - strlen(text), " · %.100s", cell->group);
    shown = shown_text(text, room, SMALL);
    chart_text(c, below, "left", shown, SMALL, false, GREY, 0);
    free(shown);
}

static void draw_cell(struct chart *c, const struct cell *cell, struct panel p, bool alone, bool devices)
{
    double slowest = 0;
    for (int i = 0; i < cell->count; i++)
        slowest = fmax(slowest, cell->runs[i]->time_ns.median);
    struct time_unit unit = time_unit_for(slowest);
    char y_title[32];
    p.x = passes_axis(cell);
    p.y = time_axis(cell, &p.x, unit.ns);
    panel_open(c, p);
    if (!alone)
        cell_heading(c, cell, devices);
    draw_lines(c, cell, unit.ns, alone);
    for (int i = 0; i < cell->count; i++)
        draw_run(c, cell, cell->runs[i], &unit, alone);
    panel_ticks(c, "x", p.x);
    panel_ticks(c, "y", p.y);
    snprintf(y_title, sizeof y_title, "time (%s)", unit.name);
    panel_close(c, alone ? "compulsory memory passes k (bytes moved / S)" : "memory passes k", y_title);
}

/* --- the page ------------------------------------------------------------------------------------------ */

/* What the chart has to say, in one sentence. */
static void message(char *out, size_t size, const struct cell *cell)
{
    const struct run *slow = cell_variant(cell, "unfused"), *fast = cell_variant(cell, "fused");
    char bytes[UNITS_TEXT];
    if (slow && fast)
        snprintf(out, size, "Fusing %.60s makes it %sx as fast: %.3g memory passes instead of %.3g",
                 cell->group, three_digits(bytes, cell_speedup(cell)), fast->passes, slow->passes);
    else
        snprintf(out, size, "%.80s: what each memory pass over %s costs", cell->group,
                 units_format(bytes, UNIT_BYTES, cell->tensor_bytes));
}

/* "the bound holds in 3 of 3 runs"; nothing where no run has a verdict. */
static void verdict(char *out, size_t size, const struct cell *cell)
{
    int holds = 0, beaten = 0, judged = 0;
    for (int i = 0; i < cell->count; i++) {
        judged += cell->runs[i]->verdict != VERDICT_NONE;
        holds += cell->runs[i]->verdict == VERDICT_HOLDS;
        beaten += cell->runs[i]->verdict == VERDICT_BEATEN;
    }
    *out = 0;
    if (beaten)
        snprintf(out, size, " · the bound was BEATEN by %d of %d runs", beaten, judged);
    else if (judged)
        snprintf(out, size, " · the bound holds in %d of %d runs", holds, judged);
}

static bool any_arithmetic(const struct cell *cells, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < cells[i].count; k++)
            if (has_arithmetic(&cells[i], cells[i].runs[k]))
                return true;
    return false;
}

static void heading(struct chart *c, const struct cell *cells, int shown, const struct record *first)
{
    /* The roofs' own labels serve a single chart; a dash above the line is told in both. */
    static const struct key_entry all[] = {{"bound k·S/B*", INK, 0, false},
                                           {"impossible", IMPOSSIBLE, -1, false},
                                           {"roof n·a + k·S/B with its 95 % interval", BLUE, 0, true},
                                           {"+n: passes more than k that the time is worth", GREY, 0, false},
                                           {"roof with its arithmetic", BLUE, 0, false}};
    const struct key_entry *key = shown > 1 ? all : all + 4;
    int keys = (shown > 1 ? 4 : 0) + any_arithmetic(cells, shown);
    char told[256], bytes[UNITS_TEXT], judged[80], line[512];
    const char *title = c->options->title ? c->options->title : first->title;
    message(told, sizeof told, &cells[0]);
    verdict(judged, sizeof judged, &cells[0]);
    if (shown > 1)
        snprintf(line, sizeof line,
                 "Time over memory passes k, for each %s; n kernels launched at a cost of a each",
                 cells[0].record == cells[shown - 1].record ? "group of runs" : "device");
    else
        snprintf(line, sizeof line, "%s%s%.160s · S = %s%s", title ? told : "Time over memory passes k",
                 title ? "" : " on ",
                 title           ? ""
                 : first->device ? first->device
                                 : "an unknown device",
                 units_format(bytes, UNIT_BYTES, cells[0].tensor_bytes), judged);
    chart_heading(c,
                  title       ? title
                  : shown > 1 ? "Every memory pass costs time, and fusing saves passes"
                              : told,
                  line, key, keys);
}

static void footer(struct chart *c, const struct cell *cells, int all, int shown,
                   const struct record *const *records, int count)
{
    for (int i = 0; i < count; i++) {
        int low = 0, high = 0;
        for (int j = 0; j < shown; j++)
            for (int k = 0; k < cells[j].count && cells[j].record == records[i]; k++) {
                int n = cells[j].runs[k]->time_ns.n;
                low = low == 0 || n < low ? n : low;
                high = n > high ? n : high;
            }
        chart_provenance(c, records[i], low, high);
    }
    if (all > shown)
        chart_note(c, "%d of %d groups are shown; name another to see it", shown, all);
    else if (shown == 1 && isfinite(roof_rate(&cells[0], cells[0].runs[0])))
        chart_note(
            c, "n kernels, a = cost of a dispatch, B = the best copy kernel, B* = the highest bandwidth that "
               "could be true; bars: 95 %% intervals");
}

/* Panels where a crowd of rungs has to be named. */
static bool any_crowd(const struct cell *cells, int n)
{
    bool fastest;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < cells[i].count; k++)
            if (is_crowded(&cells[i], cells[i].runs[k], &fastest))
                return true;
    return false;
}

bool chart_passes(const struct record *const *records, int count, const struct chart_options *o,
                  struct error *e)
{
    int all;
    struct cell *cells = collect(records, count, o, &all);
    if (all == 0) {
        free(cells);
        return error_set(e, EXIT_USAGE,
                         "no pass chart: no run%s%s%s is ok, timed and has its passes counted; look "
                         "at \"status\" and \"why\" in the record",
                         o->group ? " of group '" : "", o->group ? o->group : "", o->group ? "'" : "");
    }
    int shown = all < CHART_PANELS ? all : CHART_PANELS;
    bool devices = cells[0].record != cells[shown - 1].record;
    struct chart c;
    bool crowd = shown > 1 && any_crowd(cells, shown);
    chart_open(&c, o, crowd ? 300 + 620 * shown : shown > 3 ? 1200 : 1000, count);
    heading(&c, cells, shown, cells[0].record);
    footer(&c, cells, all, shown, records, count);
    for (int i = 0; i < shown; i++)
        draw_cell(&c, &cells[i], crowd ? chart_storey(&c, i, shown, 66) : chart_cell(&c, i, shown, shown > 1 ? 66 : 10), shown == 1,
                  devices);
    free(cells);
    return chart_close(&c, e);
}
