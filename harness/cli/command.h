/* Commands as data: what each is called, takes, tells and does.
 *
 * To add a command: write harness/cli/cmd_NAME.c with one `const struct command command_NAME`, and put NAME
 * into the table below. Parsing, help, nearest names and exit codes follow from the command's own table of
 * options, so that help cannot disagree with what is accepted. */
#ifndef ROOFLAB_COMMAND_H
#define ROOFLAB_COMMAND_H

#include <stddef.h>

#include "harness/base/error.h"
#include "harness/base/units.h"

/* The table of commands, in the order that help shows them: a group's commands stand together. */
#define COMMANDS(X) \
    X(doctor)       \
    X(devices)      \
    X(list)         \
    X(show)         \
    X(plot)         \
    X(bound)        \
    X(ceilings)     \
    X(count)        \
    X(check)        \
    X(bench)        \
    X(chain)        \
    X(tune)         \
    X(experiment)   \
    X(notebook)

enum command_group { GROUP_LOOK, GROUP_MEASURE, GROUP_LEARN, GROUP_COUNT };

enum option_kind {
    OPTION_FLAG,     /* bool */
    OPTION_STRING,   /* const char *; NULL where it was not given */
    OPTION_QUANTITY, /* double in base units; NAN where it was not given */
    OPTION_CHOICE,   /* int, an index into choices; -1 where it was not given */
    OPTION_LIST      /* struct option_list; it may be given several times */
};

#define OPTION_LIST_MAX 64
struct option_list {
    const char *items[OPTION_LIST_MAX];
    int count;
};

struct option {
    const char *name; /* without dashes; NULL ends a table */
    enum option_kind kind;
    const char *metavar;        /* "SIZE"; NULL for flags */
    const char *help;           /* a short sentence; the default is added to it */
    size_t offset;              /* where the value is stored in the command's own struct */
    enum unit unit;             /* OPTION_QUANTITY */
    const char *const *choices; /* OPTION_CHOICE, NULL-terminated */
    const char *standard;       /* the default, as one would type it; NULL: none */
    bool required;
    char letter; /* also -D VALUE and -DVALUE, where the field's other tools have taught that; 0: none */
};

/* Options that mean the same everywhere; a command says which of them it has. */
enum common { COMMON_JSON = 2, COMMON_CSV = 4, COMMON_OUT = 8, COMMON_QUIET = 16, COMMON_DEVICE = 1 | 32 /* and --threads */ };

struct command;

struct arguments {
    const struct command *command;
    void *own; /* the command's own struct, filled from its options */
    char **words;
    int word_count;
    /* common options */
    const char *device, *out;
    double threads; /* of the native device; already part of `device` */
    char *team;     /* the memory of such a device's name */
    bool json, csv, quiet;
};

struct example {
    const char *line, *comment; /* a NULL line ends a table */
};

struct exit_note {
    int code;
    const char *text; /* NULL ends a table */
};

struct command {
    const char *name;
    enum command_group group;
    const char *summary; /* a few words, for the list of commands */
    const char *about;   /* what it does and why one wants that; paragraphs are parted by an empty line */
    const char *usage;   /* what follows the name: "--tensor SIZE --bw RATE OPERATOR..." */
    const char *word;    /* what the first missing word is, with its article: "an operator" */
    int min_words, max_words; /* max_words -1: as many as one likes */
    unsigned common;          /* a set of enum common */
    const struct option *options; /* NULL: none of its own */
    size_t own_bytes;             /* size of the own struct */
    const struct example *examples;
    const struct exit_note *exits; /* besides usage errors and interruption, which all have */
    int (*run)(const struct arguments *a); /* returns the exit code */
};

#define COMMAND_DECLARE(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

/* All commands, NULL-terminated. */
const struct command *const *commands_all(void);
/* One by name; an unknown one says the nearest. */
const struct command *command_find(const char *name, struct error *e);
/* The options that all commands share, stored by offset into struct arguments; `bit` of row i is 1 << i. */
extern const struct option common_options[];

/* Parses what follows the command's name. `--name value` and `--name=value`; options may stand after words;
 * `--` ends them. *help is set where --help or -h was given, and then nothing is missing. Words and strings
 * point into argv. */
bool arguments_parse(struct arguments *a, const struct command *c, int argc, char **argv, bool *help,
                     struct error *e);
void arguments_free(struct arguments *a);

/* Prints "rooflab NAME: text" to stderr and returns the error's exit code. */
int command_fail(const struct arguments *a, const struct error *e);

/* Help goes to stdout: an overview of all commands, or one command's page. */
void help_overview(void);
void help_command(const struct command *c);

#endif
