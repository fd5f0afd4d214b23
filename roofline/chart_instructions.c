/* The second roofline: operations per second over operations per 32-byte sector. Every kind of operation
 * counts, each as one, so that kernels bound by integers or special functions find their place too. The idea
 * is Ding and Williams' instruction roofline, with sectors in the place of a profiler's transactions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "roofline/chart_roofs.h"

/* --- kinds of operations ------------------------------------------------------------------------------- */

/* One level each. "mul+add" counts its additions and multiplications apart from one another. */
static const struct level {
    const char *name, *op, *type, *colour, *dash;
    enum op ops[2];
} levels[] = {{"fma f32", "fma", "f32", AMBER, "1", {OP_FMA, OP_FMA}},
              {"add, mul f32", "mul+add", "f32", AMBER, DASHED, {OP_ADD, OP_MUL}},
              {"integer", "int_xor", "i32", PURPLE, "1", {OP_INT_XOR, OP_INT_XOR}},
              {"integer multiply", "int_mul", "i32", PURPLE, DASHED, {OP_INT_MUL, OP_INT_MUL}},
              {"division", "div", "f32", INK, "1", {OP_DIV, OP_DIV}},
              {"exp", "exp", "f32", INK, DASHED, {OP_EXP, OP_EXP}},
              {"log", "log", "f32", INK, DASH_DOT, {OP_LOG, OP_LOG}},
              {"tanh", "tanh", "f32", INK, SHORT_DASHED, {OP_TANH, OP_TANH}},
              {"1/sqrt", "rsqrt", "f32", INK, DOTTED, {OP_RSQRT, OP_RSQRT}}};
enum { LEVELS = sizeof levels / sizeof *levels };

