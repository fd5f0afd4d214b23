/* rooflab tune: the values of a kernel's tune lines that are fastest here, found by measurement. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/progress.h"
#include "harness/cli/shape.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"
#include "harness/measure/tuned.h"

struct options {
    double compile_s;
    const char *shape;
};

static const struct option options[] = {
    {"compile", OPTION_QUANTITY, "TIME", "how long to compile and verify before the rest is left out",
     .offset = offsetof(struct options, compile_s), .unit = UNIT_SECONDS, .standard = "60s"},
    {"shape", OPTION_STRING, "NAME=VALUE,...", "the same as NAME=VALUE words", .offset = offsetof(struct options, shape)},
    {0},
};

enum { ROWS_SHOWN = 12 };

/* Faster first; those without a time behind, as they were listed. */
static int by_time(const void *a, const void *b)
{
    const struct candidate *x = *(const struct candidate *const *)a, *y = *(const struct candidate *const *)b;
    bool has_x = x->time_ns.n > 0, has_y = y->time_ns.n > 0;
    if (has_x != has_y)
        return has_x ? -1 : 1;
    if (!has_x)
        return (int)x->status - (int)y->status;
    return x->time_ns.median < y->time_ns.median ? -1 : x->time_ns.median > y->time_ns.median;
}

static void candidate_row(struct cli_table *t, const struct search *s, const struct candidate *c)
{
    char values[160], rounds[24];
    bool best = c == &s->list[s->best], standard = c == &s->list[s->standard];
    search_values(s->kernel, c->values, values, sizeof values);
    snprintf(rounds, sizeof rounds, "%d", c->rounds);
    table_row(t, best ? TABLE_BEST : c->time_ns.n ? TABLE_PLAIN : TABLE_FAINT);
    table_cell(t, "%s", values);
    table_quantity(t, UNIT_SECONDS, c->time_ns.n ? c->time_ns.median / 1e9 : NAN);
    table_cell(t, "%d", c->time_ns.n);
    table_quantity(t, UNIT_SECONDS, c->compile_ns > 0 ? c->compile_ns / 1e9 : NAN);
    table_both(t, best && standard ? "best, the default" : best ? "best" : standard ? "the default" : c->why, c->why);
}

static void print_table(const struct arguments *a, const struct search *s)
{
    static const struct table_column columns[] = {{"values", TABLE_LEFT, NULL},          {"time", TABLE_RIGHT, "time_s"},
                                                  {"n", TABLE_RIGHT, NULL},              {"compiled in", TABLE_RIGHT, "compile_s"},
                                                  {"", TABLE_WRAP, "why"},               {0}};
    const struct candidate **list = need(sizeof *list * (size_t)s->count);
    struct cli_table *t = table_new(columns);
    for (int i = 0; i < s->count; i++)
        list[i] = &s->list[i];
    qsort(list, (size_t)s->count, sizeof *list, by_time);
    for (int i = 0; i < s->count; i++)
        if (a->csv || i < ROWS_SHOWN || list[i] == &s->list[s->standard])
            candidate_row(t, s, list[i]);
    (a->csv ? table_csv : table_print)(t, stdout);
    table_end(t);
    if (!a->csv && s->count > ROWS_SHOWN)
        printf("... and %d more (--csv shows all)\n", s->count - ROWS_SHOWN);
    free(list);
}

static void print_words(const struct search *s, const struct device_info *d)
{
    char best[160];
    const struct interval *g = &s->speedup;
    search_values(s->kernel, s->list[s->best].values, best, sizeof best);
    printf("\n%d combinations: %d skipped before compiling, %d compiled and verified in %.1f s%s.\n", s->count, s->skipped,
           s->compiled, s->compile_s, s->budget_spent ? "; the time for compiling was spent before all were tried (--compile)" : "");
    if (s->best == s->standard)
        printf("Nothing is faster on %s than the default, %s.\n", d->name, best);
    else
        printf("%s is %.2f times as fast on %s as the default (95 %%: %.2f to %.2f)%s.\n", best, g->median, d->name, g->low, g->high,
               g->low > 1 ? "" : "; the interval does not exclude that they are alike");
}

