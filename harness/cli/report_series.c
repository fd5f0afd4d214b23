/* Reports of one work at several sizes, on one device and on several. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/report.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"
#include "harness/cli/wrap.h"
#include "harness/measure/experiment.h"
#include "roofline/crossover.h"

bool report_is_series(const struct run *r)
{
    return r->status == RUN_OK && r->call_ns.n > 0 && isnan(r->roof_ns);
}

/* "128 MiB": sizes of series are powers of two. */
static char *size_text(char out[UNITS_TEXT], double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    int unit = 0;
    for (; bytes >= 1024 && unit < 3; unit++)
        bytes /= 1024;
    snprintf(out, UNITS_TEXT, "%.3g %s", bytes, units[unit]);
    return out;
}

static void size_cell(struct cli_table *t, double bytes)
{
    char shown[UNITS_TEXT], csv[32];
    size_text(shown, bytes);
    snprintf(csv, sizeof csv, "%.9g", bytes);
    table_both(t, isfinite(bytes) ? shown : "-", isfinite(bytes) ? csv : "");
}

/* "4.98 us  (4.81 us to 5.15 us)" in two cells. */
static void limits_cells(struct cli_table *t, enum unit unit, struct interval v, double scale)
{
    char low[UNITS_TEXT], high[UNITS_TEXT];
    table_quantity(t, unit, v.median * scale);
    units_format(low, unit, v.low * scale);
    units_format(high, unit, v.high * scale);
    table_cell(t, "%s to %s", v.low < 0 ? "0" : low, high);
}

static const struct table_column fit_columns[] = {
    {"series", TABLE_LEFT, NULL},       {"time", TABLE_LEFT, NULL},  {"launch", TABLE_RIGHT, "launch_s"},
    {"95 %", TABLE_LEFT, NULL},         {"B", TABLE_RIGHT, "bytes_per_s"}, {"95 % ", TABLE_LEFT, NULL},
    {"half of B at", TABLE_RIGHT, "half_bytes"}, {"line is off by", TABLE_RIGHT, NULL}, {NULL, TABLE_LEFT, NULL},
};

static void report_fits(const struct record *r, FILE *out)
{
    struct cli_table *t = table_new(fit_columns);
    for (int i = 0; i < r->fit_count; i++) {
        const struct fit *f = &r->fits[i];
        table_row(t, strcmp(f->of, OF_CALL) == 0 ? TABLE_FAINT : TABLE_PLAIN);
        table_cell(t, "%s", f->group);
        table_cell(t, "%s", f->of);
        limits_cells(t, UNIT_SECONDS, f->launch_ns, 1e-9);
        limits_cells(t, UNIT_BYTES_PER_S, f->bytes_per_s, 1);
        size_cell(t, fit_half_bytes(f));
        table_cell(t, f->deviation < 1 ? "%.0f %%" : "%.1f times", f->deviation < 1 ? 100 * f->deviation : 1 + f->deviation);
    }
    table_print(t, out);
    table_end(t);
    fprintf(out, "%st = launch + bytes/B; bytes are those that a run reads and writes. dispatch: by the device's own clock; call:\n"
                 "by the host's, from handing a run over until it is known to be done.%s\n", style_of(out)->dim, style_of(out)->off);
}

static const struct table_column size_columns[] = {
    {"series", TABLE_LEFT, NULL},   {"S", TABLE_RIGHT, "tensor_bytes"}, {"first run", TABLE_RIGHT, "first_s"},
    {"time", TABLE_RIGHT, "time_s"}, {"call", TABLE_RIGHT, "call_s"},    {"rate", TABLE_RIGHT, "bytes_per_s"},
    {"of", TABLE_LEFT, NULL},        {NULL, TABLE_LEFT, NULL},
};

static void report_sizes(const struct record *r, FILE *out)
{
    struct cli_table *t = table_new(size_columns);
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (!report_is_series(run))
            continue;
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", run->group ? run->group : "");
        size_cell(t, run->tensor_bytes);
        table_quantity(t, UNIT_SECONDS, run->first_ns / 1e9);
        table_quantity(t, UNIT_SECONDS, run->time_ns.median / 1e9);
        table_quantity(t, UNIT_SECONDS, run->call_ns.median / 1e9);
        table_quantity(t, UNIT_BYTES_PER_S, run->bytes_compulsory / run->time_ns.median * 1e9);
        table_cell(t, "%s", run->kernel ? run->kernel : "");
    }
    table_print(t, out);
    table_end(t);
}

/* ---- transfers ---- */

