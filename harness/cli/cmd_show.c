/* rooflab show: what a kernel, an operator or a chain is and costs, before anything is run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/shape.h"
#include "harness/cli/show.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/kernel.h"

struct options {
    double tensor_bytes, cols;
    const char *fuse;
    bool glsl, c, spirv;
};

static const struct option options[] = {
    {"glsl", OPTION_FLAG, NULL, "the kernels' source instead; of a chain, what is generated",
     .offset = offsetof(struct options, glsl)},
    {"c", OPTION_FLAG, NULL, "the same for the host processor, --device native", .offset = offsetof(struct options, c)},
    {"spirv", OPTION_FLAG, NULL, "the compiled kernels instead, disassembled",
     .offset = offsetof(struct options, spirv)},
    {"fuse", OPTION_STRING, "GROUPS", "of a chain: unfused, fused, or sizes like 2+2",
     .offset = offsetof(struct options, fuse)},
    {"tensor", OPTION_QUANTITY, "SIZE", "of a chain: the bytes of the tensor",
     .offset = offsetof(struct options, tensor_bytes), .unit = UNIT_BYTES, .standard = "64MB"},
    {"cols", OPTION_QUANTITY, "N", "of a chain: columns of the tensor",
     .offset = offsetof(struct options, cols), .unit = UNIT_COUNT, .standard = "1024"},
    {0},
};

static bool wants_code(const struct options *o)
{
    return o->glsl || o->c || o->spirv;
}

static bool show_code(const struct options *o, const struct plan *p, struct error *e)
{
    return o->glsl || o->c ? show_source(p, o->c ? LANGUAGE_C : LANGUAGE_GLSL, e) : show_spirv(p, e);
}

/* ---- chains ---- */

/* Code is generated for a device. Looking at it must not need one: without any, a machine on paper serves. */
static struct device *device_for_code(const char *spec, struct error *e)
{
    struct device *d = device_open(spec, e);
    if (d || spec)
        return d;
    fprintf(stderr, "rooflab show: no device here; the code is what a GPU would get\n");
    return device_open("sim", e);
}

/* unfused, (what --fuse says,) fused */
enum { PLANS_MAX = 3 };

static int chain_plans(struct plan **plans, const struct chain *c, const struct options *o,
                       const char *const *wanted, const struct device_info *device, struct error *e)
{
    int made = 0;
    struct chain_options size = {.rows = chain_rows(o->tensor_bytes, (uint64_t)o->cols),
                                 .cols = (uint64_t)o->cols};
    for (int i = 0; i < PLANS_MAX; i++) {
        int sizes[CHAIN_MAX];
        int groups = wanted[i] ? chain_grouping(c, wanted[i], sizes, e) : 0;
        if (groups)
            plans[made] = chain_plan(c, sizes, groups, device, &size, e);
        if (wanted[i] && (!groups || !plans[made++]))
            break;
    }
    return made;
}

static bool is_named(const char *grouping)
{
    return strcmp(grouping, "fused") == 0 || strcmp(grouping, "unfused") == 0;
}

static void print_chain(const struct arguments *a, const struct chain *c, struct plan *const *plans,
                        int count)
{
    const struct plan *p = plans[0];
    char size[UNITS_TEXT];
    if (!a->csv) {
        show_heading(c->text, "Read, written: what each step must move at least. Issued: what its loads "
                              "and stores name, both in passes of S.");
        show_fact("S", "%s, %llu rows of %llu columns\n", units_format(size, UNIT_BYTES, p->tensor_bytes),
                  (unsigned long long)p->shape[0].value, (unsigned long long)p->shape[1].value);
    }
    show_steps((const struct plan *const *)plans, count, a->csv);
}

static bool show_chain_on(const struct arguments *a, const struct chain *c, const struct device_info *device,
                          struct error *e)
{
    const struct options *o = a->own;
    struct plan *plans[PLANS_MAX] = {NULL};
    bool code = wants_code(o);
    const char *grouped = o->fuse && !is_named(o->fuse) ? o->fuse : NULL;
    const char *const table[PLANS_MAX] = {"unfused", grouped, c->count > 1 ? "fused" : NULL};
    const char *const one[PLANS_MAX] = {o->fuse ? o->fuse : "fused", NULL, NULL};
    int made = chain_plans(plans, c, o, code ? one : table, device, e);
    bool ok = e->code == 0;
    if (ok && code)
        ok = show_code(o, plans[0], e);
    else if (ok)
        print_chain(a, c, plans, made);
    for (int i = 0; i < made; i++)
        plan_free(plans[i]);
    return ok;
}