static bool print(const struct arguments *a, const struct search *s, const struct device_info *d, const char *text)
{
    if (a->json) {
        puts(text);
        return true;
    }
    if (!a->csv) {
        printf("%s on %s at", s->kernel->name, d->name);
        for (int i = 0; i < s->kernel->shapes; i++)
            printf(" %s=%llu", s->shape[i].name, (unsigned long long)s->shape[i].value);
        printf("\n\n");
    }
    print_table(a, s);
    if (!a->csv)
        print_words(s, d);
    return true;
}

static bool keep(const struct arguments *a, const struct search *s, const struct device_info *d, const char *text, struct error *e)
{
    char *path = tuned_path(a->out, d, s->kernel, s->shape, e), *folder = path ? need_string(path) : NULL;
    if (folder)
        *strrchr(folder, '/') = '\0';
    bool ok = folder && folder_make(folder, e) && file_write(path, text, strlen(text), e);
    if (ok && !a->quiet)
        fprintf(stderr, "written: %s\n", path);
    free(folder);
    free(path);
    return ok;
}

static bool tune(const struct arguments *a, struct device *d, struct pool *pool, struct error *e)
{
    const struct options *o = a->own;
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
    struct search s = {.best = -1};
    struct progress progress;
    struct kernel *k = kernel_find_for(a->words[0], d->info.language, e);
    progress_open(&progress, a->quiet);
    bool ok = k && shape_parse(o->shape, a->words + 1, a->word_count - 1, shape, &shapes, e) &&
              search_run(&s, k, shape, shapes, pool, o->compile_s, &progress.sink, e);
    progress_close(&progress);
    char *text = ok && s.best >= 0 && !interrupted ? tuned_text(&s, &d->info) : NULL;
    if (text)
        ok = print(a, &s, &d->info, text) && keep(a, &s, &d->info, text, e);
    free(text);
    search_clear(&s);
    kernel_free(k);
    return ok;
}

static int run(const struct arguments *a)
{
    struct error e = {0};
    struct device *d = device_open(a->device, &e);
    struct pool *pool = d ? pool_open(d) : NULL;
    bool ok = d && tune(a, d, pool, &e);
    int code = ok ? interrupted ? EXIT_INTERRUPTED : EXIT_OK : command_fail(a, &e);
    if (pool)
        pool_close(pool);
    device_close(d);
    return code;
}

static const struct example examples[] = {
    {"rooflab tune gemm/5-register-tiles m=1024 n=1024 k=1024", "the best tile for this device at this shape"},
    {"rooflab tune gemm/5-register-tiles --shape m=509,n=511,k=503 --compile 5min", "look at more of them"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {{EXIT_OK, "searched, and kept"},
                                         {EXIT_CHECK, "the default's result is wrong"},
                                         {EXIT_ENVIRONMENT, "no device, or the kernel does not run on it"},
                                         {0, NULL}};

const struct command command_tune = {
    .name = "tune",
    .group = GROUP_MEASURE,
    .summary = "the tile sizes of a kernel that are fastest here",
    .about = "Searches the values of a kernel's tune lines. Combinations that cannot run here (workgroup or shared memory beyond the "
             "device's limits, `valid` lines of the header) are skipped before anything is compiled; the others are compiled, "
             "verified, and measured in the same rounds, the slower half leaving each time. The gain is told against the header's "
             "default, in pairs."
             "\n\n"
             "What is found is kept in results/<device>/tuned/ for this device, driver, shape and source, and `bench` and the "
             "experiments take it from there by themselves. Delete the file to be back at the default.",
    .usage = "KERNEL [NAME=VALUE...]",
    .word = "a kernel",
    .min_words = 1,
    .max_words = 1 + RUN_SHAPE_MAX,
    .common = COMMON_DEVICE | COMMON_JSON | COMMON_CSV | COMMON_OUT | COMMON_QUIET,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
