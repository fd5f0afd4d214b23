/* One plot area of a chart: its place on the page, its ticks, its curves, and what charts ask of records. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_parts.h"

/* --- geometry ------------------------------------------------------------------------------------------ */

static double axis_part(const struct axis *a, double v)
{
    return a->log ? log(v / a->low) / log(a->high / a->low) : (v - a->low) / (a->high - a->low);
}

struct spot panel_spot(const struct panel *p, double x, double y)
{
    struct spot s = {p->left + axis_part(&p->x, x) * (p->right - p->left),
                     p->bottom + axis_part(&p->y, y) * (p->top - p->bottom)};
    return s;
}

struct panel chart_cell(const struct chart *c, int i, int n, double heading)
{
    static const int columns_for[CHART_PANELS + 1] = {1, 1, 2, 3, 2, 3, 3};
    int columns = columns_for[n], rows = (n + columns - 1) / columns;
    double width = (c->width - 40) / columns, height = (c->top - c->bottom) / rows;
    int column = i % columns, row = i / columns;
    struct panel p = {0};
    p.left = 20 + column * width + (columns == 3 ? 96 : 112);
    p.right = 20 + (column + 1) * width - (columns == 1 ? 40 : 18);
    p.top = c->top - row * height - heading;
    p.bottom = c->top - (row + 1) * height + 92;
    return p;
}

struct panel chart_storey(const struct chart *c, int i, int n, double heading)
{
    struct panel p = chart_cell(c, 0, 1, heading);
    double height = (c->top - c->bottom) / n;
    p.top = c->top - i * height - heading;
    p.bottom = c->top - (i + 1) * height + 92;
    return p;
}

void panel_open(struct chart *c, struct panel p)
{
    c->panel = p;
    c->obstacle_count = 0;
}

/* --- ticks --------------------------------------------------------------------------------------------- */

void panel_named_ticks(struct chart *c, const char *name, const double *values, const char *const *names,
                       int n)
{
    text_add(&c->gp, "set %stics scale 0.6 nomirror noenhanced font 'sans-serif,%d' textcolor rgb '%s' (",
             name, SMALL, INK);
    for (int i = 0; i < n; i++) {
        if (*name == 'y')
            c->tick_width = fmax(i ? c->tick_width : 0, text_width(names[i], SMALL, false));
        text_add(&c->gp, "%s", i ? ", " : "");
        put_string(&c->gp, names[i]);
        text_add(&c->gp, " %.9g", values[i]);
    }
    text_add(&c->gp, ")\n");
}

/* The step 1, 2 or 5 times a power of ten that cuts the range in about `parts`. */
static double round_step(double range, int parts)
{
    double raw = range / parts, power = pow(10, floor(log10(raw))), rest = raw / power;
    return power * (rest <= 1.0001 ? 1 : rest <= 2.0001 ? 2 : rest <= 5.0001 ? 5 : 10);
}

enum { TICKS = 40 };

static int linear_ticks(struct axis a, double pixels, double *values)
{
    double step = round_step(a.high - a.low, pixels > 500 ? 8 : 5);
    int n = 0;
    for (double i = ceil(a.low / step - 1e-9); n < TICKS && i * step <= a.high * (1 + 1e-9); i++)
        values[n++] = i * step + 0.0; /* so that there is no minus zero */
    return n;
}

/* 1-2-5 where the decades are long enough for three names, else decades. */
static int log_ticks(struct axis a, double pixels, double *values)
{
    static const double parts[] = {1, 2, 5};
    int every = pixels / log10(a.high / a.low) > 190 ? 3 : 1, n = 0;
    if (!(a.low > 0) || !isfinite(a.high)) /* such decades never end */
        return 0;
    for (double decade = floor(log10(a.low)); decade <= ceil(log10(a.high)); decade++)
        for (int i = 0; i < every; i++) {
            double v = parts[i] * pow(10, decade);
            if (v >= a.low * (1 - 1e-9) && v <= a.high * (1 + 1e-9) && n < TICKS)
                values[n++] = v;
        }
    return n;
}

