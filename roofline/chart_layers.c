/* The layers of a network: a bar per step with its time (chart_layers), and the same steps under the roofs
 * (chart_layers_roofline). */
#include "roofline/chart_layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is shown ------------------------------------------------------------------------------------- */

static bool is_timed(const struct run *r)
{
    return r->status == RUN_OK && r->time_ns.n > 0 && r->time_ns.median > 0;
}

bool layers_of(const struct run *r)
{
    return is_timed(r) && r->step_count >= LAYERS_LEAST && r->steps[0].time_ns.median > 0;
}

const struct run *layers_run(const struct record *r, const char *group)
{
    const struct run *best = NULL;
    for (int i = 0; i < r->run_count; i++) {
        const struct run *x = &r->runs[i];
        char own[GROUP_TEXT];
        bool wanted = group_wanted(run_group(own, x), group);
        if (wanted && layers_of(x) && (!best || x->time_ns.median < best->time_ns.median))
            best = x;
    }
    return best;
}

const char *layers_name(const char *kernel)
{
    const char *slash = strrchr(kernel, '/');
    return slash ? slash + 1 : kernel;
}

static int kind_of(const struct layer_kinds *k, const struct run *step)
{
    for (int i = 0; i < k->count; i++)
        if (step->kernel && strcmp(k->names[i], step->kernel) == 0)
            return i;
    return LAYER_KINDS - 1;
}

void layers_kinds(const struct run *r, struct layer_kinds *k)
{
    for (int i = 0; i < r->step_count; i++) {
        const char *name = r->steps[i].kernel;
        bool seen = !name;
        for (int j = 0; j < k->count && !seen; j++)
            seen = strcmp(k->names[j], name) == 0;
        if (!seen && k->count < LAYER_KINDS)
            k->names[k->count++] = name;
        else if (!seen) /* the last colour is that of all for which there is none */
            k->names[LAYER_KINDS - 1] = "others";
    }
}

const char *layers_colour(const struct layer_kinds *k, const struct run *step)
{
    static const char *const colours[LAYER_KINDS] = {ORANGE, GREEN, BLUE, VERMILLION, PURPLE, GREY};
    return colours[kind_of(k, step)];
}

/* One entry per kernel: its name, and nothing more, since shares differ between devices. */
static int kinds_key(const struct layer_kinds *k, struct key_entry *key)
{
    for (int i = 0; i < k->count; i++) {
        struct run step = {.kernel = (char *)k->names[i]};
        key[i] = (struct key_entry){layers_name(k->names[i]), layers_colour(k, &step), -1, false};
    }
    return k->count;
}

static bool nothing(const struct chart_options *o, struct error *e)
{
    return error_set(e, EXIT_USAGE, "no layers: no run%s%s%s has %d timed steps or more", o->group ? " of group '" : "",
                     o->group ? o->group : "", o->group ? "'" : "", LAYERS_LEAST);
}

/* --- bars ---------------------------------------------------------------------------------------------- */

static void draw_bars(struct chart *c, const struct run *r, const struct layer_kinds *kinds, double unit)
{
    for (int kind = 0; kind < kinds->count; kind++) {
        const char *colour = NULL;
        char comment[120];
        snprintf(comment, sizeof comment, "%.80s: step, time, low, high", layers_name(kinds->names[kind]));
        int block = chart_block(c, comment);
        for (int i = 0; i < r->step_count; i++) {
            const struct run *s = &r->steps[i];
            if (kind_of(kinds, s) != kind || !(s->time_ns.median > 0))
                continue;
            colour = layers_colour(kinds, s);
            text_add(&c->dat, "%d %.9g %.9g %.9g\n", i + 1, s->time_ns.median / unit, s->time_ns.low / unit, s->time_ns.high / unit);
        }
        if (!colour) {
            text_add(&c->dat, "NaN NaN NaN NaN\n");
            continue;
        }
        chart_plot(c, "data index %d using 1:2:(0.8) with boxes fc rgb '%s' fs solid 1 noborder", block, colour);
        chart_plot(c, "data index %d using 1:3:(0):($4-$3) with vectors nohead lw 3 lc rgb '" INK "'", block);
    }
}

static void panel_heading(struct chart *c, const struct record *record, const struct run *r)
{
    struct text t = {0};
    char time[DIGITS_TEXT], first[DIGITS_TEXT], rate[DIGITS_TEXT], bound[DIGITS_TEXT];
    struct time_unit unit = time_unit_for(r->time_ns.median);
    text_add(&t, "%s: %s, %s %s", record->device ? record->device : "unknown device", run_kernel(r, true),
             three_digits(time, r->time_ns.median / unit.ns), unit.name);
    if (r->first_ns > 0)
        text_add(&t, " (first %s)", three_digits(first, r->first_ns / unit.ns));
    text_add(&t, ", %s/s", three_digits(rate, 1e9 / r->time_ns.median));
    if (r->bound_ns > 0)
        text_add(&t, ", by its bytes alone %s/s", three_digits(bound, 1e9 / r->bound_ns));
    char *shown = shown_text(text_get(&t), (c->width - 2 * CHART_MARGIN) / 1.12, NORMAL);
    chart_text(c, (struct spot){CHART_MARGIN, c->panel.top + 26}, "left", shown, NORMAL, true, INK, 0);
    free(shown);
    text_free(&t);
}

