#include "harness/kernel/ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One that cannot be read is there, and its fault is told by whoever wants to run it. */
static bool is_there(const char *name, enum language language)
{
    struct error e = {0};
    struct kernel *k = kernel_find_for(name, language, &e);
    bool there = k ? !k->is_plan || kernel_speaks(name, language) : e.code != EXIT_ENVIRONMENT;
    kernel_free(k);
    return there;
}

static int by_number(const void *a, const void *b)
{
    const struct rung *x = a, *y = b;
    return x->number != y->number ? x->number - y->number : strcmp(x->name, y->name);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool no_operation(const char *folder, const char *operation, struct error *e)
{
    size_t count;
    char **names = folder_names(folder, NULL, &count);
    const char *near = nearest_name(operation, (const char *const *)names, count);
    error_set(e, EXIT_USAGE, "there is no operation '%s'%s%s%s; `rooflab list` shows what there is", operation,
              near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    names_free(names);
    return false;
}

/* Takes one file of the operation's folder over, where it is a rung that this language has; the same idea may lie there
 * twice. */
static void take(struct rung *list, int *count, const char *operation, char *file, enum language language)
{
    char *dot = strrchr(file, '.');
    struct rung r;
    if (dot)
        *dot = '\0';
    int n = snprintf(r.name, sizeof r.name, "%s/%s", operation, file);
    r.number = rung_number(r.name);
    bool fits = dot && n < (int)sizeof r.name && r.number > 0;
    for (int i = 0; fits && i < *count; i++)
        fits = strcmp(list[i].name, r.name) != 0;
    if (fits && is_there(r.name, language))
        list[(*count)++] = r;
}

struct rung *ladder_rungs(const char *operation, enum language language, int *count, struct error *e)
{
    const char *folder = kernels_folder(e);
    struct text path = {0};
    size_t files = 0;
    *count = 0;
    if (!folder)
        return NULL;
    text_add(&path, "%s/%s", folder, operation);
    bool known = *operation && operation[0] != '.' && is_folder(path.s);
    char **names = known ? folder_names(path.s, NULL, &files) : NULL;
    struct rung *list = known ? need(sizeof *list * (files + 1)) : NULL;
    char *root = need_string(folder);
    for (size_t i = 0; i < files; i++)
        take(list, count, operation, names[i], language);
    if (known)
        qsort(list, (size_t)*count, sizeof *list, by_number);
    else
        no_operation(root, operation, e);
    names_free(names);
    text_free(&path);
    free(root);
    return list;
}