void panel_ticks(struct chart *c, const char *name, struct axis a)
{
    double values[TICKS],
        pixels = *name == 'x' ? c->panel.right - c->panel.left : c->panel.top - c->panel.bottom;
    char texts[TICKS][24];
    const char *names[TICKS];
    int n = (a.log ? log_ticks : linear_ticks)(a, pixels, values);
    for (int i = 0; i < n; i++) {
        snprintf(texts[i], sizeof texts[i], fabs(values[i]) < 1e6 ? "%.6g" : "%.3g", values[i]);
        names[i] = texts[i];
    }
    panel_named_ticks(c, name, values, names, n);
}

void panel_byte_ticks(struct chart *c)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    const struct axis *a = &c->panel.x;
    double values[24], octaves = log2(a->high / a->low), room = (c->panel.right - c->panel.left) / 118;
    char texts[24][16];
    const char *names[24];
    int step = (int)fmax(1, ceil(octaves / fmin(room, 20))), n = 0;
    for (int power = (int)ceil(log2(a->low)); power <= log2(a->high) && n < 24; power++) {
        if (power % step || power < 0 || power >= 50)
            continue;
        values[n] = pow(2, power);
        snprintf(texts[n], sizeof texts[n], "%d %s", 1 << power % 10, units[power / 10]);
        names[n] = texts[n];
        n++;
    }
    panel_named_ticks(c, "x", values, names, n);
}

/* A tick per power of ten, in the unit that suits it. */
void panel_time_ticks(struct chart *c)
{
    const struct axis *a = &c->panel.y;
    double values[16];
    char texts[16][24];
    const char *names[16];
    int n = 0;
    for (double v = pow(10, ceil(log10(a->low))); v <= a->high && n < 16; v *= 10) {
        struct time_unit unit = time_unit_for(v);
        snprintf(texts[n], sizeof texts[n], "%.0f %s", v / unit.ns, unit.name);
        names[n] = texts[n];
        values[n++] = v;
    }
    panel_named_ticks(c, "y", values, names, n);
}

/* --- the plot command ---------------------------------------------------------------------------------- */

static void emit_axis(struct chart *c, const char *name, const struct axis *a)
{
    text_add(&c->gp, "set %srange [%.9g:%.9g]\n%s %s\n", name, a->low, a->high,
             a->log ? "set logscale" : "unset logscale", name);
}

static void emit_titles(struct chart *c, const char *x_title, const char *y_title)
{
    const struct panel *p = &c->panel;
    struct spot below = {(p->left + p->right) / 2, p->bottom - 66},
                beside = {p->left - c->tick_width - 40, (p->bottom + p->top) / 2};
    if (x_title)
        chart_text(c, below, "center", x_title, NORMAL, false, INK, 0);
    if (y_title)
        chart_text(c, beside, "center", y_title, NORMAL, false, INK, 90);
}

void panel_close(struct chart *c, const char *x_title, const char *y_title)
{
    const struct panel *p = &c->panel;
    int left_out = labels_place(c);
    labels_emit(c);
    emit_titles(c, x_title, y_title);
    text_add(&c->gp, "set lmargin at screen %.5f\nset rmargin at screen %.5f\n", p->left / c->width,
             p->right / c->width);
    text_add(&c->gp, "set bmargin at screen %.5f\nset tmargin at screen %.5f\n", p->bottom / c->height,
             p->top / c->height);
    emit_axis(c, "x", &p->x);
    emit_axis(c, "y", &p->y);
    text_add(&c->gp, "set border 3 back lc rgb '%s'\nset grid xtics ytics back lc rgb '%s' lw 1 dt 1\n", GREY,
             PALE);
    text_add(&c->gp, "plot %s\n", text_get(&c->plots));
    text_add(&c->gp, "unset label\nunset arrow\nunset object\n\n");
    text_free(&c->plots);
    c->plots = (struct text){0};
    if (left_out)
        chart_note(c, "%d label%s found no place", left_out, left_out > 1 ? "s" : "");
}

