/* rooflab bound: the calculator of t >= k*S/B. It needs no device. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/table.h"
#include "harness/cli/wrap.h"
#include "harness/kernel/chain.h"
#include "roofline/bound.h"

struct options {
    double tensor_bytes, bytes_per_s;
    const char *fuse;
};

static const struct option options[] = {
    {"tensor", OPTION_QUANTITY, "SIZE", "S, the bytes of the tensor that flows through: 64MB, 64MiB",
     .offset = offsetof(struct options, tensor_bytes), .unit = UNIT_BYTES, .required = true},
    {"bw", OPTION_QUANTITY, "RATE", "B, the memory's bandwidth: 320GB/s",
     .offset = offsetof(struct options, bytes_per_s), .unit = UNIT_BYTES_PER_S, .required = true},
    {"fuse", OPTION_STRING, "GROUPS",
     "a grouping besides, for example 2+2: operators 1-2 in one kernel, 3-4 in another",
     .offset = offsetof(struct options, fuse)},
    {0},
};

enum { PLANS_MAX = 3 };
struct plans {
    struct bound_plan list[PLANS_MAX]; /* unfused, (grouped,) fused */
    int count;
};

/* ---- the passes of a chain on paper ---- */

/* Passes over second tensors, and the width of what flows in and out in units of the f32 tensor S: a cast to
 * f16 halves what later kernels move. */
struct paper {
    double extra[CHAIN_MAX], width[CHAIN_MAX + 1];
};

static struct paper paper_read(const struct chain *c)
{
    struct paper p = {.width = {1}};
    for (int i = 0; i < c->count; i++) {
        enum type type = c->items[i].op->type;
        p.extra[i] = operator_passes(c->items[i].op) - 2;
        p.width[i + 1] =
            type == TYPE_COUNT ? p.width[i] : (double)type_bytes(type, 1) / (double)type_bytes(TYPE_F32, 1);
    }
    return p;
}

/* Passes of operators [first, first+count) as one kernel. */
static double passes_of(const struct paper *p, int first, int count)
{
    double passes = p->width[first] + p->width[first + count];
    for (int i = first; i < first + count; i++)
        passes += p->extra[i];
    return passes;
}

static struct bound_plan plan_of(const struct paper *p, const char *name, const int *sizes, int groups,
                                 const struct options *o)
{
    double passes[CHAIN_MAX];
    struct bound_plan alone, together;
    for (int g = 0, first = 0; g < groups; first += sizes[g++])
        passes[g] = passes_of(p, first, sizes[g]);
    bound_plans(passes, groups, o->tensor_bytes, o->bytes_per_s, &alone, &together);
    alone.name = name;
    return alone;
}

static bool plans_make(struct plans *plans, const struct chain *c, const struct options *o, struct error *e)
{
    const struct {
        const char *name, *grouping;
    } wanted[PLANS_MAX] = {{"unfused", "unfused"}, {"grouped", o->fuse}, {"fused", "fused"}};
    struct paper paper = paper_read(c);
    for (int i = 0; i < PLANS_MAX; i++) {
        int sizes[CHAIN_MAX];
        if (!wanted[i].grouping)
            continue;
        int groups = chain_grouping(c, wanted[i].grouping, sizes, e);
        if (!groups)
            return error_prefix(e, "--fuse");
        plans->list[plans->count++] = plan_of(&paper, wanted[i].name, sizes, groups, o);
    }
    return true;
}

/* ---- output ---- */

/* Whole numbers are written without a fraction. */
static json_t *json_number_of(double value)
{
    bool whole = value == rint(value) && fabs(value) < 9e15;
    return whole ? json_integer((json_int_t)value) : json_real(value);
}

static int print_json(const struct plans *plans)
{
    json_t *list = json_array();
    for (int i = 0; i < plans->count; i++) {
        const struct bound_plan *p = &plans->list[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:i, s:o, s:o, s:o}", "name", p->name, "kernels", p->kernels,
                                        "passes", json_number_of(p->passes), "bytes",
                                        json_number_of(p->bytes), "time_ns", json_number_of(p->time_ns)));
    }
    json_t *root = json_pack("{s:s, s:o}", "schema", "rooflab.bound/1", "plans", list);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(root);
    return EXIT_OK;
}

static int print_csv(const struct plans *plans)
{
    static const struct table_column columns[] = {
        {"plan", TABLE_LEFT, NULL},   {"kernels", TABLE_RIGHT, NULL},  {"passes", TABLE_RIGHT, NULL},
        {"bytes", TABLE_RIGHT, NULL}, {"time", TABLE_RIGHT, "time_s"}, {NULL, TABLE_LEFT, NULL}};
    struct cli_table *t = table_new(columns);
    for (int i = 0; i < plans->count; i++) {
        const struct bound_plan *p = &plans->list[i];
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", p->name);
        table_cell(t, "%d", p->kernels);
        table_cell(t, "%.12g", p->passes);
        table_quantity(t, UNIT_BYTES, p->bytes);
        table_quantity(t, UNIT_SECONDS, p->time_ns / 1e9);
    }
    table_csv(t, stdout);
    table_end(t);
    return EXIT_OK;
}

