/* The report of models: from nothing to the first token, and then token by token. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/cli/report.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"

/* Three digits, and no power of ten. */
static void rate_cell(struct cli_table *t, double value)
{
    char shown[32] = "-", csv[32] = "";
    if (isfinite(value)) {
        snprintf(shown, sizeof shown, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
        snprintf(csv, sizeof csv, "%.9g", value);
    }
    table_both(t, shown, csv);
}

static void share_cell(struct cli_table *t, double share)
{
    char shown[32] = "-", csv[32] = "";
    if (isfinite(share)) {
        snprintf(shown, sizeof shown, "%.0f %%", 100 * share);
        snprintf(csv, sizeof csv, "%.9g", share);
    }
    table_both(t, shown, csv);
}

static void model_row(struct cli_table *t, const struct run *r)
{
    const char *rung = r->kernel ? rung_of(r->kernel) : NULL;
    table_row(t, TABLE_PLAIN);
    table_cell(t, "%s", rung ? rung : r->kernel ? r->kernel : "");
    table_quantity(t, UNIT_SECONDS, r->programs_ns / 1e9);
    table_quantity(t, UNIT_SECONDS, r->upload_ns / 1e9);
    table_quantity(t, UNIT_SECONDS, r->start_ns / 1e9);
    table_quantity(t, UNIT_SECONDS, r->time_ns.n ? r->time_ns.median / 1e9 : NAN);
    rate_cell(t, r->each_per_s);
    share_cell(t, r->read_share);
    table_quantity(t, UNIT_BYTES, r->inputs_bytes);
    table_quantity(t, UNIT_BYTES, r->steady_bytes);
    table_quantity(t, UNIT_BYTES, r->peak_bytes);
}

static bool is_model(const struct run *r)
{
    return r->status == RUN_OK && r->group && isfinite(r->steady_bytes);
}

static void report_group(const struct record *r, const char *group, FILE *out)
{
    const struct style *s = style_of(out);
    char first[48], rate[48];
    const char *each = r->each ? r->each : "run";
    snprintf(first, sizeof first, "first %s", each);
    snprintf(rate, sizeof rate, "%ss/s", each);
    const struct table_column columns[] = {
        {"rung", TABLE_LEFT, NULL},               {"programs", TABLE_RIGHT, "programs_s"}, {"upload", TABLE_RIGHT, "upload_s"},
        {first, TABLE_RIGHT, "first_s"},          {each, TABLE_RIGHT, "time_s"},           {rate, TABLE_RIGHT, "each_per_s"},
        {"of reading", TABLE_RIGHT, "read_share"}, {"weights", TABLE_RIGHT, "inputs_bytes"}, {"memory", TABLE_RIGHT, "steady_bytes"},
        {"peak", TABLE_RIGHT, "peak_bytes"},      {NULL, TABLE_LEFT, NULL},
    };
    struct cli_table *t = table_new(columns);
    for (int i = 0; i < r->run_count; i++)
        if (is_model(&r->runs[i]) && strcmp(r->runs[i].group, group) == 0)
            model_row(t, &r->runs[i]);
    fprintf(out, "\n%s%s%s from nothing to the first %s, and on\n", s->bold, group, s->off, each);
    table_print(t, out);
    table_end(t);
}

void report_models(const struct record *r, FILE *out)
{
    const struct style *s = style_of(out);
    const char *last = NULL, *each = r->each ? r->each : "run";
    for (int i = 0; i < r->run_count; i++)
        if (is_model(&r->runs[i]) && (!last || strcmp(last, r->runs[i].group) != 0))
            report_group(r, last = r->runs[i].group, out);
    if (last)
        fprintf(out, "%sprograms, upload: until the first %s can start, with whatever compiled code is cached; of reading: of the rate\n"
                     "of the best reading kernel over as many bytes as the weights; memory: all buffers in steady state; peak: with\n"
                     "the staging buffer, where there is one.%s\n", s->dim, each, s->off);
}
