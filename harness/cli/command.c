#include "harness/cli/command.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

#define COMMAND_ADDRESS(name) &command_##name,
static const struct command *const commands[] = {COMMANDS(COMMAND_ADDRESS) NULL};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands - 1 };

const struct option common_options[] = {
    {"device", OPTION_STRING, "DEVICE", "where to run: vulkan:N, sim:..., or part of a device's name",
     .offset = offsetof(struct arguments, device)},
    {"json", OPTION_FLAG, NULL, "print JSON instead of text", .offset = offsetof(struct arguments, json)},
    {"csv", OPTION_FLAG, NULL, "print tables as CSV", .offset = offsetof(struct arguments, csv)},
    {"out", OPTION_STRING, "DIR", "write files there instead of results/<device>/",
     .offset = offsetof(struct arguments, out)},
    {"quiet", OPTION_FLAG, NULL, "no progress bar, no talk", .offset = offsetof(struct arguments, quiet)},
    {"threads", OPTION_QUANTITY, "N", "run on the host with N threads, pinned: the same as --device native:threads=N",
     .offset = offsetof(struct arguments, threads), .unit = UNIT_COUNT},
    {0},
};

const struct command *const *commands_all(void)
{
    return commands;
}

const struct command *command_find(const char *name, struct error *e)
{
    const char *names[COMMAND_COUNT + 1];
    for (int i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i]->name;
        if (strcmp(name, names[i]) == 0)
            return commands[i];
    }
    names[COMMAND_COUNT] = "help";
    const char *near = nearest_name(name, names, COMMAND_COUNT + 1);
    error_set(e, EXIT_USAGE, "there is no command '%s'%s%s%s; `rooflab help` lists them", name,
              near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    return NULL;
}

int command_fail(const struct arguments *a, const struct error *e)
{
    fflush(stdout);
    fprintf(stderr, "rooflab %s: %s\n", a->command->name, e->text);
    return e->code;
}

/* ---- values ---- */

static bool store_choice(const struct option *o, int *to, const char *text, struct error *e)
{
    size_t n = 0;
    struct text all = {0};
    for (; o->choices[n]; n++) {
        text_add(&all, "%s%s", n ? ", " : "", o->choices[n]);
        if (strcmp(text, o->choices[n]) == 0)
            *to = (int)n;
    }
    const char *near = nearest_name(text, o->choices, n);
    if (*to < 0)
        error_set(e, EXIT_USAGE, "--%s is one of %s; '%s' is not%s%s%s", o->name, text_get(&all), text,
                  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    text_free(&all);
    return *to >= 0;
}

static bool store_item(const struct option *o, struct option_list *list, const char *text, struct error *e)
{
    if (list->count == OPTION_LIST_MAX)
        return error_set(e, EXIT_USAGE, "--%s was given more than %d times", o->name, OPTION_LIST_MAX);
    list->items[list->count++] = text;
    return true;
}

/* Stores one value; NULL stores what stands for "not given". */
static bool store(const struct option *o, void *base, const char *text, struct error *e)
{
    void *to = (char *)base + o->offset;
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)to = text != NULL;
        return true;
    case OPTION_STRING:
        *(const char **)to = text;
        return true;
    case OPTION_QUANTITY:
        *(double *)to = NAN;
        return !text || units_parse(o->unit, text, to, e) || error_prefix(e, "--%s", o->name);
    case OPTION_CHOICE:
        *(int *)to = -1;
        return !text || store_choice(o, to, text, e);
    case OPTION_LIST:
        return !text || store_item(o, to, text, e);
    }
    return false;
}

/* ---- parsing ---- */

/* One option that the command understands, with the struct that its offset counts in. */
struct known {
    const struct option *option;
    void *base;
    bool given;
};

enum { KNOWN_MAX = 48 };
struct parse {
    struct arguments *a;
    struct known known[KNOWN_MAX];
    int count;
    struct error *e;
};

static void know(struct parse *p, const struct option *o, void *base)
{
    if (p->count < KNOWN_MAX)
        p->known[p->count++] = (struct known){.option = o, .base = base};
}

static void know_all(struct parse *p, const struct command *c)
{
    for (const struct option *o = c->options; o && o->name; o++)
        know(p, o, p->a->own);
    for (int i = 0; common_options[i].name; i++)
        if (c->common & 1u << i)
            know(p, &common_options[i], p->a);
    for (int i = 0; i < p->count; i++)
        store(p->known[i].option, p->known[i].base, p->known[i].option->standard, NULL);
}

static struct known *known_find(struct parse *p, const char *name, size_t len)
{
    const char *names[KNOWN_MAX + 1];
    for (int i = 0; i < p->count; i++) {
        names[i] = p->known[i].option->name;
        if (strlen(names[i]) == len && strncmp(names[i], name, len) == 0)
            return &p->known[i];
    }
    names[p->count] = "help";
    char *word = need_string(name);
    word[len] = '\0';
    const char *near = nearest_name(word, names, (size_t)p->count + 1);
    error_set(p->e, EXIT_USAGE, "there is no option --%s%s%s%s; `rooflab help %s` lists them", word,
              near ? " (did you mean --" : "", near ? near : "", near ? "?)" : "", p->a->command->name);
    free(word);
    return NULL;
}

