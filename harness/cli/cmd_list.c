/* rooflab list: what there is to run and to read. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/command.h"
#include "harness/cli/style.h"
#include "harness/cli/table.h"
#include "harness/kernel/kernel.h"
#include "harness/kernel/operator.h"

/* One thing that can be listed. */
struct item {
    const char *kind; /* "operator" */
    char *name, *idea;
    double passes; /* 0: does not apply */
    const char *runs_on; /* of a kernel: vulkan, native, both */
};

struct items {
    struct item *list;
    int count;
    struct error first; /* the first file that could not be read; the others are listed all the same */
};

static void add(struct items *all, const char *kind, const char *name, const char *idea, double passes)
{
    all->list = need_more(all->list, sizeof *all->list * (size_t)(all->count + 1));
    all->list[all->count++] = (struct item){
        .kind = kind, .name = need_string(name), .idea = need_string(idea ? idea : ""), .passes = passes};
}

static void keep_first(struct items *all, const struct error *e)
{
    if (all->first.code == 0)
        all->first = *e;
}

static void find_kernels(struct items *all)
{
    struct error e = {0};
    size_t count = 0;
    char **names = kernel_names(&count, &e);
    if (!names)
        keep_first(all, &e);
    for (size_t i = 0; i < count; i++) {
        struct kernel *k = kernel_find(names[i], &e);
        add(all, "kernel", names[i], k ? k->idea : "(cannot be read, see below)", 0);
        bool glsl = kernel_speaks(names[i], LANGUAGE_GLSL), c = kernel_speaks(names[i], LANGUAGE_C);
        all->list[all->count - 1].runs_on = glsl && c ? "both" : c ? "native" : "vulkan";
        if (k)
            kernel_free(k);
        else
            keep_first(all, &e);
    }
    names_free(names);
}

static void find_operators(struct items *all)
{
    struct error e = {0};
    int count = 0;
    const struct operator* const * list = operators_all(&count, &e);
    if (!list)
        keep_first(all, &e);
    for (int i = 0; list && i < count; i++)
        add(all, "operator", list[i]->name, list[i]->idea, operator_passes(list[i]));
}

/* The rest of the first line that begins with `key`, or NULL; freed by the caller. */
static char *header_line(const char *path, const char *key, struct items *all)
{
    struct error e = {0};
    struct text file = {0};
    char *found = NULL, *save = NULL;
    if (!file_read(path, &file, &e)) {
        keep_first(all, &e);
        return NULL;
    }
    for (char *line = strtok_r(file.s, "\n", &save); line && !found; line = strtok_r(NULL, "\n", &save))
        if (starts_with(line, key))
            found = need_string(trim(line + strlen(key)));
    text_free(&file);
    return found;
}

static void find_texts(struct items *all, const char *kind, const char *folder, const char *key)
{
    struct error e = {0};
    const char *home = home_folder(&e);
    struct text path = {0};
    if (!home) {
        keep_first(all, &e);
        return;
    }
    text_add(&path, "%s/%s", home, folder);
    size_t below = path.len, count;
    char **names = folder_names(path.s, ".txt", &count);
    for (size_t i = 0; i < count; i++) {
        path.len = below;
        text_add(&path, "/%s", names[i]);
        char *title = header_line(path.s, key, all);
        names[i][strlen(names[i]) - strlen(".txt")] = '\0';
        add(all, kind, names[i], title, 0);
        free(title);
    }
    names_free(names);
    text_free(&path);
}

/* ---- output ---- */

