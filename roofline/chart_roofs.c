/* The roofs of a roofline: which measured ceilings are drawn, and how. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_roofs.h"

/* --- roofs --------------------------------------------------------------------------------------------- */

/* The distinct bytes that the runs touch: a read and a write of the largest tensor. */
double roofs_footprint(const struct page *p, int device)
{
    double tensor = 0, measured = 1;
    for (int i = 0; i < p->point_count; i++)
        if (p->points[i].device == device && p->points[i].run->tensor_bytes > 0)
            tensor = fmax(tensor, p->points[i].run->tensor_bytes);
    for (int i = 0; i < p->records[device]->ceiling_count; i++)
        measured = fmax(measured, p->records[device]->ceilings[i].footprint_bytes);
    return tensor > 0 ? 2 * tensor : measured;
}

const struct ceiling *roofs_bandwidth(struct ceilings c, enum mix mix, bool command, double footprint)
{
    const struct ceiling *best = NULL;
    for (int i = 0; i < c.count; i++) {
        const struct ceiling *x = &c.list[i];
        if (x->kind != CEILING_BANDWIDTH || x->mix != mix || (x->via == VIA_COMMAND) != command ||
            x->value.n <= 0 || !(x->value.median > 0) || !(x->footprint_bytes > 0))
            continue;
        double far = fabs(log(x->footprint_bytes / footprint));
        double best_far = best ? fabs(log(best->footprint_bytes / footprint)) : INFINITY;
        bool as_near = fabs(far - best_far) < 1e-9;
        if ((!as_near && far < best_far) || (as_near && x->value.median > best->value.median))
            best = x;
    }
    return best;
}

const struct ceiling *roofs_compute(struct ceilings c, const char *op, const char *type)
{
    const struct ceiling *best = NULL;
    for (int i = 0; i < c.count; i++) {
        const struct ceiling *x = &c.list[i];
        if (x->kind == CEILING_COMPUTE && strcmp(x->op, op) == 0 && strcmp(x->type, type) == 0 &&
            x->value.n > 0 && x->value.median > 0 && isfinite(x->value.median) &&
            (!best || x->value.median > best->value.median))
            best = x; /* a model's integers take no time at all */
    }
    return best;
}

/* A ceiling in the units of the page. Ceilings of fma are in flops, two to an operation. */
static struct interval rate_of(const struct page *p, const struct ceiling *c)
{
    struct interval v = c->value;
    double scale = !p->sectors                    ? 1
                   : c->kind == CEILING_BANDWIDTH ? 1 / SECTOR_BYTES
                   : strcmp(c->op, "fma") == 0    ? 0.5
                                                  : 1;
    return (struct interval){v.median * scale, v.low * scale, v.high * scale, v.n};
}

char *roofs_rate(char out[UNITS_TEXT], const struct page *p, bool slope, double rate)
{
    char flops[UNITS_TEXT];
    if (!p->sectors)
        return units_format(out, slope ? UNIT_BYTES_PER_S : UNIT_OPS_PER_S, rate);
    units_format(flops, UNIT_OPS_PER_S, rate);
    snprintf(out, UNITS_TEXT, "%.*s%s", (int)strcspn(flops, "F"), flops, slope ? "sector/s" : "op/s");
    return out;
}

/* "copy kernel (vec4): 3.00 TB/s, read 3.18 TB/s, copy command 2.82 TB/s" */
static void share_line(const struct page *p, struct roof_line *line, const char *name, double rate)
{
    char value[UNITS_TEXT];
    size_t used = strlen(line->name);
    roofs_rate(value, p, line->slope, rate);
    int length = ends_with(name, " kernel") ? (int)strcspn(name, " ") : (int)strlen(name);
    snprintf(line->name + used, sizeof line->name - used, ", %.*s %s", length, name, value);
}

