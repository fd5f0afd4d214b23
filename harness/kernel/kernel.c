/* Kernel files: where they lie, which there are, and reading one; kernel_parse.c knows their headers. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/expr.h"
#include "harness/kernel/kernel_parts.h"

enum {
    FILE_MAX = 1 << 20, /* bytes of a kernel file: no honest one comes near */
    FOLDERS_MAX = 8     /* folders inside one another below kernels/ */
};

/* ---- where they lie ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_home(const char *folder)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/kernels/elementwise", folder);
    return is_folder(path);
}

/* Goes up from a file or folder to one that is the house; changes path. */
static bool climb(char *path)
{
    for (;;) {
        if (is_home(path))
            return true;
        char *slash = strrchr(path, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
}

const char *home_folder(struct error *e)
{
    static char home[PATH_MAX];
    const char *chosen = getenv("ROOFLAB_HOME");
    if (chosen && *chosen) {
        if (strlen(chosen) < sizeof home && is_home(chosen))
            return strcpy(home, chosen);
        error_set(e, EXIT_ENVIRONMENT,
                  "ROOFLAB_HOME is %s, but there is no kernels/elementwise in it; set it to the "
                  "folder that kernels/ lies in, or unset it",
                  chosen);
        return NULL;
    }
    ssize_t n = readlink("/proc/self/exe", home, sizeof home - 1);
    home[n > 0 ? n : 0] = '\0';
    if (n > 0 && climb(home))
        return home;
    /* Not every system tells a program where it lies. */
    if (getcwd(home, sizeof home) && climb(home))
        return home;
    error_set(e, EXIT_ENVIRONMENT,
              "the folder kernels/ was not found from the program upwards; set ROOFLAB_HOME to the folder "
              "that it lies in");
    return NULL;
}

const char *kernels_folder(struct error *e)
{
    static char folder[PATH_MAX + 16];
    char here[PATH_MAX];
    const char *home = home_folder(e);
    if (!home)
        return NULL;
    snprintf(folder, sizeof folder, "%s/kernels", home);
    size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;
    /* A short path reads better in messages. */
    return n > 1 && strncmp(folder, here, n) == 0 && folder[n] == '/' ? folder + n + 1 : folder;
}

/* ---- which there are ---- */

struct names {
    char **list;
    size_t count;
};

static void names_add(struct names *n, const char *name, size_t len)
{
    n->list = need_more(n->list, (n->count + 2) * sizeof *n->list);
    n->list[n->count] = need(len + 1);
    memcpy(n->list[n->count], name, len);
    n->list[++n->count] = NULL;
}

/* What kernel files end in, in the order in which a name is looked for; plans are for either language. */
static const struct {
    const char *suffix;
    bool serves[2]; /* by language */
} suffixes[] = {{".comp", {[LANGUAGE_GLSL] = true}}, {".plan", {true, true}}, {".c", {[LANGUAGE_C] = true}}};
enum { SUFFIXES = sizeof suffixes / sizeof *suffixes };

static int suffix_of(const char *name)
{
    int i = 0;
    while (i < SUFFIXES && !ends_with(name, suffixes[i].suffix))
        i++;
    return i;
}

static size_t without_suffix(const char *name)
{
    int i = suffix_of(name);
    return strlen(name) - (i < SUFFIXES ? strlen(suffixes[i].suffix) : 0);
}

/* Adds the kernels of folder/below, and of the folders in it. Links are not followed: they might lead in a
 * circle. */
static void scan(struct names *found, const char *folder, const char *below, int depth)
{
    struct text path = {0};
    text_add(&path, "%s/%s", folder, below);
    char **entries = folder_names(path.s, NULL, NULL);
    for (char **entry = entries; *entry; entry++) {
        struct text name = {0};
        struct stat st;
        text_add(&name, "%s%s%s", below, *below ? "/" : "", *entry);
        path.len = 0;
        text_add(&path, "%s/%s", folder, name.s);
        bool there = lstat(path.s, &st) == 0;
        if (there && S_ISDIR(st.st_mode)) {
            if (depth < FOLDERS_MAX && strcmp(name.s, "elementwise") != 0 && strcmp(name.s, "reference") != 0)
                scan(found, folder, name.s, depth + 1);
        } else if (there && without_suffix(name.s) < name.len) {
            names_add(found, name.s, without_suffix(name.s));
        }
        text_free(&name);
    }
    names_free(entries);
    text_free(&path);
}

static int in_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **kernel_names(size_t *count, struct error *e)
{
    const char *folder = kernels_folder(e);
    if (!folder)
        return NULL;
    struct names found = {.list = need(sizeof *found.list)};
    scan(&found, folder, "", 0);
    qsort(found.list, found.count, sizeof *found.list, in_order);
    size_t n = 0; /* one idea in two languages is one name */
    for (size_t i = 0; i < found.count; i++)
        if (n > 0 && strcmp(found.list[n - 1], found.list[i]) == 0)
            free(found.list[i]);
        else
            found.list[n++] = found.list[i];
    found.list[n] = NULL;
    if (count)
        *count = n;
    return found.list;
}

/* ---- reading ---- */

/* The name that a file below kernels/ must have in its header; NULL for a file that lies elsewhere. */
static char *name_by_place(const char *path)
{
    const char *folder = kernels_folder(NULL);
    char *root = folder ? realpath(folder, NULL) : NULL, *real = realpath(path, NULL), *name = NULL;
    size_t n = root ? strlen(root) : 0;
    if (root && real && strncmp(real, root, n) == 0 && real[n] == '/') {
        name = need_string(real + n + 1);
        name[without_suffix(name)] = '\0';
    }
    free(root);
    free(real);
    return name;
}

static bool name_agrees(const struct kernel *k, struct error *e)
{
    char *place = name_by_place(k->path), shown[WORD_TEXT];
    bool ok = !place || strcmp(place, k->name) == 0;
    if (!ok)
        error_set(e, EXIT_USAGE,
                  "%s:1: the header calls it '%s', but by its place it is '%s'; write 'kernel %s', or move "
                  "the file",
                  k->path, word_shown(shown, k->name), place, place);
    free(place);
    return ok;
}

static bool source_read(struct kernel *k, struct error *e)
{
    struct stat st;
    /* A pipe or a device under such a name would never end. */
    if (stat(k->path, &st) == 0 && !S_ISREG(st.st_mode))
        return error_set(e, EXIT_USAGE, "%s is not a file; check the name", k->path);
    if (stat(k->path, &st) == 0 && st.st_size > FILE_MAX)
        return error_set(e, EXIT_USAGE, "%s has more than %d bytes; a kernel file is GLSL or C text", k->path,
                         FILE_MAX);
    return file_read(k->path, &k->source, e);
}

struct kernel *kernel_read(const char *path, struct error *e)
{
    if (suffix_of(path) == SUFFIXES) {
        error_set(e, EXIT_USAGE, "%s is not a kernel file; their names end in .comp, .plan or .c", path);
        return NULL;
    }
    struct kernel *k = need(sizeof *k);
    k->path = need_string(path);
    k->is_plan = ends_with(path, ".plan");
    k->language = ends_with(path, ".c") ? LANGUAGE_C : LANGUAGE_GLSL;
    snprintf(k->tolerance, sizeof k->tolerance, "1e-5");
    if (source_read(k, e) && kernel_parse(k, e) && name_agrees(k, e))
        return k;
    kernel_free(k);
    return NULL;
}

static struct kernel *not_found(const char *name, struct error *e)
{
    size_t count = 0, len = strlen(name);
    char **names = kernel_names(&count, e), shown[WORD_TEXT];
    if (!names)
        return NULL;
    struct text rungs = {0};
    for (size_t i = 0; i < count; i++)
        if (strncmp(names[i], name, len) == 0 && names[i][len] == '/')
            text_add(&rungs, "%s%s", rungs.len ? ", " : "", names[i]);
    const char *near = nearest_name(name, (const char *const *)names, count);
    word_shown(shown, name);
    if (rungs.len)
        error_set(e, EXIT_USAGE, "'%s' is not one kernel; choose one of %s", shown, rungs.s);
    else if (near)
        error_set(e, EXIT_USAGE, "there is no kernel '%s'; did you mean '%s'?", shown, near);
    else
        error_set(e, EXIT_USAGE,
                  "there is no kernel '%s'; `rooflab list` names them all, and a path to a file ends in "
                  ".comp, .plan or .c",
                  shown);
    text_free(&rungs);
    names_free(names);
    return NULL;
}

/* The file of that name with the suffix i, or NULL where it is not there or (with e) cannot be read. */
static struct kernel *read_named(const char *folder, const char *name, int i, bool *there, struct error *e)
{
    struct text path = {0};
    struct kernel *k = NULL;
    text_add(&path, "%s/%s%s", folder, name, suffixes[i].suffix);
    if ((*there = file_exists(path.s)))
        k = kernel_read(path.s, e);
    text_free(&path);
    return k;
}

static struct kernel *find_in(const char *name, const bool wanted[SUFFIXES], struct error *e)
{
    if (suffix_of(name) < SUFFIXES)
        return kernel_read(name, e);
    const char *folder = kernels_folder(e);
    if (!folder)
        return NULL;
    for (int i = 0; i < SUFFIXES && *name; i++) {
        bool there = false;
        struct kernel *k = wanted[i] ? read_named(folder, name, i, &there, e) : NULL;
        if (there)
            return k;
    }
    return not_found(name, e);
}

struct kernel *kernel_find(const char *name, struct error *e)
{
    const bool all[SUFFIXES] = {true, true, true};
    return find_in(name, all, e);
}

static const char *const language_names[] = {[LANGUAGE_GLSL] = "GLSL", [LANGUAGE_C] = "C"};

struct kernel *kernel_find_for(const char *name, enum language language, struct error *e)
{
    bool wanted[SUFFIXES];
    for (int i = 0; i < SUFFIXES; i++)
        wanted[i] = suffixes[i].serves[language];
    struct error unheard = {0};
    struct kernel *k = find_in(name, wanted, &unheard);
    if (k && k->is_plan)
        k->language = language;
    if (k && k->language == language)
        return k;
    struct kernel *other = k ? k : kernel_find(name, e);
    if (other && other->language != language)
        error_set(e, EXIT_ENVIRONMENT, "%s is written in %s, and this device runs kernels in %s", other->name,
                  language_names[other->language], language_names[language]);
    else if (e)
        *e = unheard; /* it is there, and cannot be read */
    kernel_free(other);
    return NULL;
}

struct kernel *kernel_of_step(const struct kernel_step *line, enum language language, struct error *e)
{
    char name[KERNEL_NAME_MAX];
    const char *second = strchr(line->kernel, '|');
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line->kernel, "|"), line->kernel);
    if (second && !kernel_speaks(name, language))
        snprintf(name, sizeof name, "%s", second + 1);
    return kernel_find_for(name, language, e);
}

