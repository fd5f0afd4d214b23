/* Time over the size of the tensor: what a dispatch costs before its first byte, where bytes take over, and where another
 * device becomes the faster one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_roofs.h"
#include "roofline/crossover.h"

enum { SIZES = 64, TIMES = 2 };

static const char *const times[TIMES] = {OF_DISPATCH, OF_CALL};

/* One device's times of one group, by ascending size. */
struct curve {
    const struct run *runs[SIZES];
    int count, time, device;
    const struct fit *fit;
};

/* The records that have fits, and the groups of the first of them. */
struct sheet {
    struct chart chart;
    const struct record *records[DEVICES];
    int devices, all;
    const char *groups[CHART_PANELS];
    int group_count, groups_all;
};

/* --- collecting ---------------------------------------------------------------------------------------- */

static void insert_run(struct curve *c, const struct run *r)
{
    int at = c->count;
    if (c->count == SIZES)
        return;
    for (; at > 0 && c->runs[at - 1]->tensor_bytes > r->tensor_bytes; at--)
        c->runs[at] = c->runs[at - 1];
    c->runs[at] = r;
    c->count++;
}

static struct curve curve_of(const struct sheet *s, int device, const char *group, int time)
{
    const struct record *r = s->records[device];
    struct curve c = {.time = time, .device = device, .fit = fit_of(r, group, times[time])};
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].group && strcmp(r->runs[i].group, group) == 0 && crossover_time(&r->runs[i], times[time]))
            insert_run(&c, &r->runs[i]);
    return c;
}

static void collect_groups(struct sheet *s, const struct chart_options *o)
{
    const struct record *r = s->records[0];
    for (int i = 0; i < r->fit_count; i++) {
        const char *group = r->fits[i].group;
        bool seen = o->group && strcmp(o->group, group) != 0;
        for (int k = 0; k < i; k++)
            seen = seen || strcmp(r->fits[k].group, group) == 0;
        if (seen)
            continue;
        s->groups_all++;
        if (s->group_count < CHART_PANELS)
            s->groups[s->group_count++] = group;
    }
}

/* A model has one clock only. */
static bool has_call(const struct sheet *s, int device)
{
    const struct provenance *p = &s->records[device]->provenance;
    return !p->device_kind || strcmp(p->device_kind, "model") != 0;
}

/* --- drawing ------------------------------------------------------------------------------------------- */

static double ns_of(const struct curve *c, int i)
{
    return crossover_time(c->runs[i], times[c->time])->median;
}

static void extend(struct axis *a, double v)
{
    a->low = fmin(a->low, v);
    a->high = fmax(a->high, v);
}

static void draw_fit(struct chart *c, const struct curve *v)
{
    double x[SIZES], y[SIZES];
    char style[96];
    if (!v->fit || v->count == 0)
        return;
    for (int i = 0; i < v->count; i++) {
        x[i] = v->runs[i]->tensor_bytes;
        y[i] = fit_ns(v->fit, v->runs[i]->bytes_compulsory);
    }
    snprintf(style, sizeof style, "lc rgb '%s' lw 1.6 dt %s", device_colours[v->device], v->time ? DOTTED : DASHED);
    chart_line(c, "fit: bytes of the tensor, ns", x, y, v->count, style);
}

static void draw_points(struct chart *c, const struct curve *v)
{
    if (v->count == 0)
        return;
    int block = chart_block(c, v->time ? "by the host's clock: bytes, ns, low, high" : "by the device's clock: bytes, ns, low, high");
    for (int i = 0; i < v->count; i++) {
        const struct interval *t = crossover_time(v->runs[i], times[v->time]);
        double x = v->runs[i]->tensor_bytes;
        text_add(&c->dat, "%.9g %.9g %.9g %.9g\n", x, t->median, fmax(t->low, c->panel.y.low), t->high);
        obstacle_add(c, quad_box(panel_spot(&c->panel, x, t->median), 14, 14, 0), 60);
    }
    chart_plot(c, "data index %d using 1:2:3:4 with yerrorbars pt %d ps 1.3*dot lw 1.3 lc rgb '%s'", block, v->time ? 6 : 7,
               device_colours[v->device]);
}

/* "22.7 us, 5.67 GB/s" beside the device's own times, where the curve is steep. */
static void label_fit(struct chart *c, const struct curve *v)
{
    char first[96], launch[DIGITS_TEXT], rate[UNITS_TEXT];
    if (!v->fit || v->count == 0)
        return;
    int at = v->count * (v->device % 2 ? 5 : 3) / 8;
    double a = fmax(0, v->fit->launch_ns.median);
    struct time_unit unit = time_unit_for(a);
    units_format(rate, UNIT_BYTES_PER_S, v->fit->bytes_per_s.median);
    snprintf(first, sizeof first, "%s %s, %s", three_digits(launch, a / unit.ns), unit.name, rate);
    struct label *l = label_add(c, PLACE_NEAR, first, NULL, NULL);
    l->a = panel_spot(&c->panel, v->runs[at]->tensor_bytes, ns_of(v, at));
    l->clearance = 16;
    l->size = SMALL;
    l->colour = device_colours[v->device];
    l->optional = true;
}

