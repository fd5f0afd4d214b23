/* rooflab check: do kernels keep what their headers promise, and compute what their references say? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/style.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/kernel.h"
#include "harness/measure/traffic.h"
#include "harness/measure/verify.h"

/* Columns of an operator's check: with and without vectors, one element, and a row that no register holds. */
static const uint64_t columns[] = {1, 3, 37, 64, 1000, 1024, 5000};

struct tally {
    struct device *device;
    struct pool *pool;
    int passed, failed, unsupported;
};

static void say(struct tally *t, const char *name, bool ok, bool unsupported, const char *why)
{
    const struct style *s = style_of(stdout);
    t->passed += ok;
    t->unsupported += !ok && unsupported;
    t->failed += !ok && !unsupported;
    printf("%s%-11s%s %s%s%s\n", ok ? s->green : unsupported ? s->yellow : s->red, ok ? "ok" : unsupported ? "unsupported" : "FAILED",
           s->off, name, ok ? "" : ": ", ok ? "" : why);
    fflush(stdout);
}

/* Runs and compares one plan in full. */
static bool check_plan(struct tally *t, struct plan *p, const char *at, struct error *e)
{
    struct verification v;
    struct workload *w = p ? workload_open(t->pool, p, e) : NULL;
    bool ok = w && verify(w, VERIFY_ALL_ROWS, &v, e);
    if (ok && !v.passed)
        ok = error_set(e, EXIT_CHECK, "%s", v.why);
    workload_close(w);
    return ok || (p && error_prefix(e, "at %s", at));
}

/* What it declares against what it does. Only programs in SPIR-V count themselves. */
static bool check_counts(struct tally *t, struct plan *p, struct error *e)
{
    struct traffic counted = {0};
    struct workload *w = p ? workload_open(t->pool, p, e) : NULL;
    bool ok = w && workload_warm(w, false, e) && traffic_count(t->pool, p, true, &counted, e) && traffic_check(p, &counted, e);
    traffic_free(&counted);
    workload_close(w);
    return ok;
}

static bool counts_itself(const struct tally *t)
{
    return t->device->info.computes && t->device->info.language == LANGUAGE_GLSL;
}

static void shape_text(struct text *at, const struct plan *p)
{
    for (int n = 0; p && n < p->shapes; n++)
        text_add(at, "%s%s=%llu", n ? " " : "", p->shape[n].name, (unsigned long long)p->shape[n].value);
}

static bool check_shapes(struct tally *t, const struct kernel *k, struct error *e)
{
    for (int i = 0; i < kernel_verify_count(k); i++) {
        struct text at = {0};
        struct plan *p = kernel_verify_plan(k, &t->device->info, i, NULL, e);
        shape_text(&at, p);
        bool ok = check_plan(t, p, text_get(&at), e);
        text_free(&at);
        if (!ok)
            return false;
    }
    return true;
}

/* The device as it would be if it could bind a third of the largest tensor that the kernel lets be cut. */
static struct device_info tight(const struct device_info *d, const struct kernel *k, const struct plan *p)
{
    uint64_t most = 0;
    struct device_info info = *d;
    for (int i = 0; i < k->buffer_count; i++)
        if (strcmp(k->buffers[i].dims[0], k->split) == 0 && tensor_bytes(&p->tensors[i]) > most)
            most = tensor_bytes(&p->tensors[i]);
    info.max_binding_bytes = most / 3;
    info.max_texel_elements = most / 3 / 16;
    return info;
}

/* `split rows` is a promise about the kernel's rows: it is tried in parts wherever a shape has enough of them. Where parts begin at
 * coarser addresses than anywhere they must, it is no fault of the header's if none has. */