/* All plans are told in one unit of time, the longest one's, so that they compare at a glance. */
static void time_text(char out[UNITS_TEXT], double ns, double longest_ns)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    int i = 0;
    while (i < 3 && longest_ns >= units[i + 1].ns * 0.9999999)
        i++;
    snprintf(out, UNITS_TEXT, "%.3f %s", ns / units[i].ns, units[i].name);
}

static void print_plan(const struct bound_plan *p, double longest_ns)
{
    char bytes[UNITS_TEXT], time[UNITS_TEXT], kernels[UNITS_TEXT];
    snprintf(kernels, sizeof kernels, "%d kernel%s,", p->kernels, p->kernels == 1 ? "" : "s");
    time_text(time, p->time_ns, longest_ns);
    printf("%-8s %-11s %g passes, %s, %s\n", p->name, kernels, p->passes,
           units_format(bytes, UNIT_BYTES, p->bytes), time);
}

static void print_why(const struct plans *plans, const struct chain *c)
{
    const struct bound_plan *unfused = &plans->list[0], *fused = &plans->list[plans->count - 1];
    struct text why = {0};
    if (c->count == 1)
        text_add(&why, "One operator is one kernel: there is nothing to fuse.");
    else
        text_add(&why,
                 "Alone, every kernel reads the tensor from memory and writes it back. Fused, it is read "
                 "once and written once, and between the operators it stays in registers: %g passes "
                 "instead of %g, at best %.3g times as fast.",
                 fused->passes, unfused->passes, unfused->time_ns / fused->time_ns);
    putchar('\n');
    wrap_print(stdout, why.s, 0, 0);
    text_free(&why);
}

static int print_text(const struct plans *plans, const struct chain *c, const struct options *o)
{
    char size[UNITS_TEXT], rate[UNITS_TEXT];
    printf("k full passes over S = %s at B = %s take at least k*S/B:\n\n",
           units_format(size, UNIT_BYTES, o->tensor_bytes),
           units_format(rate, UNIT_BYTES_PER_S, o->bytes_per_s));
    for (int i = 0; i < plans->count; i++)
        print_plan(&plans->list[i], plans->list[0].time_ns);
    print_why(plans, c);
    return EXIT_OK;
}

static bool positive(const struct options *o, struct error *e)
{
    return o->tensor_bytes > 0 || error_set(e, EXIT_USAGE, "--tensor must be above zero");
}

static int run(const struct arguments *a)
{
    const struct options *o = a->own;
    struct error e = {0};
    struct plans plans = {.count = 0};
    struct text text = {0};
    for (int i = 0; i < a->word_count; i++)
        text_add(&text, "%s%s", i ? "|" : "", a->words[i]);
    struct chain *c = positive(o, &e) ? chain_parse(text.s, &e) : NULL;
    int code;
    if (!c || !plans_make(&plans, c, o, &e))
        code = command_fail(a, &e);
    else
        code = a->json ? print_json(&plans) : a->csv ? print_csv(&plans) : print_text(&plans, c, o);
    if (c)
        chain_free(c);
    text_free(&text);
    return code;
}

static const struct example examples[] = {
    {"rooflab bound --tensor 64MB --bw 320GB/s layernorm bias gelu dropout",
     "the seed exercise: four kernels over a 64 MB activation"},
    {"rooflab bound --tensor 64MB --bw 320GB/s \"layernorm|bias|gelu|dropout(0.2)\" --fuse 2+2",
     "the chain as one word, and what half a fusion would give"},
    {"rooflab bound --tensor 1GiB --bw 2TB/s add relu --json",
     "a residual connection reads a second tensor: 3 passes"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "the bound was printed"}, {0, NULL}};

const struct command command_bound = {
    .name = "bound",
    .group = GROUP_MEASURE,
    .summary = "the calculator: how fast can a chain be at best, k*S/B?",
    .about = "Computes the least time that memory allows for a chain of operators, once with a kernel for "
             "each (unfused) and once with one kernel for all (fused). Each kernel reads the tensor and "
             "writes it: two passes, or three where it reads a second tensor of the same size (add, mul). "
             "Nothing is measured and no device is needed: the result holds for every machine with that "
             "bandwidth, and no kernel can beat it.",
    .usage = "--tensor SIZE --bw RATE OPERATOR...",
    .word = "an operator",
    .min_words = 1,
    .max_words = -1,
    .common = COMMON_JSON | COMMON_CSV,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
