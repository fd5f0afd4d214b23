#include "harness/cli/show.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"
#include "harness/cli/wrap.h"
#include "harness/kernel/shader.h"

enum { FACT = 11 };

static const char *const role_names[] = {
    [ROLE_IN] = "in", [ROLE_OUT] = "out", [ROLE_INOUT] = "inout", [ROLE_TEMP] = "temp"};

void show_heading(const char *name, const char *idea)
{
    const struct style *s = style_of(stdout);
    printf("%s%s%s\n", s->bold, name, s->off);
    wrap_print(stdout, idea ? idea : "", 0, 0);
    putchar('\n');
}

void show_fact(const char *name, const char *format, ...)
{
    va_list args;
    printf("%-*s ", FACT, name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* ---- steps ---- */

static const struct table_column step_columns[] = {
    {"plan", TABLE_LEFT, NULL},
    {"step", TABLE_WRAP, NULL},
    {"read", TABLE_RIGHT, "read_bytes"},
    {"written", TABLE_RIGHT, "written_bytes"},
    {"passes", TABLE_RIGHT, "passes"},
    {"issued", TABLE_RIGHT, "passes_issued"},
    {"flops", TABLE_RIGHT, "flops"},
    {"flops/byte", TABLE_RIGHT, "flops_per_byte"},
    {0},
};

static void passes_cell(struct cli_table *t, double passes)
{
    char shown[UNITS_TEXT], csv[UNITS_TEXT];
    snprintf(shown, sizeof shown, "%.2f", passes);
    snprintf(csv, sizeof csv, "%.9g", passes);
    table_both(t, shown, csv);
}

static void flops_cell(struct cli_table *t, double flops)
{
    char shown[UNITS_TEXT], csv[UNITS_TEXT];
    static const char prefixes[] = " kMGTP";
    double scaled = flops;
    int i = 0;
    for (; scaled >= 1000 && prefixes[i + 1]; i++)
        scaled /= 1000;
    snprintf(shown, sizeof shown, i ? "%.3g %c" : "%.0f", scaled, prefixes[i]);
    snprintf(csv, sizeof csv, "%.9g", flops);
    table_both(t, shown, csv);
}

static void cost_row(struct cli_table *t, enum table_look look, const char *plan, const char *step,
                     double tensor_bytes, const struct cost *c)
{
    double bytes = c->bytes_read + c->bytes_written;
    table_row(t, look);
    table_cell(t, "%s", plan);
    table_cell(t, "%s", step);
    table_quantity(t, UNIT_BYTES, c->bytes_read);
    table_quantity(t, UNIT_BYTES, c->bytes_written);
    passes_cell(t, bytes / tensor_bytes);
    passes_cell(t, c->bytes_issued / tensor_bytes);
    flops_cell(t, ops_flops(c->ops));
    table_cell(t, "%.3g", bytes > 0 ? ops_flops(c->ops) / bytes : 0);
}

static void plan_rows(struct cli_table *t, const struct plan *p)
{
    struct cost sum = {0};
    for (int i = 0; i < p->step_count; i++) {
        const struct cost *c = &p->steps[i].cost;
        cost_row(t, TABLE_PLAIN, p->variant, p->steps[i].label, p->tensor_bytes, c);
        sum.bytes_read += c->bytes_read;
        sum.bytes_written += c->bytes_written;
        sum.bytes_issued += c->bytes_issued;
        for (int op = 0; op < OP_COUNT; op++)
            sum.ops[op] += c->ops[op];
    }
    if (p->step_count > 1)
        cost_row(t, TABLE_BEST, p->variant, "all", p->tensor_bytes, &sum);
}

void show_steps(const struct plan *const *plans, int count, bool csv)
{
    struct cli_table *t = table_new(step_columns);
    for (int i = 0; i < count; i++)
        plan_rows(t, plans[i]);
    (csv ? table_csv : table_print)(t, stdout);
    table_end(t);
}

bool show_source(const struct plan *p, enum language language, struct error *e)
{
    for (int i = 0; i < p->step_count; i++) {
        const struct step *s = &p->steps[i];
        if (s->language != language)
            return error_set(e, EXIT_USAGE, "%s is written in %s here; ask for --%s", s->label,
                             language == LANGUAGE_C ? "GLSL" : "C", language == LANGUAGE_C ? "glsl" : "c");
        printf("%s// %s\n%s\n", i ? "\n" : "", s->label, text_get(language == LANGUAGE_C ? &s->c : &s->glsl));
    }
    return true;
}

bool show_spirv(const struct plan *p, struct error *e)
{
    for (int i = 0; i < p->step_count; i++) {
        struct spirv s;
        if (p->steps[i].language != LANGUAGE_GLSL)
            return error_set(e, EXIT_USAGE, "%s is written in C: there is no SPIR-V of it", p->steps[i].label);
        if (!shader_compile(p->steps[i].label, text_get(&p->steps[i].glsl), &s, e))
            return false;
        char *text = shader_disassemble(&s, e);
        if (!text)
            return false;
        printf("%s; %s\n%s", i ? "\n" : "", p->steps[i].label, text);
        free(text);
    }
    return true;
}

/* ---- kernels ---- */

static void fill_text(const struct tensor *t, char out[64])
{
    static const char *const names[] = {
        [FILL_UNIFORM] = "uniform", [FILL_NORMAL] = "normal", [FILL_CONSTANT] = "constant", [FILL_MASKED] = "masked",
        [FILL_INDICES] = "indices"};
    if (t->role == ROLE_OUT || t->role == ROLE_TEMP)
        out[0] = '\0';
    else if (t->fill.kind == FILL_CONSTANT || t->fill.kind == FILL_INDICES)
        snprintf(out, 64, "%s(%.10g)", names[t->fill.kind], t->fill.a);
    else
        snprintf(out, 64, "%s(%g,%g)", names[t->fill.kind], t->fill.a, t->fill.b);
}

static void show_tensors(const struct plan *p)
{
    static const struct table_column columns[] = {
        {"buffer", TABLE_LEFT, NULL},      {"role", TABLE_LEFT, NULL},
        {"type", TABLE_LEFT, NULL},        {"rows", TABLE_RIGHT, NULL},
        {"columns", TABLE_RIGHT, NULL},    {"bytes", TABLE_RIGHT, NULL},
        {"filled with", TABLE_LEFT, NULL}, {0}};
    struct cli_table *t = table_new(columns);
    for (int i = 0; i < p->tensor_count; i++) {
        const struct tensor *x = &p->tensors[i];
        char fill[64];
        fill_text(x, fill);
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", x->name);
        table_cell(t, "%s", role_names[x->role]);
        table_cell(t, "%s", type_name(x->type));
        table_cell(t, "%llu", (unsigned long long)x->rows);
        table_cell(t, "%llu", (unsigned long long)x->cols);
        table_quantity(t, UNIT_BYTES, (double)tensor_bytes(x));
        table_cell(t, "%s", fill);
    }
    table_print(t, stdout);
    table_end(t);
}

static void show_tune(const struct kernel *k)
{
    struct text t = {0};
    for (int i = 0; i < k->tune_count; i++) {
        text_add(&t, "%s%s", i ? ", " : "", k->tune[i].name);
        if (k->tune[i].follows[0])
            text_add(&t, " = %s", k->tune[i].follows);
        for (int v = 0; v < k->tune[i].count && !k->tune[i].follows[0]; v++)
            text_add(&t, " %u%s", k->tune[i].values[v], v ? "" : "*");
    }
    if (t.len)
        show_fact("tune", "%s  (* the default)", t.s);
    text_free(&t);
}

void show_kernel(const struct kernel *k, const struct plan *p)
{
    struct text shape = {0};
    char size[UNITS_TEXT];
    for (int i = 0; i < p->shapes; i++)
        text_add(&shape, "%s%s=%llu", i ? " " : "", p->shape[i].name, (unsigned long long)p->shape[i].value);
    show_heading(k->name, k->idea);
    show_fact("file", "%s", k->path);
    if (!k->is_plan && k->language == LANGUAGE_GLSL && kernel_speaks(k->name, LANGUAGE_C))
        show_fact("", "and in C beside it: --c shows that");
    show_fact("shape", "%s", text_get(&shape));
    show_fact("S", "%s, the bytes of %s: passes are counted in it",
              units_format(size, UNIT_BYTES, p->tensor_bytes), p->tensors[0].name);
    if (k->reference)
        show_fact("reference", "%s, tolerance %g", k->reference, p->tolerance);
    else
        show_fact("reference", "none: its results are not verified");
    if (k->flops)
        show_fact("flops", "%s", k->flops);
    show_tune(k);
    if (!k->is_plan && k->language == LANGUAGE_GLSL)
        show_fact("workgroups", "%u x %u x %u", p->steps[0].groups[0], p->steps[0].groups[1],
                  p->steps[0].groups[2]);
    putchar('\n');
    show_tensors(p);
    putchar('\n');
    show_steps(&p, 1, false);
    text_free(&shape);
}

/* ---- operators ---- */

static void show_ops(const struct operator* o)
{
    struct text t = {0};
    for (int op = 0; op < OP_COUNT; op++)
        if (o->ops[op] > 0)
            text_add(&t, "%s%g %s", t.len ? ", " : "", o->ops[op], op_name((enum op)op));
    double flops = ops_flops(o->ops), bytes = 4 * operator_passes(o);
    show_fact("operations", "%s an element: %g flops, %.3g flops/byte alone on f32", t.len ? t.s : "none",
              flops, flops / bytes);
    text_free(&t);
}

void show_operator(const struct operator* o)
{
    show_heading(o->name, o->idea);
    show_fact("file", "%s", o->path);
    show_fact("kind", o->is_row ? "row: it needs the whole row before it can finish an element"
                                : "map: element by element");
    for (int i = 0; i < o->param_count; i++)
        show_fact(i ? "" : "arguments", "%s, default %g", o->params[i].name, o->params[i].standard);
    for (int i = 0; i < o->tensor_count; i++)
        show_fact(i ? "" : "reads also", "%s, %s", o->tensors[i].name,
                  o->tensors[i].per_element ? "one number per element: a pass of its own"
                                            : "one number per column");
    if (o->type != TYPE_COUNT)
        show_fact("type", "the tensor is %s from here on", type_name(o->type));
    show_fact("passes", "%g alone", operator_passes(o));
    show_ops(o);
    show_fact("tolerance", "%g", o->tolerance);
    printf("\n%s", o->body);
}
