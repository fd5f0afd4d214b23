#include "harness/cli/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/report_ladder.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"
#include "roofline/account.h"
#include "roofline/ladder.h"

static const struct table_column run_columns[] = {
    {"kernels", TABLE_LEFT, "kernels"},     {"k", TABLE_RIGHT, "passes"},         {"bytes", TABLE_RIGHT, "bytes"},
    {"time", TABLE_RIGHT, "time_s"},        {"+-", TABLE_RIGHT | TABLE_SPARE, "interval_percent"},
    {"rate", TABLE_RIGHT | TABLE_SPARE, "bytes_per_s"},   {"of roof", TABLE_RIGHT, "percent_of_roof"},
    {"binds", TABLE_LEFT, "binds"},         {"bound k*S/B", TABLE_RIGHT, "bound_s"},
    {"verdict", TABLE_LEFT, "verdict"},     {NULL, TABLE_LEFT, NULL},
};

static void percent_cell(struct cli_table *t, double ratio, int digits)
{
    char shown[32], csv[32];
    if (!isfinite(ratio)) {
        table_both(t, "-", "");
        return;
    }
    snprintf(shown, sizeof shown, "%.*f %%", digits, ratio * 100);
    snprintf(csv, sizeof csv, "%.4g", ratio * 100);
    table_both(t, shown, csv);
}

static void number_cell(struct cli_table *t, double value, const char *format)
{
    char shown[32], csv[32];
    if (!isfinite(value)) {
        table_both(t, "-", "");
        return;
    }
    snprintf(shown, sizeof shown, format, value);
    snprintf(csv, sizeof csv, "%.9g", value);
    table_both(t, shown, csv);
}

static void run_row(struct cli_table *t, const struct record *record, const struct run *r, const char *label, enum table_look look)
{
    table_row(t, look);
    table_cell(t, "%s", label);
    number_cell(t, r->passes, "%.4g");
    table_quantity(t, UNIT_BYTES, r->bytes_compulsory);
    table_quantity(t, UNIT_SECONDS, r->time_ns.n ? r->time_ns.median / 1e9 : NAN);
    percent_cell(t, r->time_ns.n ? (r->time_ns.high - r->time_ns.low) / 2 / r->time_ns.median : NAN, 1);
    table_quantity(t, UNIT_BYTES_PER_S, r->time_ns.n ? r->bytes_compulsory / r->time_ns.median * 1e9 : NAN);
    percent_cell(t, r->time_ns.n ? kernel_roof_ns(record_ceilings(record), r) / r->time_ns.median : NAN, 0);
    table_cell(t, "%s", r->binds ? r->binds : "");
    table_quantity(t, UNIT_SECONDS, r->bound_ns / 1e9);
    table_cell(t, "%s%s", verdict_name(r->verdict) ? verdict_name(r->verdict) : "", r->cache_resident == 1 ? ", cached" : "");
}

/* "fused", "unfused (4)", "2+2", or the kernel's name. */
static void variant_text(char *out, size_t size, const struct run *r)
{
    size_t n = 0;
    if (r->variant && strcmp(r->variant, "grouped") == 0)
        for (int i = 0; i < r->groupings; i++)
            n += (size_t)snprintf(out + n, n < size ? size - n : 0, "%s%d", i ? "+" : "", r->grouping[i]);
    else if (r->variant && strcmp(r->variant, "single") != 0)
        snprintf(out, size, "%s", r->variant);
    else
        snprintf(out, size, "%s", r->kernel ? r->kernel : "?");
}

/* Does row i begin a group? */
static bool begins_group(const struct record *r, int i)
{
    const char *mine = r->runs[i].group ? r->runs[i].group : "";
    return i == 0 || strcmp(mine, r->runs[i - 1].group ? r->runs[i - 1].group : "") != 0;
}

static int group_size(const struct record *r, int first)
{
    int n = 1;
    while (first + n < r->run_count && !begins_group(r, first + n))
        n++;
    return n;
}

static void group_rows(struct cli_table *t, const struct record *r, int first)
{
    for (int i = first; i < r->run_count && (i == first || !begins_group(r, i)); i++) {
        const struct run *run = &r->runs[i];
        char label[160];
        variant_text(label, sizeof label, run);
        if (run->status != RUN_OK)
            continue;
        run_row(t, r, run, label, run->step_count == 1 ? TABLE_BEST : TABLE_PLAIN);
        for (int k = 0; k < run->step_count && run->step_count > 1 && run->step_count <= 4; k++) {
            snprintf(label, sizeof label, "  %.150s", run->steps[k].kernel ? run->steps[k].kernel : "");
            run_row(t, r, &run->steps[k], label, TABLE_FAINT);
        }
    }
}

