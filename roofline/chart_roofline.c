/* The roofline: what every byte buys, under the roofs that were measured. Logarithmic on both axes, so that
 * every bandwidth is a line of the same slope. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "roofline/chart_roofs.h"

/* --- points -------------------------------------------------------------------------------------------- */

static void add_point(struct page *p, const struct run *r, int device)
{
    const struct interval *t = &r->time_ns;
    if (!(r->flops > 0) || !(r->bytes_compulsory > 0)) {
        p->skipped++;
        return;
    }
    if (p->point_count == POINTS) {
        p->crowded++;
        return;
    }
    double issued = r->bytes_issued > 0 ? r->bytes_issued : r->bytes_compulsory;
    p->points[p->point_count++] = (struct point){.run = r,
                                                 .device = device,
                                                 .x = r->flops / r->bytes_compulsory,
                                                 .issued = r->flops / issued,
                                                 .y = 1e9 * r->flops / t->median,
                                                 .low = 1e9 * r->flops / t->high,
                                                 .high = 1e9 * r->flops / t->low};
    if (r->bound_bytes_per_s > 0)
        p->bound = fmax(p->bound, r->bound_bytes_per_s);
}

static void collect_points(struct page *p, const struct chart_options *o)
{
    for (int d = 0; d < p->devices; d++)
        for (int i = 0; i < p->records[d]->run_count; i++)
            if (run_drawable(&p->records[d]->runs[i], o))
                add_point(p, &p->records[d]->runs[i], d);
}

/* --- the page ------------------------------------------------------------------------------------------ */

static bool has_fused(const struct page *p)
{
    for (int i = 0; i < p->point_count; i++)
        if (p->points[i].run->variant && strcmp(p->points[i].run->variant, "single") != 0)
            return true;
    return false;
}

static void heading(struct page *p)
{
    struct key_entry key[PAGE_KEYS];
    char line[300];
    int keys = page_key(p, key);
    const struct record *first = p->records[0];
    const char *title = p->chart.options->title ? p->chart.options->title : first->title;
    snprintf(line, sizeof line, "Roofline of %.120s%s",
             p->devices > 1  ? "several devices"
             : first->device ? first->device
                             : "an unknown device",
             p->ladder           ? " · arrows lead from rung to rung of the ladder"
             : p->devices > 1 && has_fused(p) ? " · open marks: unfused, filled marks: fused"
                              : "");
    if (!title && p->copy > 0 && p->best_peak > 0 && p->devices == 1)
        snprintf(line + strlen(line), sizeof line - strlen(line),
                 " · below %.3g flop/byte memory is the limit, above it arithmetic", p->best_peak / p->copy);
    chart_heading(&p->chart, title ? title : "Fewer bytes per flop move a kernel up along the memory roof",
                  line, key, keys);
}

static void footer(struct page *p)
{
    char left_out[64];
    page_provenance(p);
    snprintf(left_out, sizeof left_out, "%d run%s", p->skipped + p->crowded,
             p->skipped + p->crowded > 1 ? "s" : "");
    if (p->skipped + p->crowded > 0)
        chart_note(&p->chart, "%s left out: %s", left_out,
                   p->crowded ? "too many for one chart, or without arithmetic"
                              : "without arithmetic there is no place on a logarithmic axis");
    if (p->all > p->devices)
        chart_note(&p->chart, "%d of %d records are shown", p->devices, p->all);
    chart_note(&p->chart,
               "marks at compulsory bytes; a bar reaches to the bytes issued; bars in height: 95 %% intervals"
               "%s",
               isnan(p->bound) ? "" : "; B*: the highest bandwidth that could be true");
}

bool chart_roofline(const struct record *const *records, int count, const struct chart_options *o,
                    struct error *e)
{
    struct page p = page_of(records, count);
    collect_points(&p, o);
    chart_open(&p.chart, o, 1060, p.devices);
    roofs_collect(&p);
    if (p.point_count == 0 && p.roof_count == 0) {
        chart_free(&p.chart);
        return error_set(e, EXIT_USAGE,
                         "no roofline: no ceiling was measured and no run%s%s%s is ok, timed and has "
                         "flops; measure with 'rooflab ceilings'",
                         o->group ? " of group '" : "", o->group ? o->group : "", o->group ? "'" : "");
    }
    heading(&p);
    footer(&p);
    page_draw(&p, "arithmetic intensity (flop per byte of compulsory traffic)", "arithmetic done");
    return chart_close(&p.chart, e);
}