/* Takes the option at argv[i] and returns how many arguments it used up, or 0 with e. */
static int take_option(struct parse *p, char **argv, int i, int argc)
{
    const char *name = argv[i] + 2, *equals = strchr(name, '=');
    struct known *k = known_find(p, name, equals ? (size_t)(equals - name) : strlen(name));
    if (!k)
        return 0;
    bool flag = k->option->kind == OPTION_FLAG;
    if (flag && equals)
        return error_set(p->e, EXIT_USAGE, "--%s takes no value, but '%s' was given", k->option->name,
                         equals + 1);
    if (!flag && !equals && i + 1 == argc)
        return error_set(p->e, EXIT_USAGE, "--%s needs a value: --%s %s", k->option->name, k->option->name,
                         k->option->metavar);
    k->given = true;
    if (!store(k->option, k->base, equals ? equals + 1 : flag ? "" : argv[i + 1], p->e))
        return 0;
    return flag || equals ? 1 : 2;
}

/* Takes -DVALUE or -D VALUE; 0 where no option has that letter. */
static int take_letter(struct parse *p, char **argv, int i, int argc)
{
    for (int n = 0; n < p->count; n++) {
        struct known *k = &p->known[n];
        if (k->option->letter == 0 || k->option->letter != argv[i][1])
            continue;
        bool glued = argv[i][2] != '\0';
        if (!glued && i + 1 == argc)
            return error_set(p->e, EXIT_USAGE, "-%c needs a value: -%c %s", k->option->letter, k->option->letter,
                             k->option->metavar);
        k->given = true;
        return store(k->option, k->base, glued ? argv[i] + 2 : argv[i + 1], p->e) ? 2 - glued : 0;
    }
    return error_set(p->e, EXIT_USAGE,
                     "there is no option %s: options are long, like --help; a word that begins with a dash goes "
                     "after --",
                     argv[i]);
}

static bool take_all(struct parse *p, int argc, char **argv, bool *help)
{
    bool options = true;
    for (int i = 0; i < argc && !*help;) {
        const char *word = argv[i];
        if (!options || word[0] != '-' || word[1] == '\0') {
            p->a->words[p->a->word_count++] = argv[i++];
        } else if (strcmp(word, "--") == 0) {
            options = false;
            i++;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *help = true;
        } else {
            int used = word[1] == '-' ? take_option(p, argv, i, argc) : take_letter(p, argv, i, argc);
            if (!used)
                return false;
            i += used;
        }
    }
    return true;
}

static bool complete(struct parse *p, const struct command *c)
{
    for (int i = 0; i < p->count; i++) {
        const struct option *o = p->known[i].option;
        if (o->required && !p->known[i].given)
            return error_set(p->e, EXIT_USAGE, "--%s %s is missing: %s.\nusage: rooflab %s %s", o->name,
                             o->metavar, o->help, c->name, c->usage);
    }
    if (p->a->word_count < c->min_words)
        return error_set(p->e, EXIT_USAGE, "%s is missing.\nusage: rooflab %s %s", c->word, c->name,
                         c->usage);
    if (c->max_words >= 0 && p->a->word_count > c->max_words)
        return error_set(p->e, EXIT_USAGE, "'%s' is one word too many.\nusage: rooflab %s %s",
                         p->a->words[c->max_words], c->name, c->usage);
    return true;
}

/* --threads N is a setting of the native device: it becomes part of its name, so that no command need know of it. The driver
 * takes the last of two settings and says what numbers are right. */
static bool name_team(struct arguments *a, struct error *e)
{
    const char *named = a->device ? a->device : getenv("ROOFLAB_DEVICE");
    if (isnan(a->threads))
        return true;
    if (!named || !*named)
        named = "native";
    if (strcmp(named, "native") != 0 && !starts_with(named, "native:"))
        return error_set(e, EXIT_USAGE, "--threads is a setting of the host's processor, and the device is '%s': leave that away, "
                                        "or name --device native", named);
    struct text t = {0};
    text_add(&t, "%s%sthreads=%.0f", named, strchr(named, ':') ? "," : ":", a->threads);
    a->device = a->team = t.s;
    return true;
}

bool arguments_parse(struct arguments *a, const struct command *c, int argc, char **argv, bool *help,
                     struct error *e)
{
    *a = (struct arguments){
        .command = c, .own = need(c->own_bytes), .words = need(sizeof *a->words * ((size_t)argc + 1)), .threads = NAN};
    *help = false;
    struct parse p = {.a = a, .e = e};
    know_all(&p, c);
    return take_all(&p, argc, argv, help) && (*help || (complete(&p, c) && name_team(a, e)));
}

void arguments_free(struct arguments *a)
{
    free(a->own);
    free(a->words);
    free(a->team);
    *a = (struct arguments){0};
}