static bool check_split(struct tally *t, const struct kernel *k, struct error *e)
{
    int tried = 0;
    for (int i = 0; i < kernel_verify_count(k) && k->split[0]; i++) {
        struct text at = {0};
        struct plan *whole = kernel_verify_plan(k, NULL, i, NULL, e);
        struct device_info limits = whole ? tight(&t->device->info, k, whole) : t->device->info;
        struct plan *p = whole ? kernel_verify_plan(k, &limits, i, NULL, e) : NULL;
        bool parts = p && p->step_count > 1;
        plan_free(whole);
        text_add(&at, "%d parts by %s, ", p ? p->step_count : 0, k->split);
        shape_text(&at, p);
        tried += parts;
        bool ok = parts ? check_plan(t, p, text_get(&at), e) : p != NULL;
        if (!parts)
            plan_free(p);
        text_free(&at);
        if (!ok)
            return false;
    }
    return tried || !k->split[0] || part_alignment(&t->device->info) > part_alignment(&(struct device_info){0}) ||
           error_set(e, EXIT_CHECK, "%s: no verify line has enough %s to try `split`; add one", k->path, k->split);
}

/* What a kernel in C declares, against what its sibling in GLSL declares (and is counted to do when that one is checked). */
static bool check_sibling(const struct kernel *k, struct error *e)
{
    if (k->language != LANGUAGE_C || !kernel_speaks(k->name, LANGUAGE_GLSL))
        return true;
    struct kernel *other = kernel_find_for(k->name, LANGUAGE_GLSL, e);
    struct plan *c = other ? kernel_plan(k, NULL, 0, NULL, e) : NULL;
    struct plan *glsl = c ? kernel_plan(other, k->shape, k->shapes, NULL, e) : NULL;
    bool ok = glsl && traffic_check_sibling(c, glsl, e);
    plan_free(glsl);
    plan_free(c);
    kernel_free(other);
    return ok;
}

static void check_kernel(struct tally *t, const char *name)
{
    struct error e = {0};
    struct kernel *k = kernel_find_for(name, t->device->info.language, &e);
    bool ok = k && kernel_check_module(k, &e);
    if (ok && k->split[0] && !k->reference)
        ok = error_set(&e, EXIT_CHECK, "%s: `split` promises what nobody can try: there is no reference; leave it out, or name one", k->path);
    if (ok && t->device->info.computes && k->reference)
        ok = check_shapes(t, k, &e) && check_split(t, k, &e);
    if (ok)
        ok = check_sibling(k, &e);
    if (ok && counts_itself(t)) /* at the header's own shape */
        ok = check_counts(t, kernel_plan_for(k, &t->device->info, NULL, 0, NULL, &e), &e);
    say(t, name, ok, e.code == EXIT_ENVIRONMENT, e.text);
    kernel_free(k);
}

/* A chain at all column counts, in every grouping of interest. */
static bool check_chain_at(struct tally *t, const struct chain *c, const char *grouping, uint64_t cols, struct error *e)
{
    int sizes[CHAIN_MAX], groups = chain_grouping(c, grouping, sizes, e);
    struct chain_options o = {.rows = 5, .cols = cols};
    char at[80];
    snprintf(at, sizeof at, "%s, 5 rows of %llu", grouping, (unsigned long long)cols);
    if (!groups)
        return false;
    return check_plan(t, chain_plan(c, sizes, groups, &t->device->info, &o, e), at, e);
}

/* The operator table's bytes and operations, at a row length at which what is done per row is small. */
static bool check_chain_counts(struct tally *t, const struct chain *c, const char *grouping, struct error *e)
{
    int sizes[CHAIN_MAX], groups = chain_grouping(c, grouping, sizes, e);
    struct chain_options o = {.rows = 40, .cols = 4096};
    return groups && check_counts(t, chain_plan(c, sizes, groups, &t->device->info, &o, e), e);
}

static void check_chain(struct tally *t, const char *text)
{
    struct error e = {0};
    struct chain *c = chain_parse(text, &e);
    bool ok = c != NULL;
    if (ok && counts_itself(t))
        ok = check_chain_counts(t, c, "unfused", &e) && (c->count == 1 || check_chain_counts(t, c, "fused", &e));
    for (size_t i = 0; i < sizeof columns / sizeof *columns && ok && t->device->info.computes; i++) {
        ok = check_chain_at(t, c, "unfused", columns[i], &e);
        ok = ok && (c->count == 1 || check_chain_at(t, c, "fused", columns[i], &e));
    }
    say(t, text, ok, e.code == EXIT_ENVIRONMENT, e.text);
    chain_free(c);
}

