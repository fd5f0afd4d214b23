/* All kinds of charts by name, and whether a record has something to show in them. */
#include <math.h>
#include <string.h>

#include "roofline/chart_layers.h"

static bool has_sectors(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].bytes_sectors > 0)
            return true;
    return false;
}

static bool has_bandwidth(const struct record *r)
{
    for (int i = 0; i < r->ceiling_count; i++)
        if (r->ceilings[i].kind == CEILING_BANDWIDTH)
            return true;
    return false;
}

static bool has_first(const struct record *r);

/* Runs that are judged by roofs; those of many sizes, and first runs, have none. */
static bool has_runs(const struct record *r)
{
    return r->run_count > 0 && r->fit_count == 0 && !has_first(r);
}

static bool has_fits(const struct record *r)
{
    return r->fit_count > 0;
}

static bool has_roofs(const struct record *r)
{
    return has_runs(r) || has_bandwidth(r);
}

static bool has_rungs(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].kernel && !r->runs[i].chain && rung_of(r->runs[i].kernel))
            return true;
    return false;
}

static bool has_sweep(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].sweep_of && r->runs[i].time_ns.n > 0)
            return true;
    return false;
}

static bool has_layers(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (layers_of(&r->runs[i]))
            return true;
    return false;
}

/* Runs without a roof that tell of a first one. */
static bool has_first(const struct record *r)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->fit_count == 0 && isnan(r->runs[i].roof_ns) && r->runs[i].call_ns.n > 0 && r->runs[i].first_ns > 0)
            return true;
    return false;
}

const struct chart_kind chart_kinds[CHART_KINDS] = {
    {"passes", chart_passes, has_runs},
    {"roofline", chart_roofline, has_roofs},
    {"bandwidth", chart_bandwidth, has_bandwidth},
    {"instructions", chart_instructions, has_sectors},
    {"bars", chart_bars, has_rungs},
    {"lines", chart_lines, has_sweep},
    {"sizes", chart_sizes, has_fits},
    {"layers", chart_layers, has_layers},
    {"layers-roofline", chart_layers_roofline, has_layers},
    {"first", chart_first, has_first},
};
const char *const chart_kind_names[CHART_KINDS + 1] = {"passes", "roofline", "bandwidth", "instructions", "bars", "lines", "sizes", "layers",
                                                     "layers-roofline", "first", NULL};

const struct chart_kind *chart_kind(const char *name)
{
    for (int i = 0; i < CHART_KINDS; i++)
        if (strcmp(chart_kinds[i].name, name) == 0)
            return &chart_kinds[i];
    return NULL;
}