bool kernel_speaks(const char *name, enum language language)
{
    struct kernel *k = kernel_find_for(name, language, NULL);
    bool all = k != NULL; /* a plan: all its parts */
    for (int i = 0; all && i < k->step_count; i++) {
        struct kernel *part = kernel_of_step(&k->steps[i], language, NULL);
        all = part != NULL;
        kernel_free(part);
    }
    kernel_free(k);
    return all;
}

/* Primes, so that nothing divides a workgroup or a tile; one; a long row; and sizes that do divide. */
static const uint64_t standard_shapes[][3] = {{13, 37, 29}, {1, 1, 1}, {3, 1031, 7}, {64, 256, 32}};

int kernel_verify_count(const struct kernel *k)
{
    return k->verify_count > 0 ? k->verify_count : (int)(sizeof standard_shapes / sizeof *standard_shapes);
}

struct plan *kernel_verify_plan(const struct kernel *k, const struct device_info *limits, int at, const uint32_t *tune,
                                struct error *e)
{
    struct kernel there = *k; /* it owns nothing: it goes nowhere but to kernel_plan */
    if (k->verify_count == 0) {
        for (int i = 0; i < k->shapes; i++)
            there.shape[i].value = standard_shapes[at][i % 3];
        return kernel_plan_for(&there, limits, NULL, 0, tune, e);
    }
    const struct kernel_verify *v = &k->verify[at];
    for (int i = 0; i < v->fill_count; i++) {
        struct kernel_buffer *b = &there.buffers[v->fills[i].buffer];
        b->fill = v->fills[i].fill;
        memcpy(b->fill_args, v->fills[i].args, sizeof b->fill_args);
    }
    return kernel_plan_for(&there, limits, v->shape, v->count, tune, e);
}

