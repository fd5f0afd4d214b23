/* rooflab bench: kernels of the lab, or one's own, timed against bound and roof. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/outcome.h"
#include "harness/cli/progress.h"
#include "harness/cli/shape.h"
#include "harness/measure/provenance.h"
#include "harness/measure/study.h"

struct options {
    bool charts, cold;
    const char *shape;
};

static const struct option options[] = {
    {"charts", OPTION_FLAG, NULL, "also draw the roofline", .offset = offsetof(struct options, charts)},
    {"cold", OPTION_FLAG, NULL, "from memory: caches are emptied before each sample, of ceilings too", .offset = offsetof(struct options, cold)},
    {"shape", OPTION_STRING, "NAME=VALUE,...", "the same as NAME=VALUE words", .offset = offsetof(struct options, shape)},
    {0},
};

/* Words with '=' are shapes, the others kernels. */
static int sort_words(const struct arguments *a, char **kernels, char **shapes, int *shape_count)
{
    int n = 0;
    *shape_count = 0;
    for (int i = 0; i < a->word_count; i++)
        if (strchr(a->words[i], '=') && !file_exists(a->words[i]))
            shapes[(*shape_count)++] = a->words[i];
        else
            kernels[n++] = a->words[i];
    return n;
}

/* The overrides that this kernel has a name for, so that one list serves a whole ladder. */
static int fitting(const struct kernel *k, const struct shape_entry *all, int count, struct shape_entry *own)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < k->shapes; j++)
            if (strcmp(all[i].name, k->shape[j].name) == 0)
                own[n++] = all[i];
    return n;
}

static bool add_kernel(struct study *s, const char *name, enum language language, const struct shape_entry *shape, int count,
                       struct error *e)
{
    struct kernel *k = kernel_find_for(name, language, e);
    struct shape_entry own[RUN_SHAPE_MAX];
    if (!k)
        return false;
    char *operation = need_string(k->name), *slash = strchr(operation, '/');
    if (slash)
        *slash = '\0'; /* rungs of one operation are compared with the first of them */
    int n = fitting(k, shape, count, own);
    bool ok = n == count || error_set(e, EXIT_USAGE, "%s has no shape named '%s'; `rooflab show %s` lists them", k->name,
                                      shape[count - 1].name, k->name);
    ok = ok && study_add_kernel(s, operation, k, own, n, e);
    free(operation);
    kernel_free(k);
    return ok;
}

static bool measure(const struct arguments *a, struct device *d, struct record *r, struct error *e)
{
    char **kernels = need(sizeof *kernels * (size_t)a->word_count), **words = need(sizeof *words * (size_t)a->word_count);
    const struct options *o = a->own;
    struct shape_entry shape[RUN_SHAPE_MAX];
    int word_count, shapes, count = sort_words(a, kernels, words, &word_count);
    struct progress progress;
    progress_open(&progress, a->quiet);
    provenance_fill(r, "bench", d);
    struct study *s = study_open(d, r);
    if (o->cold)
        study_cold(s);
    bool ok = shape_parse(o->shape, words, word_count, shape, &shapes, e);
    if (ok && count == 0)
        ok = error_set(e, EXIT_USAGE, "no kernel was named; `rooflab list` shows what there is");
    for (int i = 0; i < count && ok && !interrupted; i++) {
        progress_step(&progress.sink, "compiling and verifying", i, count);
        ok = add_kernel(s, kernels[i], d->info.language, shape, shapes, e);
    }
    ok = ok && study_measure(s, 15, &progress.sink, e);
    provenance_finish(r, d);
    study_close(s);
    progress_close(&progress);
    free(kernels);
    free(words);
    return ok;
}

static int finish(const struct arguments *a, const struct device *d, struct record *r)
{
    static const struct outcome_chart charts[] = {{"roofline", NULL}};
    const struct options *o = a->own;
    return outcome_runs(a, d, r, "bench", charts, o->charts ? 1 : 0);
}

static int run(const struct arguments *a)
{
    return outcome_run(a, measure, finish);
}

static const struct example examples[] = {
    {"rooflab bench copy/1-float copy/2-vec4 copy/3-texel", "a ladder, its rungs compared with the first"},
    {"rooflab bench layernorm/3-one-read rows=1000 cols=4096", "another shape"},
    {"rooflab bench gemv-q4/9-few-pages --cold", "weights that come from memory, as those of a whole model do"},
    {"rooflab bench ./my.comp", "your own kernel file"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "measured, or UNRESOLVED"},
                                         {EXIT_CHECK, "a kernel's result was wrong"},
                                         {EXIT_BEATEN, "a bound was beaten"},
                                         {EXIT_ENVIRONMENT, "no device, or the shape does not fit it"},
                                         {0, NULL}};

const struct command command_bench = {
    .name = "bench",
    .group = GROUP_MEASURE,
    .summary = "kernel files, timed against bound and roof",
    .about = "Verifies kernels at an awkward small shape and at the real one, then measures them in the same rounds as the ceilings "
             "that judge them. NAME=VALUE words override the header's shape. Rungs of one operation are compared with the "
             "first one named.",
    .usage = "KERNEL... [NAME=VALUE...]",
    .word = "a kernel",
    .min_words = 1,
    .max_words = 64,
    .common = COMMON_DEVICE | COMMON_JSON | COMMON_CSV | COMMON_OUT | COMMON_QUIET,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