void roofs_add(struct page *p, const struct ceiling *c, int device, const char *name, const char *colour,
               const char *dash, double apart)
{
    bool slope = c && c->kind == CEILING_BANDWIDTH;
    if (!c || p->roof_count == ROOFS)
        return;
    struct interval rate = rate_of(p, c);
    for (int i = 0; i < p->roof_count; i++)
        if (p->roofs[i].slope == slope && p->roofs[i].device == device &&
            fabs(log(p->roofs[i].rate.median / rate.median)) < apart) {
            if (apart == NEARLY_SAME)
                share_line(p, &p->roofs[i], name, rate.median);
            return;
        }
    struct roof_line *line = &p->roofs[p->roof_count++];
    *line = (struct roof_line){
        .rate = rate, .slope = slope, .colour = colour, .dash = dash, .device = device};
    char value[UNITS_TEXT];
    const char *access = slope && c->access != ACCESS_NONE && p->devices == 1 ? access_name(c->access) : NULL;
    snprintf(line->name, sizeof line->name, "%s%s%s%s: %s", name, access ? " (" : "", access ? access : "",
             access ? ")" : "", roofs_rate(value, p, slope, rate.median));
    if (slope && !p->sectors) /* a sector that is touched in part need not be moved as a whole: no bound */
        p->bound = fmax(p->bound, c->value.high);
}

const char *const device_colours[DEVICES] = {BLUE, VERMILLION, GREEN, PURPLE, ORANGE};

/* The first of a kind is the one that others are compared with: the copy kernel and fma. */
static void collect_roofs_one(struct page *p, int device)
{
    static const struct {
        const char *name, *colour, *dash;
        enum mix mix;
        bool command;
        double apart; /* drawn where it differs from all others by this factor's logarithm */
    } slopes[] = {{"copy kernel", BLUE, "1", MIX_COPY, false, NEARLY_SAME},
                  {"read kernel", BLUE, DASHED, MIX_READ, false, NEARLY_SAME},
                  {"copy command", PURPLE, DASH_DOT, MIX_COPY, true, NEARLY_SAME},
                  {"triad kernel", BLUE, DOTTED, MIX_TRIAD, false, CROWDED},
                  {"write kernel", BLUE, SHORT_DASHED, MIX_WRITE, false, CROWDED},
                  {"fill command", PURPLE, DOTTED, MIX_WRITE, true, CROWDED}};
    static const char *const levels[] = {"fma", "mul+add", "exp"};
    static const char *const dashes[] = {"1", DASHED, DASH_DOT};
    struct ceilings c = record_ceilings(p->records[device]);
    double footprint = roofs_footprint(p, device);
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++)
        roofs_add(p, roofs_bandwidth(c, slopes[i].mix, slopes[i].command, footprint), device, slopes[i].name,
                 slopes[i].colour, slopes[i].dash, slopes[i].apart);
    for (size_t i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s f32", levels[i]);
        roofs_add(p, roofs_compute(c, levels[i], "f32"), device, name, AMBER, dashes[i], NEARLY_SAME);
    }
}

char *roofs_name_of_device(char out[ROOF_NAME], const struct record *r, const char *what)
{
    char *device = shown_text(r->device, 0, 0), name[SHORT_NAME];
    snprintf(out, ROOF_NAME, "%s, %.14s", short_name(name, device), what);
    free(device);
    return out;
}

/* With several devices only the two roofs of each that matter: the copy kernel's and the peak. */
static void collect_roofs_many(struct page *p, int device)
{
    struct ceilings c = record_ceilings(p->records[device]);
    char name[ROOF_NAME];
    roofs_name_of_device(name, p->records[device], "copy");
    roofs_add(p, roofs_bandwidth(c, MIX_COPY, false, roofs_footprint(p, device)), device, name,
              device_colours[device], "1", NEARLY_SAME);
    roofs_name_of_device(name, p->records[device], "peak");
    roofs_add(p, ceilings_peak(c), device, name, device_colours[device], "1", NEARLY_SAME);
}

void roofs_ridge(struct page *p)
{
    for (int i = p->roof_count - 1; i >= 0; i--)
        if (p->roofs[i].device == 0)
            *(p->roofs[i].slope ? &p->copy : &p->best_peak) = p->roofs[i].rate.median;
}