static void speedup_lines(const struct record *r, int first, FILE *out)
{
    const struct style *s = style_of(out);
    for (int i = first; i < r->run_count && (i == first || !begins_group(r, i)); i++) {
        const struct run *run = &r->runs[i];
        char label[160];
        variant_text(label, sizeof label, run);
        if (run->status != RUN_OK)
            fprintf(out, "%s%s is %s%s: %s\n", s->yellow, label, status_name(run->status), s->off, run->why ? run->why : "");
        else if (run->speedup.n)
            fprintf(out, "%s is %s%.2f times%s as fast as %s (95 %%: %.2f to %.2f; the roofs predict %.2f)\n", label, s->bold,
                    run->speedup.median, s->off, run->speedup_over, run->speedup.low, run->speedup.high, run->speedup_predicted);
        if (run->verdict == VERDICT_BEATEN)
            fprintf(out, "%s%s beats its bound%s: %s\n", s->red, label, s->off, run->cause ? run->cause : "no cause was found");
        if (run->status == RUN_OK && run->window_ns > 0 && run->copy_ns > 0)
            fprintf(out, "%s  %s: %.3g ms with all data in the first cache, %.3g ms without the arithmetic%s\n", s->dim, label,
                    run->window_ns / 1e6, run->copy_ns / 1e6, s->off);
    }
}

static bool any_ok(const struct record *r, int first)
{
    for (int i = first; i < r->run_count && (i == first || !begins_group(r, i)); i++)
        if (r->runs[i].status == RUN_OK)
            return true;
    return false;
}

static void legend(const struct record *r, FILE *out)
{
    const struct style *s = style_of(out);
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].binds && strcmp(r->runs[i].binds, BINDS_INSTRUCTIONS) == 0) {
            fprintf(out,
                    "\n%sbinds %s: the time stays where all data lies in the first cache, and where all arithmetic is left\n"
                    "out. What is in both is the load and store instructions.%s\n",
                    s->dim, BINDS_INSTRUCTIONS, s->off);
            return;
        }
}

void report_runs(const struct record *r, FILE *out)
{
    const struct style *s = style_of(out);
    for (int i = 0; i < r->run_count; i++) {
        char size[UNITS_TEXT];
        if (!begins_group(r, i) || report_is_series(&r->runs[i]))
            continue;
        if (report_is_ladder(r, i, group_size(r, i))) {
            fprintf(out, "%s", i ? "\n" : "");
            report_ladder(r, i, group_size(r, i), out);
            continue;
        }
        const struct run *run = &r->runs[i];
        fprintf(out, "%s%s%s%s%s, S = %s\n", i ? "\n" : "", s->bold, run->group ? run->group : "", s->off,
                run->chain ? "" : "", units_format(size, UNIT_BYTES, run->tensor_bytes));
        if (run->chain && (!run->group || strcmp(run->chain, run->group) != 0))
            fprintf(out, "%s%s%s\n", s->dim, run->chain, s->off);
        if (any_ok(r, i)) {
            struct cli_table *t = table_new(run_columns);
            group_rows(t, r, i);
            table_print(t, out);
            table_end(t);
        }
        speedup_lines(r, i, out);
    }
    report_series(r, out);
    report_models(r, out);
    legend(r, out);
}

void report_runs_csv(const struct record *r, FILE *out)
{
    struct cli_table *t = table_new(run_columns);
    for (int i = 0; i < r->run_count; i++) {
        char label[160], full[256];
        variant_text(label, sizeof label, &r->runs[i]);
        snprintf(full, sizeof full, "%s %s", r->runs[i].group ? r->runs[i].group : "", label);
        run_row(t, r, &r->runs[i], trim(full), TABLE_PLAIN);
    }
    table_csv(t, out);
    table_end(t);
}

/* ---- ceilings ---- */

static const struct table_column ceiling_columns[] = {
    {"ceiling", TABLE_LEFT, NULL},          {"via", TABLE_LEFT, NULL},       {"access", TABLE_LEFT, NULL},
    {"workgroup", TABLE_RIGHT, NULL},       {"footprint", TABLE_RIGHT, "footprint_bytes"},
    {"value", TABLE_RIGHT, "value"},        {"low", TABLE_RIGHT, "low"},     {"high", TABLE_RIGHT, "high"},
    {"n", TABLE_RIGHT, NULL},               {NULL, TABLE_LEFT, NULL},
};

/* Operations that are not flops are not called so. */
static void value_cell(struct cli_table *t, const struct ceiling *c, double value)
{
    static const enum unit units[] = {UNIT_BYTES_PER_S, UNIT_OPS_PER_S, UNIT_SECONDS};
    char shown[UNITS_TEXT], csv[UNITS_TEXT], *flop;
    double base = c->kind == CEILING_LAUNCH ? value * 1e-9 : value;
    units_format(shown, units[c->kind], base);
    bool flops = strcmp(c->op, "fma") == 0 || strcmp(c->op, "mul+add") == 0;
    if (c->kind == CEILING_COMPUTE && !flops && (flop = strstr(shown, "FLOP/s")) != NULL)
        memcpy(flop, "op/s", 5);
    snprintf(csv, sizeof csv, "%.9g", base);
    table_both(t, shown, csv);
}