static const struct table_column transfer_columns[] = {
    {"S", TABLE_RIGHT, "tensor_bytes"},    {"upload", TABLE_RIGHT, "upload_s"}, {"rate", TABLE_RIGHT, "bytes_per_s"},
    {"readback", TABLE_RIGHT, "readback_s"}, {"rate ", TABLE_RIGHT, "readback_bytes_per_s"}, {"there and back", TABLE_RIGHT, "trip_s"},
    {"one dispatch", TABLE_RIGHT, "dispatch_s"}, {"pays for", TABLE_RIGHT, "dispatches"}, {NULL, TABLE_LEFT, NULL},
};

static const struct run *run_at(const struct record *r, const char *group, double bytes)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].group && strcmp(r->runs[i].group, group) == 0 && r->runs[i].tensor_bytes == bytes)
            return &r->runs[i];
    return NULL;
}

static void transfer_row(struct cli_table *t, const struct record *r, const struct run *step)
{
    const struct run *up = run_at(r, GROUP_UPLOAD, step->tensor_bytes), *down = run_at(r, GROUP_READBACK, step->tensor_bytes);
    double trip = experiment_round_trip_ns(r, step->tensor_bytes);
    char csv[32];
    if (!up || !down || step->time_ns.n == 0)
        return;
    table_row(t, TABLE_PLAIN);
    size_cell(t, step->tensor_bytes);
    table_quantity(t, UNIT_SECONDS, up->call_ns.median / 1e9);
    table_quantity(t, UNIT_BYTES_PER_S, up->tensor_bytes / up->call_ns.median * 1e9);
    table_quantity(t, UNIT_SECONDS, down->call_ns.median / 1e9);
    table_quantity(t, UNIT_BYTES_PER_S, down->tensor_bytes / down->call_ns.median * 1e9);
    table_quantity(t, UNIT_SECONDS, trip / 1e9);
    table_quantity(t, UNIT_SECONDS, step->time_ns.median / 1e9);
    char shown[32];
    snprintf(shown, sizeof shown, "%.3g", trip / step->time_ns.median);
    snprintf(csv, sizeof csv, "%.9g", trip / step->time_ns.median);
    table_both(t, shown, csv);
}

static void report_transfer(const struct record *r, FILE *out)
{
    struct cli_table *t = table_new(transfer_columns);
    const char *step = NULL;
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].chain) {
            step = r->runs[i].chain;
            transfer_row(t, r, &r->runs[i]);
        }
    if (step) {
        table_print(t, out);
        fprintf(out, "%sone dispatch: %s; pays for: so many dispatches, saved by fusion, pay for one round trip.%s\n\n",
                style_of(out)->dim, step, style_of(out)->off);
    }
    table_end(t);
}

/* ---- first runs ---- */

static const struct table_column first_columns[] = {
    {"kernel", TABLE_LEFT, NULL},        {"S", TABLE_RIGHT, "tensor_bytes"},     {"cold", TABLE_RIGHT, "cold_s"},
    {"of it before the run", TABLE_RIGHT, "compile_s"}, {"cached", TABLE_RIGHT, "cached_s"}, {"later", TABLE_RIGHT, "call_s"},
    {"cold/later", TABLE_RIGHT, NULL},   {"of", TABLE_LEFT | TABLE_SPARE, NULL}, {NULL, TABLE_LEFT, NULL},
};

static void report_first(const struct record *r, FILE *out)
{
    struct cli_table *t = table_new(first_columns);
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (run->cold_ns.n == 0)
            continue;
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", run->group ? run->group : "");
        size_cell(t, run->tensor_bytes);
        table_quantity(t, UNIT_SECONDS, run->cold_ns.median / 1e9);
        table_quantity(t, UNIT_SECONDS, run->compile_ns / 1e9);
        table_quantity(t, UNIT_SECONDS, run->cached_ns.median / 1e9);
        table_quantity(t, UNIT_SECONDS, run->call_ns.median / 1e9);
        table_cell(t, "%.0f", run->cold_ns.median / run->call_ns.median);
        table_cell(t, "%s", run->kernel ? run->kernel : "");
    }
    table_print(t, out);
    table_end(t);
    fprintf(out, "%scold: program and first run in a fresh process without any cached code; cached: with what the process before has\n"
                 "left; later: a call in steady state. All by the host's clock, without the builder's GLSL to SPIR-V.%s\n",
            style_of(out)->dim, style_of(out)->off);
}

void report_series(const struct record *r, FILE *out)
{
    bool any = false, first = false;
    for (int i = 0; i < r->run_count; i++) {
        any = any || report_is_series(&r->runs[i]);
        first = first || r->runs[i].cold_ns.n > 0;
    }
    if (run_at(r, GROUP_UPLOAD, r->run_count ? r->runs[0].tensor_bytes : 0))
        report_transfer(r, out);
    if (first)
        report_first(r, out);
    else if (r->fit_count)
        report_fits(r, out);
    else if (any)
        report_sizes(r, out);
}

