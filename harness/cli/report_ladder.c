#include "harness/cli/report_ladder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"
#include "roofline/ladder.h"

/* What a row shows: a run, or one step of it. */
struct row {
    const struct run *run;
    bool step;
    double roof_ns, flops; /* of the ladder's rung with the least to do, or the step's own */
};

static void number(struct cli_table *t, double value, const char *format)
{
    char shown[32] = "-";
    if (isfinite(value))
        snprintf(shown, sizeof shown, format, value);
    table_cell(t, "%s", shown);
}

static double seconds(const struct run *r)
{
    return r->time_ns.n ? r->time_ns.median / 1e9 : NAN;
}

static void time_cell(struct cli_table *t, const struct row *row)
{
    table_quantity(t, UNIT_SECONDS, seconds(row->run));
}

static void faster_cell(struct cli_table *t, const struct row *row)
{
    bool base = row->run->speedup.n == 0 && !row->step;
    number(t, base ? 1 : row->run->speedup.n ? row->run->speedup.median : NAN, row->run->speedup.median >= 10 ? "%.1f" : "%.2f");
}

static void flops_cell(struct cli_table *t, const struct row *row)
{
    table_quantity(t, UNIT_OPS_PER_S, !(row->flops > 0) ? NAN : row->flops / seconds(row->run));
}

static void bytes_cell(struct cli_table *t, const struct row *row)
{
    table_quantity(t, UNIT_BYTES_PER_S, row->run->bytes_compulsory / seconds(row->run));
}

static void roof_cell(struct cli_table *t, const struct row *row)
{
    number(t, row->roof_ns / 1e7 / seconds(row->run), "%.0f %%");
}

static void passes_cell(struct cli_table *t, const struct row *row)
{
    number(t, row->run->passes, "%.4g");
}

static void issued_cell(struct cli_table *t, const struct row *row)
{
    number(t, row->run->bytes_issued / row->run->bytes_compulsory, "%.3gx");
}

static void temp_cell(struct cli_table *t, const struct row *row)
{
    if (row->step)
        table_cell(t, "%s", "");
    else
        table_quantity(t, UNIT_BYTES, row->run->temp_bytes);
}

static void error_cell(struct cli_table *t, const struct row *row)
{
    if (row->step)
        table_cell(t, "%s", "");
    else
        number(t, row->run->error_max, "%.1e");
}

static void against_cell(struct cli_table *t, const struct row *row)
{
    if (row->step)
        table_cell(t, "%s", "");
    else
        number(t, row->run->error_quantised, "%.1e");
}

static void spread_cell(struct cli_table *t, const struct row *row)
{
    const struct interval *i = &row->run->time_ns;
    number(t, i->n ? 50 * (i->high - i->low) / i->median : NAN, "%.1f %%");
}

static void binds_cell(struct cli_table *t, const struct row *row)
{
    table_cell(t, "%s", row->run->binds ? row->run->binds : "");
}

static bool has_flops(const struct run *r)
{
    return r->binds && strstr(r->binds, "arithmetic") && r->flops > 0;
}

static bool has_bytes(const struct run *r)
{
    return !r->binds || strcmp(r->binds, "arithmetic") != 0;
}

static bool has_temp(const struct run *r)
{
    return r->temp_bytes > 0;
}

static bool has_error(const struct run *r)
{
    return isfinite(r->error_max);
}

static bool has_quantised(const struct run *r)
{
    return r->error_quantised > 0;
}