/* What a reader tells apart at a glance. */
static const struct kind {
    const char *name;
    enum op first, last;
} kinds[] = {{"fma, add, mul", OP_FMA, OP_MUL},
             {"division", OP_DIV, OP_DIV},
             {"special functions", OP_EXP, OP_RSQRT},
             {"integer", OP_INT_MUL, OP_INT_XOR}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static double ops_between(const struct run *r, enum op first, enum op last)
{
    double sum = 0;
    for (int op = (int)first; op <= (int)last; op++)
        sum += r->ops[op] > 0 ? r->ops[op] : 0; /* NAN where a record lacks it */
    return sum;
}

static double ops_all(const struct run *r)
{
    return ops_between(r, OP_FMA, OP_COUNT - 1);
}

/* The kind of most of a run's operations, and its part of them in percent. */
static int dominating(const struct run *r, double *percent)
{
    int best = 0;
    double most = 0;
    for (int k = 0; k < KINDS; k++) {
        double ops = ops_between(r, kinds[k].first, kinds[k].last);
        if (ops > most) {
            best = k;
            most = ops;
        }
    }
    *percent = 100 * most / ops_all(r);
    return best;
}

/* Seconds that these operations take at the measured rate; NAN where there is none. */
static double seconds_of(struct ceilings c, const struct run *r, enum op op)
{
    return r->ops[op] > 0 ? r->ops[op] / ceilings_op_rate(c, op) : 0;
}

static double seconds_all(struct ceilings c, const struct run *r)
{
    double sum = 0;
    for (int op = 0; op < OP_COUNT; op++)
        sum += seconds_of(c, r, (enum op)op);
    return sum;
}

/* --- points -------------------------------------------------------------------------------------------- */

/* A sector that is read and written back in place moves twice, as its bytes do. */
static double sectors_of(const struct run *r)
{
    return fmax(r->bytes_sectors, r->bytes_compulsory) / SECTOR_BYTES;
}

static void add_point(struct page *p, const struct run *r, int device)
{
    double ops = ops_all(r), seconds = seconds_all(record_ceilings(p->records[device]), r);
    if (!(r->bytes_sectors > 0) || !(ops > 0)) {
        p->skipped++;
        return;
    }
    if (p->point_count == POINTS) {
        p->crowded++;
        return;
    }
    struct point *q = &p->points[p->point_count++];
    *q = (struct point){.run = r,
                        .device = device,
                        .x = ops / sectors_of(r),
                        .issued = ops / sectors_of(r),
                        .y = 1e9 * ops / r->time_ns.median,
                        .low = 1e9 * ops / r->time_ns.high,
                        .high = 1e9 * ops / r->time_ns.low,
                        .mix = seconds > 0 ? ops / seconds : 0};
    double percent;
    const char *kind = kinds[dominating(r, &percent)].name;
    snprintf(q->note, sizeof q->note, "%.0f %% %s", percent, kind);
}

static void collect_points(struct page *p, const struct chart_options *o)
{
    for (int d = 0; d < p->devices; d++)
        for (int i = 0; i < p->records[d]->run_count; i++)
            if (run_drawable(&p->records[d]->runs[i], o))
                add_point(p, &p->records[d]->runs[i], d);
}

/* What the footer says of all runs where labels do not: too many of them, or all would say the same. */
static void put_kinds(struct page *p, struct text *out)
{
    bool same = p->point_count > 1;
    for (int i = 1; i < p->point_count; i++)
        same = same && strcmp(p->points[i].note, p->points[0].note) == 0;
    for (int i = 0; i < p->point_count && same; i++)
        *p->points[i].note = 0;
    for (int k = 0; k < KINDS && (same || p->point_count > FEW_POINTS); k++) {
        int runs = 0;
        double percent, low = 100, high = 0;
        for (int i = 0; i < p->point_count; i++)
            if (dominating(p->points[i].run, &percent) == k) {
                runs++;
                low = fmin(low, percent);
                high = fmax(high, percent);
            }
        if (runs == 0)
            continue;
        text_add(out, "%s%.0f", out->len ? "; " : "most operations: ", low);
        if (high - low >= 1)
            text_add(out, " to %.0f", high);
        text_add(out, " %% %s in %d run%s", kinds[k].name, runs, runs > 1 ? "s" : "");
    }
}

/* --- roofs --------------------------------------------------------------------------------------------- */

/* A level matters where operations of its kind take a twentieth of some run's arithmetic, by number or by
 * time. Without runs all do. */
static bool matters(const struct page *p, const struct level *l, int device)
{
    struct ceilings c = record_ceilings(p->records[device]);
    for (int i = 0; i < p->point_count; i++) {
        const struct run *r = p->points[i].run;
        double ops = ops_between(r, l->ops[0], l->ops[1]), seconds = 0;
        for (int op = (int)l->ops[0]; op <= (int)l->ops[1]; op++)
            seconds += seconds_of(c, r, (enum op)op);
        if (p->points[i].device == device &&
            (ops >= 0.05 * ops_all(r) || seconds >= 0.05 * seconds_all(c, r)))
            return true;
    }
    return p->point_count == 0;
}

/* Adds the levels of a device from the highest down, so that the first is the roof of all; at most `most`. */
static void add_levels(struct page *p, int device, int most)
{
    struct ceilings c = record_ceilings(p->records[device]);
    bool done[LEVELS] = {false};
    for (int n = 0; n < most; n++) {
        int best = -1;
        double rate = 0;
        for (int i = 0; i < LEVELS; i++) {
            const struct ceiling *x = roofs_compute(c, levels[i].op, levels[i].type);
            double own = x ? x->value.median * (levels[i].ops[0] == OP_FMA ? 0.5 : 1) : 0;
            if (!done[i] && own > rate && matters(p, &levels[i], device)) {
                best = i;
                rate = own;
            }
        }
        if (best < 0)
            return;
        char name[ROOF_NAME];
        snprintf(name, sizeof name, "%s", levels[best].name);
        if (p->devices > 1)
            roofs_name_of_device(name, p->records[device], "peak");
        done[best] = true;
        roofs_add(p, roofs_compute(c, levels[best].op, levels[best].type), device, name,
                  p->devices > 1 ? device_colours[device] : levels[best].colour,
                  p->devices > 1 ? "1" : levels[best].dash, NEARLY_SAME);
    }
}

/* The copy and the read kernel and all levels that matter; where devices share the chart, two lines each. */
static void collect_roofs(struct page *p)
{
    for (int d = 0; d < p->devices; d++) {
        struct ceilings c = record_ceilings(p->records[d]);
        double footprint = roofs_footprint(p, d);
        char name[ROOF_NAME] = "copy kernel";
        if (p->devices > 1)
            roofs_name_of_device(name, p->records[d], "copy");
        roofs_add(p, roofs_bandwidth(c, MIX_COPY, false, footprint), d, name,
                  p->devices > 1 ? device_colours[d] : BLUE, "1", NEARLY_SAME);
        if (p->devices == 1)
            roofs_add(p, roofs_bandwidth(c, MIX_READ, false, footprint), d, "read kernel", BLUE, DASHED,
                      NEARLY_SAME);
        add_levels(p, d, p->devices > 1 ? 1 : LEVELS);
    }
    for (int i = 0; i < p->roof_count; i++)
        if (!p->roofs[i].slope)
            p->peak = fmax(p->peak, fmax(p->roofs[i].rate.high, p->roofs[i].rate.median));
    roofs_ridge(p);
}

/* --- the page ------------------------------------------------------------------------------------------ */

static void heading(struct page *p)
{
    struct key_entry key[PAGE_KEYS];
    char line[300];
    int keys = page_key(p, key);
    const struct record *first = p->records[0];
    const char *title = p->chart.options->title ? p->chart.options->title : first->title;
    snprintf(line, sizeof line, "Instruction roofline of %.120s%s",
             p->devices > 1  ? "several devices"
             : first->device ? first->device
                             : "an unknown device",
             p->devices > 1 ? " · open marks: unfused, filled marks: fused" : "");
    if (!title)
        title = "Every operation counts: integers and special functions bind too";
    chart_heading(&p->chart, title, line, key, keys);
}

static void footer(struct page *p)
{
    int left_out = p->skipped + p->crowded;
    struct text kinds_text = {0};
    page_provenance(p);
    put_kinds(p, &kinds_text);
    if (left_out > 0)
        chart_note(&p->chart, "%d run%s left out: %s", left_out, left_out > 1 ? "s" : "",
                   p->crowded ? "too many for one chart, or without counted sectors or operations"
                              : "without counted sectors or operations there is no place on this chart");
    if (p->all > p->devices)
        chart_note(&p->chart, "%d of %d records are shown", p->devices, p->all);
    chart_note(&p->chart, "level: one kind of operation alone; dash on a stem: what a run's own mix allows, "
                          "one kind after another; bars: 95 %% intervals");
    if (kinds_text.len)
        chart_note(&p->chart, "%s", text_get(&kinds_text));
    text_free(&kinds_text);
}

bool chart_instructions(const struct record *const *records, int count, const struct chart_options *o,
                        struct error *e)
{
    struct page p = page_of(records, count);
    p.sectors = true;
    collect_points(&p, o);
    chart_open(&p.chart, o, 1060, p.devices);
    collect_roofs(&p);
    if (p.point_count == 0 && p.roof_count == 0) {
        chart_free(&p.chart);
        return error_set(e, EXIT_USAGE,
                         "no instruction roofline: no ceiling was measured and no run%s%s%s is ok, timed "
                         "and has counted sectors; measure with 'rooflab ceilings' and 'rooflab chain'",
                         o->group ? " of group '" : "", o->group ? o->group : "", o->group ? "'" : "");
    }
    heading(&p);
    footer(&p);
    page_draw(&p, "operations per 32-byte sector touched (all counted, float and integer; an fma is one)",
              "operations done");
    return chart_close(&p.chart, e);
}