static const struct section {
    const char *kind, *word, *title, *how;
} sections[] = {
    {"kernel", "kernels", "Kernels", "rooflab show NAME"},
    {"operator", "operators", "Operators, the words of chains", "rooflab show NAME"},
    {"experiment", "experiments", "Experiments", "make experiment-NAME"},
    {"notebook", "notebooks", "Notebooks", "rooflab notebook run NAME"},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* A title has one line; an idea may have several sentences, and the list wants the first. */
static void one_line(struct cli_table *t, const char *idea)
{
    const char *end = strstr(idea, ". ");
    table_cell(t, "%.*s", end ? (int)(end - idea) + 1 : (int)strlen(idea), idea);
}

static void print_section(const struct items *all, const struct section *section, bool first)
{
    static const struct table_column with_passes[] = {
        {"name", TABLE_LEFT, NULL}, {"passes", TABLE_RIGHT, NULL}, {"idea", TABLE_WRAP, NULL}, {0}};
    static const struct table_column with_device[] = {
        {"name", TABLE_LEFT, NULL}, {"device", TABLE_LEFT, NULL}, {"idea", TABLE_WRAP, NULL}, {0}};
    static const struct table_column without[] = {
        {"name", TABLE_LEFT, NULL}, {"idea", TABLE_WRAP, NULL}, {0}};
    bool passes = strcmp(section->kind, "operator") == 0, kernels = strcmp(section->kind, "kernel") == 0;
    const struct style *s = style_of(stdout);
    struct cli_table *t = table_new(passes ? with_passes : kernels ? with_device : without);
    int rows = 0;
    for (int i = 0; i < all->count; i++) {
        if (strcmp(all->list[i].kind, section->kind) != 0)
            continue;
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", all->list[i].name);
        if (passes)
            table_cell(t, "%g", all->list[i].passes);
        if (kernels)
            table_cell(t, "%s", all->list[i].runs_on);
        one_line(t, all->list[i].idea);
        rows++;
    }
    printf("%s%s%s%s  (%s)\n", first ? "" : "\n", s->bold, section->title, s->off, section->how);
    if (rows)
        table_print(t, stdout);
    else
        printf("none yet\n");
    table_end(t);
}

static void print_csv(const struct items *all, const char *wanted)
{
    static const struct table_column columns[] = {{"kind", TABLE_LEFT, NULL},
                                                  {"name", TABLE_LEFT, NULL},
                                                  {"device", TABLE_LEFT, NULL},
                                                  {"passes", TABLE_RIGHT, NULL},
                                                  {"idea", TABLE_LEFT, NULL},
                                                  {0}};
    struct cli_table *t = table_new(columns);
    for (int i = 0; i < all->count; i++) {
        const struct item *item = &all->list[i];
        if (wanted && strcmp(item->kind, wanted) != 0)
            continue;
        table_row(t, TABLE_PLAIN);
        table_cell(t, "%s", item->kind);
        table_cell(t, "%s", item->name);
        table_cell(t, "%s", item->runs_on ? item->runs_on : "");
        if (item->passes > 0)
            table_cell(t, "%g", item->passes);
        else
            table_cell(t, "%s", "");
        table_cell(t, "%s", item->idea);
    }
    table_csv(t, stdout);
    table_end(t);
}

static void print_json(const struct items *all, const char *wanted)
{
    json_t *root = json_pack("{s:s}", "schema", "rooflab.list/1");
    for (int k = 0; k < SECTIONS; k++) {
        if (wanted && strcmp(sections[k].kind, wanted) != 0)
            continue;
        json_t *list = json_array();
        for (int i = 0; i < all->count; i++) {
            const struct item *item = &all->list[i];
            if (strcmp(item->kind, sections[k].kind) != 0)
                continue;
            json_t *j = json_pack("{s:s, s:s}", "name", item->name, "idea", item->idea);
            if (item->runs_on)
                json_object_set_new(j, "device", json_string(item->runs_on));
            if (item->passes > 0)
                json_object_set_new(j, "passes", json_integer((json_int_t)item->passes));
            json_array_append_new(list, j);
        }
        json_object_set_new(root, sections[k].word, list);
    }
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(root);
}

/* The section that a word names; NULL with e where there is none. */
static const struct section *section_find(const char *word, struct error *e)
{
    const char *names[SECTIONS];
    for (int k = 0; k < SECTIONS; k++) {
        names[k] = sections[k].word;
        if (strcmp(word, sections[k].word) == 0 || strcmp(word, sections[k].kind) == 0)
            return &sections[k];
    }
    const char *near = nearest_name(word, names, SECTIONS);
    error_set(e, EXIT_USAGE, "there are kernels, operators, experiments and notebooks, but no '%s'%s%s%s",
              word, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    return NULL;
}

static void print_text(const struct items *all, const struct section *wanted)
{
    for (int k = 0; k < SECTIONS; k++)
        if (!wanted || wanted == &sections[k])
            print_section(all, &sections[k], k == 0 || wanted);
}

static int run(const struct arguments *a)
{
    struct items all = {0};
    struct error e = {0};
    const struct section *wanted = a->word_count ? section_find(a->words[0], &e) : NULL;
    if (a->word_count && !wanted)
        return command_fail(a, &e);
    find_kernels(&all);
    find_operators(&all);
    find_texts(&all, "experiment", "experiments", "title");
    find_texts(&all, "notebook", "notebooks-txt", "@ title:");
    if (a->json)
        print_json(&all, wanted ? wanted->kind : NULL);
    else if (a->csv)
        print_csv(&all, wanted ? wanted->kind : NULL);
    else
        print_text(&all, wanted);
    for (int i = 0; i < all.count; i++) {
        free(all.list[i].name);
        free(all.list[i].idea);
    }
    free(all.list);
    return all.first.code ? command_fail(a, &all.first) : EXIT_OK;
}

static const struct example examples[] = {
    {"rooflab list", "everything"},
    {"rooflab list operators", "the words that chains are made of, with the passes that each makes alone"},
    {"rooflab list kernels --csv", "for a spreadsheet or a script"},
    {NULL, NULL},
};
static const struct exit_note exits[] = {
    {EXIT_OK, "all could be read"},
    {EXIT_ENVIRONMENT, "the folder kernels/ was not found"},
    {0, NULL},
};

const struct command command_list = {
    .name = "list",
    .group = GROUP_LOOK,
    .summary = "kernels, operators, experiments and notebooks, one line each",
    .about = "Lists what there is, with the one idea of each: kernels (kernels/OP/RUNG), operators (the "
             "words of chains, kernels/elementwise/), experiments (experiments/) and notebooks "
             "(notebooks-txt/). All of them are files: a new file is a new line here.",
    .usage = "[kernels | operators | experiments | notebooks]",
    .word = "",
    .max_words = 1,
    .common = COMMON_JSON | COMMON_CSV,
    .examples = examples,
    .exits = exits,
    .run = run,
};