/* --- what is drawn ------------------------------------------------------------------------------------- */

int chart_block(struct chart *c, const char *comment)
{
    char *shown = shown_text(comment, 0, 0);
    text_add(&c->dat, "%s# [%d] %s\n", c->blocks ? "\n\n" : "", c->blocks, shown);
    free(shown);
    return c->blocks++;
}

void chart_plot(struct chart *c, const char *format, ...)
{
    char item[512];
    va_list args;
    va_start(args, format);
    vsnprintf(item, sizeof item, format, args);
    va_end(args);
    text_add(&c->plots, "%s%s notitle", c->plots.len ? ", \\\n     " : "", item);
}

void chart_line(struct chart *c, const char *comment, const double *x, const double *y, int n,
                const char *style)
{
    int block = chart_block(c, comment);
    for (int i = 0; i < n; i++) {
        text_add(&c->dat, "%.9g %.9g\n", x[i], y[i]);
        if (i > 0)
            obstacle_add(
                c, quad_segment(panel_spot(&c->panel, x[i - 1], y[i - 1]), panel_spot(&c->panel, x[i], y[i])),
                50);
    }
    chart_plot(c, "data index %d using 1:2 with lines %s", block, style);
}

void chart_band(struct chart *c, const char *comment, const double *x, const double *low, const double *high,
                int n, const char *style)
{
    int block = chart_block(c, comment);
    for (int i = 0; i < n; i++)
        text_add(&c->dat, "%.9g %.9g %.9g\n", x[i], low[i], high[i]);
    chart_plot(c, "data index %d using 1:2:3 with filledcurves %s", block, style);
}

void chart_point(struct chart *c, const char *comment, double x, double y, double low, double high, int type,
                 double size, const char *colour)
{
    int block = chart_block(c, comment);
    struct spot at = panel_spot(&c->panel, x, y);
    struct spot from = panel_spot(&c->panel, x, low), to = panel_spot(&c->panel, x, high);
    text_add(&c->dat, "%.9g %.9g %.9g %.9g\n", x, y, low, high);
    chart_plot(c, "data index %d using 1:2:3:4 with yerrorbars pt %d ps %.2g*dot lw 1.5 lc rgb '%s'", block,
               type, size, colour);
    obstacle_add(c, quad_box(at, 11 * size, 11 * size, 0), 400);
    if (to.y - from.y > 6)
        obstacle_add(c, quad_box((struct spot){at.x, (from.y + to.y) / 2}, 14, to.y - from.y, 0), 100);
}

void chart_arrow(struct chart *c, struct spot a, struct spot b, const char *style, double weight)
{
    text_add(&c->gp, "set arrow from screen %.5f,%.5f to screen %.5f,%.5f %s\n", a.x / c->width,
             a.y / c->height, b.x / c->width, b.y / c->height, style);
    if (weight > 0)
        obstacle_add(c, quad_segment(a, b), weight);
}

void chart_text(struct chart *c, struct spot at, const char *align, const char *s, int size, bool bold,
                const char *colour, int degrees)
{
    text_add(&c->gp, "set label ");
    put_string(&c->gp, s);
    text_add(&c->gp, " at screen %.5f,%.5f %s", at.x / c->width, at.y / c->height, align);
    if (degrees)
        text_add(&c->gp, " rotate by %d", degrees);
    text_add(&c->gp, " font 'sans-serif'%s.',%d' tc rgb '%s' noenhanced front\n", bold ? ".bold" : "", size,
             colour);
}

/* --- records ------------------------------------------------------------------------------------------- */

char *run_group(char out[GROUP_TEXT], const struct run *r)
{
    const char *name = r->group ? r->group : r->chain ? r->chain : r->kernel ? r->kernel : "runs";
    int length = r->group || r->chain ? (int)strlen(name) : (int)strcspn(name, "/");
    snprintf(out, GROUP_TEXT, "%.*s", length, name);
    return out;
}