/* ---- several devices ---- */

static const struct table_column crossover_columns[] = {
    {"series", TABLE_LEFT, NULL},  {"time", TABLE_LEFT, NULL},      {"below", TABLE_RIGHT, "bytes"},
    {"95 %", TABLE_LEFT, NULL},    {"the faster one is", TABLE_LEFT, NULL}, {"above it", TABLE_LEFT, NULL},
    {NULL, TABLE_LEFT, NULL},
};

static void crossover_row(struct cli_table *t, const struct crossover *x)
{
    char below[SHORT_NAME], above[SHORT_NAME], low[UNITS_TEXT], high[UNITS_TEXT];
    table_row(t, strcmp(x->of, OF_CALL) == 0 ? TABLE_PLAIN : TABLE_FAINT);
    table_cell(t, "%s", x->group);
    table_cell(t, "%s", x->of);
    if (x->bytes.n) {
        size_cell(t, x->bytes.median);
        table_cell(t, "%s to %s", size_text(low, x->bytes.low), size_text(high, x->bytes.high));
    } else {
        table_cell(t, "all sizes");
        table_cell(t, " ");
    }
    table_cell(t, "%s", x->below ? short_name(below, x->below) : "not told by the intervals");
    table_cell(t, "%s", x->above ? short_name(above, x->above) : "");
}

static void report_crossovers(const struct record *r, FILE *out)
{
    struct cli_table *t = table_new(crossover_columns);
    for (int i = 0; i < r->crossover_count; i++)
        crossover_row(t, &r->crossovers[i]);
    table_print(t, out);
    table_end(t);
}

static const struct table_column rival_columns[] = {
    {"work", TABLE_LEFT, NULL},        {"S", TABLE_RIGHT, "tensor_bytes"},     {"fastest call", TABLE_LEFT, NULL}, {"takes", TABLE_RIGHT, "call_s"},
    {"others take", TABLE_RIGHT, NULL}, {"quickest first run", TABLE_LEFT, NULL}, {"takes ", TABLE_RIGHT, "first_s"},
    {"others take ", TABLE_RIGHT, NULL}, {NULL, TABLE_LEFT, NULL},
};

static double rival_ns(const struct record *r, const struct run *like, bool first)
{
    const struct run *run = run_at(r, like->group, like->tensor_bytes);
    return !run || run->status != RUN_OK || run->call_ns.n == 0 ? NAN : first ? run->first_ns : run->call_ns.median;
}

/* Who is best at one work, and how many times as long the others take. */
static void rival_cells(struct cli_table *t, const struct record *const *records, int count, const struct run *like, bool first)
{
    char name[SHORT_NAME];
    struct text others = {0};
    int best = 0;
    for (int d = 1; d < count; d++)
        best = rival_ns(records[d], like, first) < rival_ns(records[best], like, first) ? d : best;
    for (int d = 0; d < count; d++)
        if (d != best)
            text_add(&others, "%s%.3gx", others.len ? ", " : "", rival_ns(records[d], like, first) / rival_ns(records[best], like, first));
    table_cell(t, "%s", short_name(name, records[best]->device));
    table_quantity(t, UNIT_SECONDS, rival_ns(records[best], like, first) / 1e9);
    table_cell(t, "%s", text_get(&others));
    text_free(&others);
}

static void report_rivals(const struct record *const *records, int count, FILE *out)
{
    struct cli_table *t = table_new(rival_columns);
    for (int i = 0; i < records[0]->run_count; i++) {
        const struct run *r = &records[0]->runs[i];
        if (!report_is_series(r))
            continue;
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", r->group);
        size_cell(t, r->tensor_bytes);
        rival_cells(t, records, count, r, false);
        rival_cells(t, records, count, r, true);
    }
    table_print(t, out);
    table_end(t);
}

void report_joint(const struct record *const *records, int count, FILE *out)
{
    const struct style *s = style_of(out);
    const struct record *r = records[0];
    if (count < 2 || (!r->crossover_count && !r->joint))
        return;
    fprintf(out, "\n%sAll devices%s\n", s->bold, s->off);
    if (r->crossover_count && r->fit_count)
        report_crossovers(r, out);
    else if (r->crossover_count)
        report_rivals(records, count, out);
    if (r->joint) {
        fprintf(out, "\n%s", s->bold);
        wrap_print(out, r->joint, 0, 0);
        fprintf(out, "%s", s->off);
    }
    fflush(out);
}