static const struct column {
    const char *title;
    enum table_align align;
    void (*cell)(struct cli_table *, const struct row *);
    bool (*wanted)(const struct run *); /* by any run; NULL: always */
} columns[] = {
    {"time", TABLE_RIGHT, time_cell, NULL},
    {"faster", TABLE_RIGHT, faster_cell, NULL},
    {"FLOP/s", TABLE_RIGHT, flops_cell, has_flops},
    {"bytes/s", TABLE_RIGHT, bytes_cell, has_bytes},
    {"of roof", TABLE_RIGHT, roof_cell, NULL},
    {"k", TABLE_RIGHT | TABLE_SPARE, passes_cell, has_bytes},
    {"issued", TABLE_RIGHT, issued_cell, NULL},
    {"temporary", TABLE_RIGHT | TABLE_SPARE, temp_cell, has_temp},
    {"vs f32", TABLE_RIGHT, against_cell, has_quantised},
    {"error", TABLE_RIGHT | TABLE_SPARE, error_cell, has_error},
    {"+-", TABLE_RIGHT | TABLE_SPARE, spread_cell, NULL},
    {"binds", TABLE_LEFT, binds_cell, NULL},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static bool is_wanted(const struct column *c, const struct run *runs, int count)
{
    bool wanted = !c->wanted;
    for (int i = 0; i < count && !wanted; i++)
        wanted = runs[i].status == RUN_OK && c->wanted(&runs[i]);
    return wanted;
}

bool report_is_ladder(const struct record *r, int first, int count)
{
    for (int i = first; i < first + count; i++)
        if (r->runs[i].chain || !r->runs[i].kernel || !rung_of(r->runs[i].kernel))
            return false;
    return r->experiment && count > 0;
}

static bool same_operation(const struct run *a, const struct run *b)
{
    return strncmp(a->kernel, b->kernel, (size_t)(rung_of(a->kernel) - a->kernel)) == 0;
}

/* The rung, with its operation where the group has several. */
static const char *label_of(const struct run *runs, int count, const struct run *r)
{
    for (int i = 0; i < count; i++)
        if (!same_operation(r, &runs[i]))
            return r->kernel;
    return rung_of(r->kernel);
}

static int fastest(const struct run *runs, int count)
{
    int best = -1;
    for (int i = 0; i < count; i++)
        if (runs[i].status == RUN_OK && runs[i].time_ns.n && (best < 0 || runs[i].time_ns.median < runs[best].time_ns.median))
            best = i;
    return best;
}

static void add_row(struct cli_table *t, const struct column *const *shown, int n, const char *label, struct row row,
                    enum table_look look)
{
    table_row(t, look);
    table_cell(t, "%s", label);
    for (int i = 0; i < n; i++)
        shown[i]->cell(t, &row);
}

static void print_table(const struct record *r, const struct run *runs, int count, FILE *out)
{
    const struct column *shown[COLUMNS];
    struct table_column titles[COLUMNS + 2] = {{"rung", TABLE_LEFT, NULL}};
    int n = 0, best = fastest(runs, count);
    for (int i = 0; i < COLUMNS; i++)
        if (is_wanted(&columns[i], runs, count)) {
            shown[n] = &columns[i];
            titles[++n] = (struct table_column){columns[i].title, columns[i].align, NULL};
        }
    titles[n + 1] = (struct table_column){NULL, TABLE_LEFT, NULL};
    struct cli_table *t = table_new(titles);
    for (int i = 0; i < count; i++) {
        if (runs[i].status != RUN_OK)
            continue;
        add_row(t, shown, n, label_of(runs, count, &runs[i]), (struct row){&runs[i], false, ladder_roof_ns(r, &runs[i]), ladder_flops(r, &runs[i])}, i == best ? TABLE_BEST : TABLE_PLAIN);
        for (int k = 0; k < runs[i].step_count && runs[i].step_count > 1 && runs[i].step_count <= 4; k++) {
            char label[160];
            const struct run *step = &runs[i].steps[k];
            const char *slash = step->kernel ? strrchr(step->kernel, '/') : NULL;
            snprintf(label, sizeof label, "  %.150s", slash ? slash + 1 : "");
            add_row(t, shown, n, label, (struct row){step, true, step->roof_ns, step->flops}, TABLE_FAINT);
        }
    }
    table_print(t, out);
    table_end(t);
}

static void print_heading(const struct run *runs, int count, FILE *out)
{
    const struct style *s = style_of(out);
    const struct run *r = &runs[0];
    char size[UNITS_TEXT];
    for (int i = 0; i < count && !(r->tensor_bytes > 0); i++)
        r = &runs[i];
    bool several = label_of(runs, count, r) == r->kernel;
    fprintf(out, "%s%s%s ", s->bold, r->group ? r->group : "", s->off);
    if (!several)
        fprintf(out, " %.*s", (int)strcspn(r->kernel, "/"), r->kernel);
    for (int i = 0; i < r->shapes; i++)
        fprintf(out, " %s=%llu", r->shape[i].name, (unsigned long long)r->shape[i].value);
    if (r->tensor_bytes > 0)
        fprintf(out, ", S = %s", units_format(size, UNIT_BYTES, r->tensor_bytes));
    fprintf(out, "\n");
}

void report_ladder(const struct record *r, int first, int count, FILE *out)
{
    const struct style *s = style_of(out);
    const struct run *runs = &r->runs[first];
    print_heading(runs, count, out);
    if (fastest(runs, count) >= 0)
        print_table(r, runs, count, out);
    for (int i = 0; i < count; i++) {
        if (runs[i].status != RUN_OK)
            fprintf(out, "%s%s is %s%s: %s\n", s->yellow, label_of(runs, count, &runs[i]), status_name(runs[i].status), s->off,
                    runs[i].why ? runs[i].why : "");
        if (runs[i].verdict == VERDICT_BEATEN)
            fprintf(out, "%s%s beats its bound%s: %s\n", s->red, label_of(runs, count, &runs[i]), s->off,
                    runs[i].cause ? runs[i].cause : "no cause was found");
    }
}
