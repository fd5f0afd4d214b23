#include "harness/cli/count_report.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"

static double ratio(uint64_t a, uint64_t b)
{
    return b ? (double)a / (double)b : NAN;
}

static void passes_cell(struct cli_table *t, double value)
{
    if (isfinite(value))
        table_cell(t, "%.3f", value);
    else
        table_cell(t, "-");
}

static void buffer_table(const struct traffic_step *s, bool footprint)
{
    static const struct table_column columns[] = {
        {"buffer", TABLE_LEFT, NULL},       {"size", TABLE_RIGHT, NULL},        {"loads", TABLE_RIGHT, NULL},
        {"loaded", TABLE_RIGHT, NULL},      {"passes", TABLE_RIGHT, NULL},      {"stores", TABLE_RIGHT, NULL},
        {"stored", TABLE_RIGHT, NULL},      {"passes", TABLE_RIGHT, NULL},      {"compulsory", TABLE_RIGHT, NULL},
        {"reuse", TABLE_RIGHT, NULL},       {"sector waste", TABLE_RIGHT, NULL}, {NULL, TABLE_LEFT, NULL}};
    struct cli_table *t = table_new(columns);
    for (int i = 0; i < s->buffer_count; i++) {
        const struct traffic_buffer *b = &s->buffers[i];
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", b->name);
        table_quantity(t, UNIT_BYTES, b->tensor_bytes ? (double)b->tensor_bytes : NAN);
        table_cell(t, "%llu", (unsigned long long)b->loads);
        table_quantity(t, UNIT_BYTES, (double)b->bytes_loaded);
        passes_cell(t, ratio(b->bytes_loaded, b->tensor_bytes));
        table_cell(t, "%llu", (unsigned long long)b->stores);
        table_quantity(t, UNIT_BYTES, (double)b->bytes_stored);
        passes_cell(t, ratio(b->bytes_stored, b->tensor_bytes));
        table_quantity(t, UNIT_BYTES, footprint ? (double)b->bytes_compulsory : NAN);
        passes_cell(t, footprint ? ratio(b->bytes_loaded + b->bytes_stored, b->bytes_compulsory) : NAN);
        double touched = footprint ? (double)(b->bytes_read_first > b->bytes_written ? b->bytes_read_first : b->bytes_written) : NAN;
        passes_cell(t, touched > 0 ? (double)b->bytes_sectors / touched : NAN);
    }
    table_print(t, stdout);
    table_end(t);
}

/* "flops 1000 f32, 20 f16": only what there is. */
static void list_number(struct text *t, const char *name, uint64_t value)
{
    if (value)
        text_add(t, "%s%s %llu", t->len ? ", " : "", name, (unsigned long long)value);
}

static void work_lines(const struct traffic_step *s, bool footprint)
{
    struct text t = {0};
    uint64_t flops = s->flops[0] + s->flops[1] + s->flops[2];
    double issued = traffic_bytes_issued(s), compulsory = traffic_bytes_compulsory(s);
    list_number(&t, "flops f16", s->flops[0]);
    list_number(&t, "flops f32", s->flops[1]);
    list_number(&t, "flops f64", s->flops[2]);
    list_number(&t, "of them special", s->special);
    list_number(&t, "integer operations", s->int_ops);
    list_number(&t, "branches", s->branches);
    printf("%s\n", t.len ? t.s : "no arithmetic");
    t.len = 0;
    list_number(&t, "shared-memory bytes", s->shared_bytes);
    list_number(&t, "barriers", s->barriers);
    list_number(&t, "atomics", s->atomics);
    list_number(&t, "subgroup operations", s->subgroup_ops);
    if (t.len)
        printf("%s\n", t.s);
    if (flops && issued > 0)
        printf("intensity %.4g flop per byte issued", (double)flops / issued);
    if (flops && footprint && compulsory > 0)
        printf(", %.4g per compulsory byte", (double)flops / compulsory);
    if (flops && issued > 0)
        printf("\n");
    text_free(&t);
}

static void fault_lines(const struct traffic_step *s)
{
    const struct style *st = style_of(stdout);
    for (uint32_t i = 0; i < s->fault_count; i++) {
        const struct traffic_fault *f = &s->faults[i];
        printf("%sout of bounds%s: %s %s at index %u", st->red, st->off, f->writes ? "a store to" : "a load from", f->buffer, f->index);
        if (!f->is_shared)
            printf(" (set %u, binding %u)", f->set, f->binding);
        if (f->line)
            printf(", %s:%u", f->file, f->line);
        printf("\n");
    }
    if (s->faults_all > s->fault_count)
        printf("%u accesses were out of bounds in all\n", s->faults_all);
}

static void not_counted_lines(const struct traffic_step *s)
{
    const struct style *st = style_of(stdout);
    for (int i = 0; i < s->not_counted_count; i++)
        printf("%snot counted%s: %s (%s), %u time%s in the text\n", st->yellow, st->off, s->not_counted[i].what,
               s->not_counted[i].why, s->not_counted[i].times, s->not_counted[i].times == 1 ? "" : "s");
}

void count_report(const struct traffic *t, const char *scaled)
{
    const struct style *s = style_of(stdout);
    for (int i = 0; i < t->count; i++) {
        printf("%s%s%s%s, %llu invocations\n", i ? "\n" : "", s->bold, t->steps[i].kernel, s->off,
               (unsigned long long)t->steps[i].invocations);
        buffer_table(&t->steps[i], t->footprint);
        work_lines(&t->steps[i], t->footprint);
        fault_lines(&t->steps[i]);
        not_counted_lines(&t->steps[i]);
    }
    if (scaled && *scaled)
        printf("\n%s%s%s\n", s->dim, scaled, s->off);
}