void kernel_free(struct kernel *k)
{
    if (!k)
        return;
    free(k->path);
    free(k->name);
    free(k->idea);
    free(k->reference);
    free(k->flops);
    free(k->steps);
    text_free(&k->source);
    free(k);
}

/* ---- names and values ---- */

int kernel_find_buffer(const struct kernel *k, const char *name)
{
    for (int i = 0; i < k->buffer_count; i++)
        if (strcmp(k->buffers[i].name, name) == 0)
            return i;
    return -1;
}

int kernel_find_shape(const struct kernel *k, const char *name)
{
    for (int i = 0; i < k->shapes; i++)
        if (strcmp(k->shape[i].name, name) == 0)
            return i;
    return -1;
}

struct scope kernel_scope(const struct kernel *k, const struct shape_entry *shape, const uint32_t *tune)
{
    struct scope s = {.count = 0};
    for (int i = 0; i < k->shapes; i++) {
        s.names[s.count] = k->shape[i].name;
        s.values[s.count++] = (double)(shape ? shape : k->shape)[i].value;
    }
    for (int i = 0; i < k->tune_count; i++) {
        const struct kernel_tune *t = &k->tune[i];
        double value = tune ? tune[i] : t->values[0];
        if (t->follows[0]) /* parsed before, so that it cannot fail */
            scope_value(&s, t->follows, &value, NULL);
        s.names[s.count] = t->name;
        s.values[s.count++] = value;
    }
    return s;
}