bool same_group(const struct run *a, const struct run *b)
{
    char ta[GROUP_TEXT], tb[GROUP_TEXT];
    return strcmp(run_group(ta, a), run_group(tb, b)) == 0;
}

const char *run_kernel(const struct run *r, bool rung)
{
    const char *slash = r->kernel && rung ? strchr(r->kernel, '/') : NULL;
    return slash && slash[1] ? slash + 1 : r->kernel ? r->kernel : "run";
}

bool group_wanted(const char *group, const char *groups)
{
    bool wanted = !groups || strncmp(group, groups, GROUP_TEXT - 1) == 0; /* of a chain: its own text may have commas */
    for (const char *at = groups; at && *at && !wanted;) {
        size_t n = strcspn(at, ",");
        wanted = strlen(group) == n && strncmp(group, at, n) == 0;
        at += at[n] ? n + 1 : n;
    }
    return wanted;
}

bool run_wanted(const struct run *r, const struct chart_options *o)
{
    char group[GROUP_TEXT];
    return group_wanted(run_group(group, r), o->group);
}

/* Is a run of this group, or of a sweep of this name? */
static bool group_exists(const struct record *const *records, int count, const char *name)
{
    char group[GROUP_TEXT];
    for (int i = 0; i < count; i++)
        for (int k = 0; k < records[i]->run_count; k++) {
            const struct run *r = &records[i]->runs[k];
            if (strncmp(run_group(group, r), name, GROUP_TEXT - 1) == 0 || (r->sweep_of && strcmp(r->sweep_of, name) == 0))
                return true;
        }
    return false;
}

bool chart_knows_groups(const struct record *const *records, int count, const char *groups, struct error *e)
{
    char *text = need_string(groups), *rest = text;
    bool known = group_exists(records, count, groups), ok = true;
    for (char *name; ok && !known && (name = strsep(&rest, ","));)
        if (!group_exists(records, count, name))
            ok = error_set(e, EXIT_USAGE, "no run is of a group '%.60s'; `rooflab plot` without --group draws all that there are", name);
    free(text);
    return ok;
}

bool run_drawable(const struct run *r, const struct chart_options *o)
{
    if (r->status != RUN_OK || r->time_ns.n <= 0 || !(r->time_ns.median > 0) || !isfinite(r->time_ns.median))
        return false;
    return run_wanted(r, o);
}

void roof_spread(struct ceilings c, double rate, double footprint, double *low, double *high)
{
    const struct ceiling *found = ceilings_roof(c, MIX_COPY, footprint);
    for (int i = 0; i < c.count; i++)
        if (c.list[i].kind == CEILING_BANDWIDTH && c.list[i].via != VIA_COMMAND && c.list[i].value.n > 0 &&
            fabs(c.list[i].value.median / rate - 1) < 1e-3)
            found = &c.list[i];
    *low = *high = 1;
    if (found && found->value.low > 0 && found->value.high >= found->value.low) {
        *low = found->value.low / found->value.median;
        *high = found->value.high / found->value.median;
    }
}

struct time_unit time_unit_for(double max_ns)
{
    static const struct time_unit units[] = {{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (max_ns >= 0.9995 * units[i].ns)
            return units[i];
    return (struct time_unit){"ns", 1};
}

char *three_digits(char out[DIGITS_TEXT], double value)
{
    double size = fabs(value);
    snprintf(out, DIGITS_TEXT, "%.*f", size < 9.995 ? 2 : size < 99.95 ? 1 : 0, value);
    return out;
}

const struct variant_look *variant_look(const char *variant)
{
    static const struct variant_look looks[] = {
        {"unfused", VERMILLION, 5}, {"grouped", PURPLE, 13}, {"fused", GREEN, 7}, {"single", BLUE, 9}};
    for (size_t i = 0; variant && i < sizeof looks / sizeof *looks; i++)
        if (strcmp(variant, looks[i].name) == 0)
            return &looks[i];
    return &looks[3];
}