void count_report_dry(const struct traffic *t)
{
    for (int i = 0; i < t->count; i++) {
        printf("%s: instrumented and valid, %d buffer%s\n", t->steps[i].kernel, t->steps[i].buffer_count,
               t->steps[i].buffer_count == 1 ? "" : "s");
        not_counted_lines(&t->steps[i]);
    }
}

/* ---- JSON ---- */

static json_t *whole(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *passes_json(uint64_t bytes, uint64_t of)
{
    return of ? json_real((double)bytes / (double)of) : json_null();
}

static json_t *buffer_json(const struct traffic_buffer *b, bool footprint)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", b->name, "set",
                     b->shared_name ? json_null() : whole(b->set), "binding", b->shared_name ? json_null() : whole(b->binding),
                     "element", b->element < 0 ? json_null() : whole((uint64_t)b->element), "loads", whole(b->loads), "stores", whole(b->stores), "bytes_loaded", whole(b->bytes_loaded), "bytes_stored",
                     whole(b->bytes_stored), "bytes_compulsory", footprint ? whole(b->bytes_compulsory) : json_null(),
                     "bytes_sectors", footprint ? whole(b->bytes_sectors) : json_null(), "passes_read",
                     passes_json(b->bytes_loaded, b->tensor_bytes), "passes_written", passes_json(b->bytes_stored, b->tensor_bytes));
}

static json_t *fault_json(const struct traffic_fault *f)
{
    return json_pack("{s:s, s:o, s:o, s:I, s:s, s:s?, s:o}", "buffer", f->buffer, "set", f->is_shared ? json_null() : whole(f->set),
                     "binding", f->is_shared ? json_null() : whole(f->binding), "index", (json_int_t)f->index, "access",
                     f->writes ? "store" : "load", "file", f->file[0] ? f->file : NULL, "line",
                     f->line ? whole(f->line) : json_null());
}

static json_t *step_json(const struct traffic_step *s, bool footprint)
{
    json_t *buffers = json_array(), *faults = json_array(), *missing = json_array();
    for (int i = 0; i < s->buffer_count; i++)
        json_array_append_new(buffers, buffer_json(&s->buffers[i], footprint));
    for (uint32_t i = 0; i < s->fault_count; i++)
        json_array_append_new(faults, fault_json(&s->faults[i]));
    for (int i = 0; i < s->not_counted_count; i++)
        json_array_append_new(missing, json_pack("{s:s, s:s}", "what", s->not_counted[i].what, "why", s->not_counted[i].why));
    return json_pack("{s:s, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kernel", s->kernel,
                     "invocations", whole(s->invocations), "buffers", buffers, "flops", "f16", whole(s->flops[0]), "f32",
                     whole(s->flops[1]), "f64", whole(s->flops[2]), "int_ops", whole(s->int_ops), "special", whole(s->special),
                     "shared_bytes", whole(s->shared_bytes), "barriers", whole(s->barriers), "atomics", whole(s->atomics),
                     "subgroup_ops", whole(s->subgroup_ops), "branches", whole(s->branches), "out_of_bounds", faults, "not_counted",
                     missing);
}

void count_json(const struct traffic *t)
{
    json_t *steps = json_array();
    for (int i = 0; i < t->count; i++)
        json_array_append_new(steps, step_json(&t->steps[i], t->footprint));
    json_t *root = json_pack("{s:s, s:o}", "schema", "rooflab.count/1", "steps", steps);
    json_dumpf(root, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    putchar('\n');
    json_decref(root);
}

/* ---- lines ---- */

static const struct line_totals *find_line(const struct traffic_step *s, uint32_t line)
{
    for (uint32_t i = 0; i < s->line_count; i++)
        if (s->lines[i].line.line == line)
            return &s->lines[i];
    return NULL;
}

static void print_line(const struct line_totals *n, const char *text)
{
    char loaded[UNITS_TEXT] = "", stored[UNITS_TEXT] = "", flops[UNITS_TEXT] = "", ints[UNITS_TEXT] = "";
    if (n && n->bytes_loaded)
        units_format(loaded, UNIT_BYTES, (double)n->bytes_loaded);
    if (n && n->bytes_stored)
        units_format(stored, UNIT_BYTES, (double)n->bytes_stored);
    if (n && n->flops)
        snprintf(flops, sizeof flops, "%llu", (unsigned long long)n->flops);
    if (n && n->int_ops)
        snprintf(ints, sizeof ints, "%llu", (unsigned long long)n->int_ops);
    printf("%9s %9s %12s %12s | %s\n", loaded, stored, flops, ints, text);
}

bool count_lines(const struct traffic *t, const char *path, struct error *e)
{
    struct text source = {0};
    if (t->count != 1)
        return error_set(e, EXIT_USAGE, "--lines annotates one kernel file; this has %d steps", t->count);
    if (!file_read(path, &source, e))
        return false;
    printf("%9s %9s %12s %12s |\n", "loaded", "stored", "flops", "int ops");
    uint32_t number = 0;
    for (char *line = source.s; line && *line;) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        print_line(find_line(&t->steps[0], ++number), line);
        line = next;
    }
    const struct line_totals *unknown = find_line(&t->steps[0], 0);
    if (unknown)
        print_line(unknown, "(of no line: the compiler's own)");
    text_free(&source);
    return true;
}
