/* rooflab notebook run: a lesson's commands, run and compared with what the lesson says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/cli/command.h"
#include "harness/cli/notebook.h"
#include "harness/cli/progress.h"
#include "harness/kernel/kernel.h"

struct options {
    bool promote, fenced;
};

static const struct option options[] = {
    {"promote", OPTION_FLAG, NULL,
     "write what was seen into the file instead of comparing; captures are kept",
     .offset = offsetof(struct options, promote)},
    {"fenced", OPTION_FLAG, NULL, "the commands stand in ```console fences: a README",
     .offset = offsetof(struct options, fenced)},
    {0},
};

/* A path, or the name of a lesson as `rooflab list` shows it. Freed by the caller. */
static char *path_of(const char *name, struct error *e)
{
    if (file_exists(name) || strchr(name, '/'))
        return need_string(name);
    const char *home = home_folder(e);
    if (!home)
        return NULL;
    struct text path = {0}, folder = {0};
    text_add(&folder, "%s/notebooks-txt", home);
    text_add(&path, "%s/%s%s", folder.s, name, ends_with(name, ".txt") ? "" : ".txt");
    if (!file_exists(path.s)) {
        size_t count;
        char **names = folder_names(folder.s, ".txt", &count);
        for (size_t i = 0; i < count; i++)
            names[i][strlen(names[i]) - strlen(".txt")] = '\0';
        const char *near = nearest_name(name, (const char *const *)names, count);
        error_set(e, EXIT_USAGE, "there is no notebook '%s'%s%s%s; `rooflab list notebooks` names them", name,
                  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
        names_free(names);
        text_free(&path);
    }
    text_free(&folder);
    return path.s;
}

static void count_text(struct text *t, int count, const char *what)
{
    text_add(t, "%s%d %s%s", t->len ? ", " : "", count, what, count == 1 ? "" : "s");
}

static int conclude(const struct notebook *n, const struct notebook_result *r, bool promoted)
{
    struct text done = {0};
    count_text(&done, r->commands, "command");
    if (r->claims)
        count_text(&done, r->claims, "claim");
    const char *how = promoted && r->rewritten ? "rewritten" : promoted ? "nothing new" : "as recorded";
    if (r->failures)
        printf("%s: %s: %d not as it should be%s\n", n->path, done.s, r->failures,
               r->rewritten ? ", rewritten" : "");
    else if (r->commands || !r->skipped)
        printf("%s: %s, %s\n", n->path, done.s, how);
    if (r->skipped)
        printf("%s: skipped from there on: %s\n", n->path, r->skipped);
    text_free(&done);
    return r->failures ? EXIT_CHECK : r->skipped && !r->commands ? EXIT_SKIPPED : EXIT_OK;
}

static int run_one(const struct arguments *a, const char *name)
{
    const struct options *o = a->own;
    struct error e = {0};
    struct notebook_result r = {0};
    struct progress bar;
    char *path = path_of(name, &e);
    struct notebook *n = path ? notebook_read(path, o->fenced, &e) : NULL;
    int code = EXIT_OK;
    progress_open(&bar, a->quiet);
    bool ok = n && notebook_run(n, o->promote, a->device, &bar.sink, &r, &e);
    progress_close(&bar);
    if (!ok)
        code = command_fail(a, &e);
    else if (!interrupted)
        code = conclude(n, &r, o->promote);
    free(r.skipped);
    if (n)
        notebook_free(n);
    free(path);
    return code;
}

/* A usage error outweighs a mismatch, and that a notebook which was skipped; all skipped is skipped. */
static int worse(int a, int b)
{
    static const int order[] = {EXIT_SKIPPED, EXIT_OK, EXIT_CHECK, EXIT_USAGE, EXIT_ENVIRONMENT};
    int at_a = 0, at_b = 0;
    for (int i = 0; i < (int)(sizeof order / sizeof *order); i++) {
        at_a = order[i] == a ? i : at_a;
        at_b = order[i] == b ? i : at_b;
    }
    return at_a > at_b ? a : b;
}

static int run(const struct arguments *a)
{
    struct error e = {0};
    if (strcmp(a->words[0], "run") != 0) {
        error_set(&e, EXIT_USAGE, "there is only `rooflab notebook run FILE...`, no '%s'", a->words[0]);
        return command_fail(a, &e);
    }
    int code = EXIT_SKIPPED;
    for (int i = 1; i < a->word_count && !interrupted; i++)
        code = worse(code, run_one(a, a->words[i]));
    return code;
}

static const struct example examples[] = {
    {"rooflab notebook run 01-memory-passes", "a lesson by its name, on the default device"},
    {"rooflab notebook run my-lesson.txt --promote",
     "record what the commands print now, after you wrote or changed them"},
    {"rooflab notebook run README.md --fenced", "a README whose commands stand in ```console fences"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {
    {EXIT_OK, "every command printed what is recorded, and every claim holds"},
    {EXIT_CHECK, "one did not; the difference is shown with its line"},
    {EXIT_SKIPPED, "what the notebook needs is not here; nothing was run"},
    {0, NULL},
};

const struct command command_notebook = {
    .name = "notebook",
    .group = GROUP_LEARN,
    .summary = "run a lesson, and see that it still tells the truth",
    .about = "A notebook is a text that can be read without any tool: prose, commands indented by two blanks "
             "(\"  $ rooflab ...\") and below them what they printed. `run` executes the commands in a "
             "folder of their own and compares. A measured number is written <name=75.1>: it is captured, "
             "not compared, and a line \"! tu / tf > 1.5\" claims something about captured numbers that "
             "must hold on any machine.\n\n"
             "Read the lessons in notebooks-txt/ with a pencil: predict first.",
    .usage = "run FILE... [--promote] [--fenced]",
    .word = "run, and then a file,",
    .min_words = 2,
    .max_words = -1,
    .common = COMMON_DEVICE | COMMON_QUIET,
    .options = options,
    .own_bytes = sizeof(struct options),
    .examples = examples,
    .exits = exits,
    .run = run,
};