static void draw_panel(struct chart *c, const struct record *record, const struct run *r, const struct layer_kinds *kinds, int i, int n)
{
    double high = 0;
    for (int k = 0; k < r->step_count; k++)
        high = fmax(high, r->steps[k].time_ns.high);
    struct time_unit unit = time_unit_for(high);
    double height = (c->top - c->bottom) / n;
    struct panel p = {.left = CHART_MARGIN + 100, .right = c->width - CHART_MARGIN, .top = c->top - i * height - 50};
    char title[48];
    p.bottom = p.top - height + 140;
    p.x = (struct axis){0, r->step_count + 1, false};
    p.y = (struct axis){0, high * 1.08 / unit.ns, false};
    panel_open(c, p);
    panel_heading(c, record, r);
    draw_bars(c, r, kinds, unit.ns);
    panel_ticks(c, "x", p.x);
    panel_ticks(c, "y", p.y);
    snprintf(title, sizeof title, "time (%s)", unit.name);
    panel_close(c, "step, in the order of the network", title);
}

/* The samples of the runs that are shown. */
static void provenance(struct chart *c, const struct record *const *records, int count, const struct run *const *runs)
{
    for (int i = 0; i < count; i++)
        if (runs[i])
            chart_provenance(c, records[i], runs[i]->time_ns.n, runs[i]->time_ns.n);
}

bool chart_layers(const struct record *const *records, int count, const struct chart_options *o, struct error *e)
{
    const struct run *runs[CHART_PANELS];
    struct layer_kinds kinds = {.count = 0};
    struct key_entry key[LAYER_KINDS];
    int shown = 0, at = 0;
    count = count < CHART_PANELS ? count : CHART_PANELS;
    for (int i = 0; i < count; i++) {
        runs[i] = layers_run(records[i], o->group);
        if (runs[i]) {
            layers_kinds(runs[i], &kinds);
            shown++;
        }
    }
    if (shown == 0)
        return nothing(o, e);
    struct chart c;
    chart_open(&c, o, 260 + 430.0 * shown, shown);
    const char *title = o->title ? o->title : records[0]->title;
    chart_heading(&c, title ? title : "Where the time goes, layer by layer", "a bar is a step; its colour says by which kernel", key,
                  kinds_key(&kinds, key));
    provenance(&c, records, count, runs);
    chart_note(&c, "bars with 95 %% intervals; of each device the fastest run whose steps were timed, each between time stamps of its own");
    for (int i = 0; i < count; i++)
        if (runs[i])
            draw_panel(&c, records[i], runs[i], &kinds, at++, shown);
    return chart_close(&c, e);
}

/* --- under the roofs ----------------------------------------------------------------------------------- */

static void add_layers(struct page *p, const struct run *r, int device, const struct layer_kinds *kinds)
{
    for (int i = 0; i < r->step_count; i++) {
        const struct run *s = &r->steps[i];
        double bytes = s->bytes_compulsory, issued = s->bytes_issued > 0 ? s->bytes_issued : bytes;
        if (!(s->time_ns.median > 0) || !(s->flops > 0) || !(bytes > 0)) {
            p->skipped++;
        } else if (p->point_count == POINTS) {
            p->crowded++;
        } else {
            p->points[p->point_count++] = (struct point){.run = s,
                                                         .device = device,
                                                         .x = s->flops / bytes,
                                                         .issued = s->flops / issued,
                                                         .y = 1e9 * s->flops / s->time_ns.median,
                                                         .low = 1e9 * s->flops / s->time_ns.high,
                                                         .high = 1e9 * s->flops / s->time_ns.low,
                                                         .colour = layers_colour(kinds, s)};
        }
    }
    if (r->bound_bytes_per_s > 0)
        p->bound = fmax(p->bound, r->bound_bytes_per_s);
}

bool chart_layers_roofline(const struct record *const *records, int count, const struct chart_options *o, struct error *e)
{
    struct page p = page_of(records, count);
    struct layer_kinds kinds = {.count = 0};
    struct key_entry key[PAGE_KEYS + LAYER_KINDS];
    const struct run *runs[DEVICES];
    p.layers = true;
    for (int d = 0; d < p.devices; d++)
        if ((runs[d] = layers_run(records[d], o->group)))
            layers_kinds(runs[d], &kinds);
    for (int d = 0; d < p.devices; d++)
        if (runs[d])
            add_layers(&p, runs[d], d, &kinds);
    if (p.point_count == 0)
        return nothing(o, e);
    chart_open(&p.chart, o, 1060, p.devices);
    roofs_collect(&p);
    int keys = page_key(&p, key);
    keys += kinds_key(&kinds, key + keys);
    const char *title = o->title ? o->title : records[0]->title;
    chart_heading(&p.chart, title ? title : "Every layer has its place under the roofs", "a mark is a step, its colour the kernel", key, keys);
    page_provenance(&p);
    if (p.skipped + p.crowded > 0)
        chart_note(&p.chart, "%d steps left out: %s", p.skipped + p.crowded,
                   p.crowded ? "too many for one chart" : "without arithmetic, or without a time of their own");
    chart_note(&p.chart, "marks at compulsory bytes; small tensors come from caches and may lie above the memory roof");
    page_draw(&p, "arithmetic intensity (flop per byte of compulsory traffic)", "arithmetic done");
    return chart_close(&p.chart, e);
}