void roofs_collect(struct page *p)
{
    for (int d = 0; d < p->devices; d++) {
        struct ceilings c = record_ceilings(p->records[d]);
        const struct ceiling *peak = ceilings_peak(c);
        (p->devices == 1 ? collect_roofs_one : collect_roofs_many)(p, d);
        if (isnan(p->bound) || p->point_count == 0)
            p->bound = fmax(p->bound, ceilings_bound_rate(c, roofs_footprint(p, d) / 2));
        if (peak)
            p->peak = fmax(p->peak, fmax(peak->value.high, peak->value.median));
    }
    roofs_ridge(p);
}

/* --- drawing roofs ------------------------------------------------------------------------------------- */

static struct spot at(const struct page *p, double x, double flops)
{
    return panel_spot(&p->chart.panel, x, flops / p->unit);
}

static void roof_label(struct page *p, const char *text, double x0, double y0, double x1, double y1,
                       const char *colour)
{
    struct label *l = label_add(&p->chart, PLACE_ALONG, text, NULL, NULL);
    l->a = at(p, x0, y0);
    l->b = at(p, x1, y1);
    l->size = SMALL;
    l->colour = colour;
}

/* From the left edge up to the level `top` (or the top of the chart). */
static void draw_slope(struct page *p, const char *name, struct interval rate, double top, const char *colour,
                       const char *dash, double width)
{
    double end = fmin(top / rate.median, p->x.high), start = fmax(p->x.low, p->y.low / rate.median);
    double x[2] = {start, end}, y[2], low[2], high[2];
    char style[96];
    if (end <= start)
        return;
    for (int i = 0; i < 2; i++) {
        y[i] = rate.median * x[i] / p->unit;
        low[i] = rate.low * x[i] / p->unit;
        high[i] = rate.high * x[i] / p->unit;
    }
    snprintf(style, sizeof style, "fc rgb '%s' fs transparent solid 0.25", colour);
    if (rate.low > 0 && rate.high > rate.low)
        chart_band(&p->chart, name, x, low, high, 2, style);
    snprintf(style, sizeof style, "lc rgb '%s' lw %.2g dt %s", colour, width, dash);
    chart_line(&p->chart, name, x, y, 2, style);
    roof_label(p, name, x[0], y[0] * p->unit, x[1], y[1] * p->unit, colour);
}

/* From where the copy roof reaches it to the right edge. */
static void draw_level(struct page *p, const char *name, struct interval rate, double slope,
                       const char *colour, const char *dash, double width)
{
    double start = slope > 0 ? fmax(rate.median / slope, p->x.low) : p->x.low;
    double x[2] = {start, p->x.high}, y[2], low[2], high[2];
    char style[96];
    if (start >= p->x.high || rate.median <= p->y.low)
        return;
    for (int i = 0; i < 2; i++) {
        y[i] = rate.median / p->unit;
        low[i] = rate.low / p->unit;
        high[i] = rate.high / p->unit;
    }
    snprintf(style, sizeof style, "fc rgb '%s' fs transparent solid 0.25", colour);
    if (rate.low > 0 && rate.high > rate.low)
        chart_band(&p->chart, name, x, low, high, 2, style);
    snprintf(style, sizeof style, "lc rgb '%s' lw %.2g dt %s", colour, width, dash);
    chart_line(&p->chart, name, x, y, 2, style);
    roof_label(p, name, x[0], rate.median, x[1], rate.median, colour);
}

static double of_device(const struct page *p, int device, bool slope)
{
    for (int i = 0; i < p->roof_count; i++)
        if (p->roofs[i].device == device && p->roofs[i].slope == slope)
            return p->roofs[i].rate.median;
    return NAN;
}

static void draw_roofs(struct page *p)
{
    for (int i = 0; i < p->roof_count; i++) {
        const struct roof_line *r = &p->roofs[i];
        double other = of_device(p, r->device, !r->slope);
        bool main_roof = r->rate.median == of_device(p, r->device, r->slope);
        if (r->slope)
            draw_slope(p, r->name, r->rate, other > 0 ? other : p->y.high, r->colour, r->dash,
                       main_roof ? 3 : 2);
        else
            draw_level(p, r->name, r->rate, other, r->colour, r->dash, main_roof ? 3 : 2);
    }
}