static const char *iec(char out[UNITS_TEXT], double bytes)
{
    double mib = bytes / (1 << 20), kib = bytes / (1 << 10);
    snprintf(out, UNITS_TEXT, mib >= 1 ? "%.3g MiB" : kib >= 1 ? "%.3g KiB" : "%.3g B", mib >= 1 ? mib : kib >= 1 ? kib : bytes);
    return out;
}

static void draw_crossovers(struct chart *c, const struct sheet *s, const char *group)
{
    struct record found = {0};
    const struct panel *p = &c->panel;
    crossovers_find(s->records, s->devices, &found);
    for (int i = 0; i < found.crossover_count; i++) {
        const struct crossover *x = &found.crossovers[i];
        char text[96], who[64], name[SHORT_NAME], size[UNITS_TEXT];
        if (strcmp(x->group, group) != 0 || strcmp(x->of, OF_CALL) != 0 || x->bytes.n == 0)
            continue;
        struct spot top = panel_spot(p, x->bytes.median, p->y.high), foot = panel_spot(p, x->bytes.median, p->y.low);
        chart_arrow(c, top, foot, "nohead lw 1.5 dt " DOTTED " lc rgb '" INK "' back", 30);
        snprintf(text, sizeof text, "crossover %s", iec(size, x->bytes.median));
        snprintf(who, sizeof who, "below: %s", short_name(name, x->below));
        struct label *l = label_add(c, PLACE_NEAR, text, who, NULL);
        l->a = (struct spot){top.x, top.y - 34};
        l->clearance = 6;
        l->size = SMALL;
    }
    record_clear(&found);
}

static void draw_group(struct sheet *s, int g)
{
    struct chart *c = &s->chart;
    struct curve curves[DEVICES * TIMES];
    struct axis x = {INFINITY, 0, true}, y = {INFINITY, 0, true};
    int n = 0;
    for (int d = 0; d < s->devices; d++)
        for (int t = 0; t < (has_call(s, d) ? TIMES : 1); t++) {
            struct curve *v = &curves[n++];
            *v = curve_of(s, d, s->groups[g], t);
            for (int i = 0; i < v->count; i++) {
                extend(&x, v->runs[i]->tensor_bytes);
                extend(&y, ns_of(v, i));
            }
        }
    struct panel p = chart_cell(c, g, s->group_count, 48);
    p.x = (struct axis){x.low / 1.6, x.high * 1.6, true};
    p.y = (struct axis){y.low / 2, y.high * 4, true};
    panel_open(c, p);
    char *name = shown_text(s->groups[g], p.right - p.left, NORMAL);
    chart_text(c, (struct spot){p.left, p.top + 22}, "left", name, NORMAL, true, INK, 0);
    free(name);
    for (int i = 0; i < n; i++)
        draw_fit(c, &curves[i]);
    for (int i = 0; i < n; i++)
        draw_points(c, &curves[i]);
    for (int i = 0; i < n; i++)
        if (curves[i].time == 0)
            label_fit(c, &curves[i]);
    draw_crossovers(c, s, s->groups[g]);
    panel_byte_ticks(c);
    panel_time_ticks(c);
    panel_close(c, "tensor (bytes)", NULL); /* the ticks say that it is time */
}

static void heading(struct sheet *s, const struct chart_options *o)
{
    struct key_entry key[DEVICES * TIMES + 2];
    char names[DEVICES * TIMES][ROOF_NAME];
    int n = 0;
    for (int d = 0; d < s->devices; d++)
        for (int t = 0; t < (has_call(s, d) ? TIMES : 1); t++) {
            roofs_name_of_device(names[n], s->records[d], times[t]);
            key[n] = (struct key_entry){names[n], device_colours[d], t ? 6 : 7, false};
            n++;
        }
    key[n++] = (struct key_entry){"fit a + S/B", GREY, 0, true};
    const char *title = o->title ? o->title : s->records[0]->title;
    chart_heading(&s->chart, title ? title : "Time over size", "time of one run. dispatch: by the device's own clock; call: by the host's, from handing it over until "
                  "done", key, n);
}

bool chart_sizes(const struct record *const *records, int count, const struct chart_options *o, struct error *e)
{
    struct sheet s = {0};
    for (int i = 0; i < count; i++) {
        s.all += records[i]->fit_count > 0;
        if (records[i]->fit_count > 0 && s.devices < DEVICES)
            s.records[s.devices++] = records[i];
    }
    if (s.devices > 0)
        collect_groups(&s, o);
    if (s.group_count == 0)
        return error_set(e, EXIT_USAGE, "no chart over sizes: the record has no series; measure one with 'rooflab experiment launch'");
    chart_open(&s.chart, o, s.group_count > 3 ? 1300 : 1000, s.devices);
    heading(&s, o);
    for (int i = 0; i < s.devices; i++)
        chart_provenance(&s.chart, s.records[i], 0, 0);
    if (s.all > s.devices || s.groups_all > s.group_count)
        chart_note(&s.chart, "%d of %d devices and %d of %d groups are shown", s.devices, s.all, s.group_count, s.groups_all);
    chart_note(&s.chart, "beside the curves: launch cost a and bandwidth B of the fit to the device's own times; bars: 95 %% intervals");
    for (int g = 0; g < s.group_count; g++)
        draw_group(&s, g);
    return chart_close(&s.chart, e);
}
