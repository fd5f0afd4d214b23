/* rooflab chain: any chain of operators, unfused, fused and in groups, measured here. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/outcome.h"
#include "harness/cli/progress.h"
#include "harness/cli/shape.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/epilogue.h"
#include "harness/measure/provenance.h"
#include "harness/measure/study.h"

struct options {
    double tensor_bytes, cols;
    const char *fuse;
    bool ablate, charts;
};

static const struct option options[] = {
    {"tensor", OPTION_QUANTITY, "SIZE", "S, the bytes of the tensor that flows through: 64MB, 64MiB",
     .offset = offsetof(struct options, tensor_bytes), .unit = UNIT_BYTES, .standard = "64MB"},
    {"cols", OPTION_QUANTITY, "N", "columns, the length of a row; rows are rounded down",
     .offset = offsetof(struct options, cols), .unit = UNIT_COUNT, .standard = "1024"},
    {"fuse", OPTION_STRING, "GROUPS", "a grouping besides unfused and fused: 2+2, 1+3, or several: 2+2,1+3",
     .offset = offsetof(struct options, fuse)},
    {"ablate", OPTION_FLAG, NULL, "also time the arithmetic alone and the loads and stores alone: what binds?",
     .offset = offsetof(struct options, ablate)},
    {"charts", OPTION_FLAG, NULL, "also draw the pass chart and the roofline", .offset = offsetof(struct options, charts)},
    {0},
};

enum { VARIANTS_MAX = 8 };

static int variants_of(const struct options *o, char *fuse, const char *list[VARIANTS_MAX])
{
    int n = 0;
    char *save = NULL;
    list[n++] = "unfused";
    for (char *word = o->fuse ? strtok_r(fuse, ", ", &save) : NULL; word && n < VARIANTS_MAX - 1; word = strtok_r(NULL, ", ", &save))
        if (strcmp(word, "unfused") != 0 && strcmp(word, "fused") != 0)
            list[n++] = word;
    list[n++] = "fused";
    return n;
}

static bool sane(const struct options *o, struct error *e)
{
    if (!(o->tensor_bytes >= 4 * o->cols) || o->cols < 1 || o->cols > 1e9)
        return error_set(e, EXIT_USAGE, "a tensor of %.0f bytes has not one row of %.0f columns (4 bytes each): use a larger "
                                        "--tensor or a smaller --cols",
                         o->tensor_bytes, o->cols);
    return true;
}

/* A kernel stands first: it and the operators at a shape. */
static bool add_epilogue(struct study *s, const struct arguments *a, struct error *e)
{
    static const char *const variants[] = {"alone", "unfused", "apart", "fused"};
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
    return shape_parse(NULL, a->words + 1, a->word_count - 1, shape, &shapes, e) &&
           study_add_epilogue(s, "chain", a->words[0], variants, EPILOGUE_VARIANTS, shape, shapes, e);
}

static bool add_chain(struct study *s, const struct arguments *a, const char *const *variants, int count, struct error *e)
{
    const struct options *o = a->own;
    return epilogue_is(a->words[0]) ? add_epilogue(s, a, e)
                                    : study_add_chain(s, "chain", a->words[0], variants, count, o->tensor_bytes,
                                                      (uint64_t)o->cols, o->ablate, e);
}

static bool measure(const struct arguments *a, struct device *d, struct record *r, struct error *e)
{
    const struct options *o = a->own;
    const char *variants[VARIANTS_MAX];
    char *fuse = need_string(o->fuse);
    struct progress progress;
    progress_open(&progress, a->quiet);
    provenance_fill(r, "chain", d);
    struct study *s = study_open(d, r);
    int count = variants_of(o, fuse, variants);
    progress_step(&progress.sink, "compiling and verifying", 0, 1);
    bool ok = add_chain(s, a, variants, count, e) && study_measure(s, 15, &progress.sink, e);
    provenance_finish(r, d);
    study_close(s);
    progress_close(&progress);
    free(fuse);
    return ok;
}

static int finish(const struct arguments *a, const struct device *d, struct record *r)
{
    static const struct outcome_chart charts[] = {{"passes", "chain"}, {"roofline", "chain"}};
    const struct options *o = a->own;
    if (outcome_nothing_ran(r) && (a->json || a->csv))
        fprintf(stderr, "rooflab chain: %s\n", r->runs[0].why);
    return outcome_runs(a, d, r, "chain", charts, o->charts ? 2 : 0);
}

/* Wrong words before devices. Which kernels there are depends on the device's language. */
static bool words_are_right(const struct arguments *a, struct error *e)
{
    if (epilogue_is(a->words[0]))
        return true;
    if (a->word_count > 1)
        return error_set(e, EXIT_USAGE, "'%s': a shape is for a kernel with operators behind it, like gemm/10-texel|bias; a "
                                        "chain has --tensor and --cols", a->words[1]);
    struct chain *c = sane(a->own, e) ? chain_parse(a->words[0], e) : NULL;
    chain_free(c);
    return c;
}

static int run(const struct arguments *a)
{
    struct error e = {0};
    return words_are_right(a, &e) ? outcome_run(a, measure, finish) : command_fail(a, &e);
}

static const struct example examples[] = {
    {"rooflab chain \"layernorm|bias|gelu|dropout(0.1)\" --fuse 2+2", "the seed exercise on this machine"},
    {"rooflab chain \"rmsnorm|silu|mul\" --tensor 16MiB --ablate --charts", "what binds, with pictures"},
    {"rooflab chain \"layernorm|bias|gelu|dropout\" --device sim:B=320GB/s,launch=0", "the same on a machine on paper"},
    {"rooflab chain \"gemm/10-texel|bias|gelu|add\" m=512 n=512 k=512", "operators in a kernel's stores"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "measured, or UNRESOLVED"},
                                         {EXIT_CHECK, "a kernel's result was wrong"},
                                         {EXIT_BEATEN, "a bound was beaten"},
                                         {EXIT_ENVIRONMENT, "no device, or the tensor does not fit it"},
                                         {0, NULL}};

const struct command command_chain = {
    .name = "chain",
    .group = GROUP_MEASURE,
    .summary = "a chain of operators, unfused and fused, measured here",
    .about = "Generates one kernel per operator (unfused), one for all (fused) and any grouping between, verifies each against "
             "double precision, and measures them in the same rounds as the ceilings: time, passes, what binds, the bound "
             "k*S/B and the verdict on it, and the speed-up with its interval. `rooflab list` shows the operators.\n\n"
             "Where a kernel stands first, the operators are its epilogue: it is measured alone, with a kernel for each "
             "operator, with one for all of them, and with all of them in its own stores.",
    .usage = "CHAIN | KERNEL|CHAIN [NAME=VALUE...]",
    .word = "a chain like \"layernorm|bias|gelu\"",
    .min_words = 1,
    .max_words = 1 + RUN_SHAPE_MAX,
    .common = COMMON_DEVICE | COMMON_JSON | COMMON_CSV | COMMON_OUT | COMMON_QUIET,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