static void ceiling_row(struct cli_table *t, const struct ceiling *c)
{
    table_row(t, TABLE_PLAIN);
    if (c->kind == CEILING_BANDWIDTH) {
        table_cell(t, "%s", mix_name(c->mix));
        table_cell(t, "%s", via_name(c->via));
        table_cell(t, "%s", c->access == ACCESS_NONE ? "" : access_name(c->access));
    } else if (c->kind == CEILING_COMPUTE) {
        table_cell(t, "%s %s", c->type, c->op);
        table_cell(t, "shader");
        table_cell(t, "x%d, %d chain%s", c->width, c->chains, c->chains == 1 ? "" : "s");
    } else {
        table_cell(t, "dispatch");
        table_cell(t, "shader");
        table_cell(t, " ");
    }
    number_cell(t, c->workgroup > 0 ? c->workgroup : NAN, "%.0f");
    table_quantity(t, UNIT_BYTES, c->kind == CEILING_BANDWIDTH ? c->footprint_bytes : NAN);
    value_cell(t, c, c->value.median);
    value_cell(t, c, c->value.low);
    value_cell(t, c, c->value.high);
    table_cell(t, "%d", c->value.n);
}

/* Is c the best of its like (same mix, via and access; same operation)? */
static bool is_best(const struct record *r, const struct ceiling *c)
{
    for (int i = 0; i < r->ceiling_count; i++) {
        const struct ceiling *o = &r->ceilings[i];
        bool alike = o->kind == c->kind && (c->kind == CEILING_BANDWIDTH
                                                ? o->mix == c->mix && o->via == c->via && o->access == c->access &&
                                                      (o->footprint_bytes > 1.6e7) == (c->footprint_bytes > 1.6e7)
                                                : strcmp(o->op, c->op) == 0);
        if (alike && (o->value.median > c->value.median || (o->value.median == c->value.median && o < c)))
            return false;
    }
    return true;
}

static struct cli_table *ceiling_table(const struct record *r, bool all)
{
    struct cli_table *t = table_new(ceiling_columns);
    for (int i = 0; i < r->ceiling_count; i++)
        if (all || is_best(r, &r->ceilings[i]))
            ceiling_row(t, &r->ceilings[i]);
    return t;
}

void report_ceilings(const struct record *r, bool all, FILE *out)
{
    struct cli_table *t = ceiling_table(r, all);
    table_print(t, out);
    table_end(t);
}

static const struct table_column level_columns[] = {
    {"", TABLE_LEFT, NULL},           {"level", TABLE_LEFT, NULL},  {"access", TABLE_LEFT, NULL},
    {"workgroup", TABLE_RIGHT, NULL}, {"up to", TABLE_RIGHT, NULL}, {"value", TABLE_RIGHT, NULL},
    {"low", TABLE_RIGHT, NULL},       {"high", TABLE_RIGHT, NULL},  {NULL, TABLE_LEFT, NULL},
};

/* Memory ends nowhere that was measured. */
static bool is_last_level(const struct record *r, int i)
{
    return i + 1 == r->level_count || r->levels[i + 1].mix != r->levels[i].mix;
}

void report_levels(const struct record *r, FILE *out)
{
    struct cli_table *t = table_new(level_columns);
    for (int i = 0; i < r->level_count; i++) {
        const struct memory_level *l = &r->levels[i];
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", mix_name(l->mix));
        table_cell(t, "%s", l->name);
        table_cell(t, "%s", l->access == ACCESS_NONE ? "" : access_name(l->access));
        number_cell(t, l->workgroup > 0 ? l->workgroup : NAN, "%.0f");
        table_quantity(t, UNIT_BYTES, is_last_level(r, i) ? NAN : l->to_bytes);
        table_quantity(t, UNIT_BYTES_PER_S, l->rate.median);
        table_quantity(t, UNIT_BYTES_PER_S, l->rate.low);
        table_quantity(t, UNIT_BYTES_PER_S, l->rate.high);
    }
    if (r->level_count)
        fprintf(out, "\nLevels of memory: plateaus of the bandwidth over the bytes touched, all threads' together\n\n");
    if (r->level_count)
        table_print(t, out);
    table_end(t);
}

void report_ceilings_csv(const struct record *r, FILE *out)
{
    struct cli_table *t = ceiling_table(r, true);
    table_csv(t, out);
    table_end(t);
}

/* ---- claims and notes ---- */

void report_claims(const struct record *r, FILE *out)
{
    const struct style *s = style_of(out);
    for (int i = 0; i < r->claim_count; i++) {
        const struct claim *c = &r->claims[i];
        const char *word = c->holds > 0 ? "holds" : c->holds == 0 ? "FAILS" : "not told by the intervals";
        fprintf(out, "%sclaim  %s  %s%s%s\n", i ? "" : "\n", c->text, c->holds > 0 ? s->green : c->holds == 0 ? s->red : s->yellow,
                word, s->off);
    }
}

void report_notes(const struct record *r, FILE *out)
{
    const struct style *s = style_of(out);
    for (int i = 0; i < r->provenance.note_count; i++)
        fprintf(out, "%s%snote: %s%s\n", i ? "" : "\n", s->dim, r->provenance.notes[i], s->off);
}

bool report_claim_failed(const struct record *r)
{
    for (int i = 0; i < r->claim_count; i++)
        if (r->claims[i].holds == 0)
            return true;
    return false;
}