static void draw_impossible(struct page *p)
{
    double top = isnan(p->peak) ? p->y.high : p->peak,
           ridge = fmin(fmax(top / p->bound, p->x.low), p->x.high);
    double x[3] = {p->x.low, ridge, p->x.high}, low[3], high[3];
    if (isnan(p->bound))
        return;
    for (int i = 0; i < 3; i++) {
        low[i] = fmin(p->bound * x[i], top) / p->unit;
        high[i] = p->y.high / p->unit;
    }
    chart_band(&p->chart, "impossible: above B* and the peak", x, low, high, 3,
               "fc rgb '" IMPOSSIBLE "' fs solid 1");
    chart_line(&p->chart, "B* and the peak's upper limit", x, low, 3, "lc rgb '" GREY "' lw 1.5");
    struct label *l = label_add(&p->chart, PLACE_WITHIN, "impossible",
                                p->devices > 1 ? "above every B* and peak" : "above B* and the peak", NULL);
    l->region = (struct quad){{at(p, x[0], low[0] * p->unit), at(p, x[1], low[1] * p->unit),
                               at(p, x[1], p->y.high), at(p, x[0], p->y.high)}};
    l->size = HEADING;
    l->colour = GREY;
    l->optional = true;
}

static void label_bound(struct page *p)
{
    double end = isnan(p->peak) ? p->x.high : p->peak / p->bound;
    char value[UNITS_TEXT], text[96];
    if (isnan(p->bound))
        return;
    snprintf(text, sizeof text, "B* = %s", units_format(value, UNIT_BYTES_PER_S, p->bound));
    roof_label(p, text, p->x.low, p->bound * p->x.low, fmin(end, p->x.high), p->bound * fmin(end, p->x.high),
               GREY);
}

static void draw_ridge(struct page *p)
{
    double x = p->best_peak / p->copy;
    char text[64];
    if (!(x > p->x.low && x < p->x.high) || p->devices > 1)
        return;
    struct spot top = at(p, x, p->best_peak), foot = at(p, x, p->y.low);
    chart_arrow(&p->chart, top, foot, "nohead lw 1.2 dt " DOTTED " lc rgb '" AMBER "' front", 30);
    chart_point(&p->chart, "ridge", x, p->best_peak / p->unit, p->best_peak / p->unit, p->best_peak / p->unit,
                13, 1.8, INK);
    snprintf(text, sizeof text, x < 999.5 ? "ridge: %.3g %s" : "ridge: %.0f %s", x,
             p->sectors ? "op/sector" : "flop/byte");
    struct label *l = label_add(&p->chart, PLACE_NEAR, text, NULL, NULL);
    l->a = (struct spot){foot.x, foot.y + 24};
    l->clearance = 4;
    l->size = SMALL;
}

static void draw_spec(struct page *p)
{
    const struct chart_options *o = p->chart.options;
    char name[96], value[UNITS_TEXT];
    double per_s[2] = {o->spec_bytes_per_s / (p->sectors ? SECTOR_BYTES : 1),
                       o->spec_ops_per_s / (p->sectors ? 2 : 1)}; /* data sheets count flops, two to an fma */
    struct interval bytes = {per_s[0], 0, 0, 0}, ops = {per_s[1], 0, 0, 0};
    if (bytes.median > 0) {
        snprintf(name, sizeof name, "data sheet: %s", roofs_rate(value, p, true, bytes.median));
        draw_slope(p, name, bytes, ops.median > 0 ? ops.median : p->y.high, INK, DASHED, 1.5);
    }
    if (ops.median > 0) {
        snprintf(name, sizeof name, "data sheet: %s", roofs_rate(value, p, false, ops.median));
        draw_level(p, name, ops, bytes.median, INK, DASHED, 1.5);
    }
}

void roofs_draw(struct page *p)
{
    draw_impossible(p);
    draw_roofs(p);
    label_bound(p);
    draw_spec(p);
    draw_ridge(p);
}