void kernel_tune_default(const struct kernel *k, const struct device_info *d, uint32_t out[KERNEL_TUNE_MAX])
{
    for (int i = 0; i < k->tune_count; i++)
        out[i] = device_is_software(d) ? k->tune[i].software : k->tune[i].values[0];
}

bool kernel_tune_valid(const struct kernel *k, const struct shape_entry *shape, const uint32_t *tune, struct error *e)
{
    struct scope s = kernel_scope(k, shape, tune);
    for (int i = 0; i < k->valid_count; i++) {
        double v = 0;
        if (!scope_value(&s, k->valid[i], &v, e))
            return error_prefix(e, "%s", k->path);
        if (!(v != 0))
            return error_set(e, EXIT_USAGE, "the header wants %s", k->valid[i]);
    }
    return true;
}

bool scope_value(const struct scope *s, const char *expression, double *value, struct error *e)
{
    struct expr *x = expr_parse(expression, s->names, s->count, e);
    if (x)
        *value = expr_value(x, s->values);
    expr_free(x);
    return x != NULL;
}

bool scope_whole(const struct scope *s, const char *what, const char *expression, double least, double most,
                 uint64_t *value, struct error *e)
{
    double v = 0;
    if (!scope_value(s, expression, &v, e))
        return false;
    if (!(v >= least && v <= most && v == (double)(uint64_t)v))
        return error_set(e, EXIT_USAGE, "%s '%s' is %.15g here; it must be a whole number from %.0f to %.0f",
                         what, expression, v, least, most);
    *value = (uint64_t)v;
    return true;
}