/* Everything there is: all kernels, all operators alone, and with a neighbour on either side. */
static bool check_all(struct tally *t, struct error *e)
{
    size_t n;
    int operators;
    char **names = kernel_names(&n, e);
    const struct operator *const *all = operators_all(&operators, e);
    if (!names || !all)
        return false;
    for (size_t i = 0; i < n; i++)
        check_kernel(t, names[i]);
    for (int i = 0; i < operators; i++) {
        struct text chain = {0};
        check_chain(t, all[i]->name);
        text_add(&chain, "scale(0.5)|%s|bias|dropout(0.2)", all[i]->name);
        check_chain(t, chain.s);
        text_free(&chain);
    }
    names_free(names);
    return true;
}

/* A chain, or one operator: "gelu", "dropout(0.2)". */
static bool is_chain(const char *word)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "("), word);
    return strchr(word, '|') || operator_find(trim(name), NULL);
}

/* Is there such a kernel, or a file? What is wrong inside it is a finding, and no mistake of the command line. */
static bool is_kernel(const char *word)
{
    size_t n;
    bool found = file_exists(word);
    char **names = kernel_names(&n, NULL);
    for (size_t i = 0; i < n && names && !found; i++)
        found = strcmp(names[i], word) == 0;
    names_free(names);
    return found;
}

/* Wrong words are found before anything runs. */
static bool words_are_right(const struct arguments *a, struct error *e)
{
    for (int i = 0; i < a->word_count; i++) {
        if (is_chain(a->words[i])) {
            struct chain *c = chain_parse(a->words[i], e);
            if (!c)
                return false;
            chain_free(c);
        } else if (!is_kernel(a->words[i])) {
            if (strchr(a->words[i], '/') || strchr(a->words[i], '.'))
                kernel_free(kernel_find(a->words[i], e)); /* says which kernel is near */
            else
                operator_find(a->words[i], e); /* says which operator is */
            return false;
        }
    }
    return true;
}

static int run(const struct arguments *a)
{
    struct error e = {0};
    if (!words_are_right(a, &e))
        return command_fail(a, &e);
    struct tally t = {.device = device_open(a->device, &e)};
    if (!t.device)
        return command_fail(a, &e);
    t.pool = pool_open(t.device);
    bool ok = a->word_count > 0 || check_all(&t, &e);
    for (int i = 0; i < a->word_count; i++) {
        if (is_chain(a->words[i]))
            check_chain(&t, a->words[i]);
        else
            check_kernel(&t, a->words[i]);
    }
    pool_close(t.pool);
    device_close(t.device);
    if (!ok)
        return command_fail(a, &e);
    printf("\n%d ok, %d failed, %d unsupported here\n", t.passed, t.failed, t.unsupported);
    return t.failed ? EXIT_CHECK : t.passed ? EXIT_OK : EXIT_ENVIRONMENT;
}

static const struct example examples[] = {
    {"rooflab check", "every kernel and every operator"},
    {"rooflab check layernorm/3-one-read", "one kernel: header against module, then result against reference"},
    {"rooflab check \"layernorm|to_f16|gelu\"", "a chain, unfused and fused"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "all is right"}, {EXIT_CHECK, "a header lies or a result is wrong"},
                                         {EXIT_ENVIRONMENT, "no device, or nothing of it runs here"}, {0, NULL}};

const struct command command_check = {
    .name = "check",
    .group = GROUP_MEASURE,
    .summary = "headers against modules, results against references",
    .about = "Holds each kernel's header against what its module does (bindings, directions, push and specialisation constants, "
             "workgroup), then runs it at awkward shapes with poisoned outputs and guard zones and compares every element with "
             "the double-precision reference. A kernel in C (--device native) is not counted: its header is held against that of its sibling in GLSL. Operators and chains are checked unfused and fused, at row lengths that divide nothing.",
    .usage = "[KERNEL|OPERATOR|CHAIN...]",
    .min_words = 0,
    .max_words = -1,
    .common = COMMON_DEVICE,
    .examples = examples,
    .exits = exits,
    .run = run,
};