static bool show_chain(const struct arguments *a, const char *text, struct error *e)
{
    const struct options *o = a->own;
    if (!(o->tensor_bytes > 0) || !(o->cols > 0))
        return error_set(e, EXIT_USAGE, "--tensor and --cols must be above zero");
    struct chain *c = chain_parse(text, e);
    struct device *d = c ? device_for_code(o->c && !a->device ? "native" : a->device, e) : NULL;
    if (d)
        e->code = 0; /* of a device that was not needed */
    bool ok = d && show_chain_on(a, c, &d->info, e);
    device_close(d);
    chain_free(c);
    return ok;
}

/* ---- kernels and operators ---- */

static bool show_file(const struct arguments *a, struct error *e)
{
    const struct options *o = a->own;
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
    struct kernel *k = o->c ? kernel_find_for(a->words[0], LANGUAGE_C, e) : kernel_find(a->words[0], e);
    if (!k)
        return false;
    struct plan *p = shape_parse(NULL, a->words + 1, a->word_count - 1, shape, &shapes, e)
                         ? kernel_plan(k, shape, shapes, NULL, e)
                         : NULL;
    bool ok = p != NULL;
    if (ok && wants_code(o))
        ok = show_code(o, p, e);
    else if (ok && a->csv)
        show_steps((const struct plan *const *)&p, 1, true);
    else if (ok)
        show_kernel(k, p);
    plan_free(p);
    kernel_free(k);
    return ok;
}

static const struct operator* operator_called(const char *name)
{
    int count = 0;
    const struct operator* const * all = operators_all(&count, NULL);
    for (int i = 0; all && i < count; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

/* A name that is neither: the nearest of both. */
static bool unknown(const char *name, struct error *e)
{
    size_t kernels = 0;
    int operators = 0;
    char **names = kernel_names(&kernels, e);
    const struct operator* const * all = operators_all(&operators, e);
    const char **both = need(sizeof *both * (kernels + (size_t)operators + 1));
    for (size_t i = 0; names && i < kernels; i++)
        both[i] = names[i];
    for (int i = 0; all && i < operators; i++)
        both[kernels + (size_t)i] = all[i]->name;
    const char *near = nearest_name(name, both, kernels + (size_t)(all ? operators : 0));
    if (names && all)
        error_set(e, EXIT_USAGE,
                  "there is no kernel, operator or chain '%s'%s%s%s; `rooflab list` shows what there is",
                  name, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    free(both);
    names_free(names);
    return false;
}

static bool show(const struct arguments *a, struct error *e)
{
    const struct options *o = a->own;
    const char *name = a->words[0];
    const struct operator* op = operator_called(name);
    if (strpbrk(name, "|(") || (op && (wants_code(o) || a->csv)))
        return a->word_count == 1
                   ? show_chain(a, name, e)
                   : error_set(e, EXIT_USAGE,
                               "a chain is one word in quotes, and its size is --tensor and --cols");
    if (op) {
        show_operator(op);
        return true;
    }
    return strchr(name, '/') || file_exists(name) ? show_file(a, e) : unknown(name, e);
}

static int run(const struct arguments *a)
{
    struct error e = {0};
    return show(a, &e) ? EXIT_OK : command_fail(a, &e);
}

static const struct example examples[] = {
    {"rooflab show layernorm/3-one-read rows=1000 cols=768", "a kernel's facts at a shape of your own"},
    {"rooflab show gelu", "an operator: what it reads, computes and looks like"},
    {"rooflab show \"layernorm|bias|gelu|dropout\" --fuse 2+2",
     "a chain, step by step: unfused, in two kernels, in one"},
    {"rooflab show \"bias|gelu\" --glsl", "the kernel that fusion makes of it"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {
    {EXIT_OK, "it was shown"},
    {EXIT_CHECK, "the kernel does not compile"},
    {0, NULL},
};

const struct command command_show = {
    .name = "show",
    .group = GROUP_LOOK,
    .summary = "what a kernel, an operator or a chain is and costs, before it runs",
    .about =
        "Shows what is known without running anything: of a kernel its header, buffers, and the bytes, "
        "passes and flops that follow from it; of an operator its facts and its few lines of code; of a "
        "chain (\"a|b|c\") the steps of the unfused and the fused plan side by side. Flops per byte is the "
        "place on the roofline's x axis.",
    .usage = "NAME [rows=N cols=N ...] | \"CHAIN\"  [options]",
    .word = "the name of a kernel or operator, or a chain",
    .min_words = 1,
    .max_words = 1 + RUN_SHAPE_MAX,
    .common = COMMON_DEVICE | COMMON_CSV,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
