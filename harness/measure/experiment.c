/* Reading experiment files. */
#include "harness/measure/experiment_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/kernel/kernel.h"
#include "roofline/chart.h"

enum { EXPERIMENT_GROUPS_MAX = EXPERIMENT_RUNS_MAX + EXPERIMENT_LADDERS_MAX + EXPERIMENT_EPILOGUES_MAX + EXPERIMENT_WORKS_MAX };

/* The groups' names, those of shared groups more than once. */
static int groups_of(const struct experiment *x, const char *names[EXPERIMENT_GROUPS_MAX])
{
    int n = 0;
    for (int i = 0; i < x->run_count; i++)
        names[n++] = x->runs[i].group;
    for (int i = 0; i < x->ladder_count; i++)
        names[n++] = x->ladders[i].group;
    for (int i = 0; i < x->epilogue_count; i++)
        names[n++] = x->epilogues[i].group;
    for (int i = 0; i < x->work_count; i++)
        names[n++] = x->works[i].group;
    return n;
}

bool experiment_bad(struct reading *r, const char *what, const char *text)
{
    return error_set(r->e, EXIT_USAGE, "%s:%d: %s: '%s'", r->x->path, r->line, what, text);
}

bool experiment_has_group(const struct experiment *x, const char *name)
{
    const char *groups[EXPERIMENT_GROUPS_MAX];
    int count = groups_of(x, groups);
    for (int i = 0; i < count; i++)
        if (strcmp(groups[i], name) == 0)
            return true;
    return false;
}

static bool replace(char **place, const char *value)
{
    free(*place);
    *place = need_string(value);
    return true;
}

static bool read_title(struct reading *r, char *value)
{
    return replace(&r->x->title, value);
}

static bool read_ask(struct reading *r, char *value)
{
    return replace(&r->x->ask, value);
}

static bool read_tensor(struct reading *r, char *value)
{
    return units_parse(UNIT_BYTES, value, &r->x->tensor_bytes, r->e) || error_prefix(r->e, "%s:%d", r->x->path, r->line);
}

static bool read_cols(struct reading *r, char *value)
{
    double cols;
    if (!units_parse(UNIT_COUNT, value, &cols, r->e))
        return error_prefix(r->e, "%s:%d", r->x->path, r->line);
    r->x->cols = (uint64_t)cols;
    return (cols >= 1 && cols <= 1e9) || experiment_bad(r, "cols is a whole number from 1 to 1e9", value);
}

static bool read_beyond(struct reading *r, char *value)
{
    char *end;
    r->x->beyond = strtod(value, &end);
    return (end != value && !*end && r->x->beyond > 0 && r->x->beyond < 1e6) || experiment_bad(r, "beyond is a number above 0", value);
}

static bool read_chart(struct reading *r, char *value)
{
    struct experiment *x = r->x;
    char more;
    if (x->chart_count == EXPERIMENT_CHARTS_MAX)
        return experiment_bad(r, "too many charts", value);
    struct experiment_chart *c = &x->charts[x->chart_count++];
    c->line = r->line;
    if (sscanf(value, "%15s %31s %c", c->kind, c->group, &more) > 2)
        return experiment_bad(r, "a chart is of one kind, and of one group, of several like seed,light, or of all", value);
    return chart_kind(c->kind) || experiment_bad(r, "a chart is passes, roofline, bandwidth, instructions, bars, lines, sizes, layers, layers-roofline or first", value);
}

static bool read_each(struct reading *r, char *value)
{
    if (strlen(value) >= sizeof r->x->each)
        return experiment_bad(r, "what a run makes is one short word, like token", value);
    snprintf(r->x->each, sizeof r->x->each, "%s", value);
    return true;
}

static bool read_weights(struct reading *r, char *value)
{
    return units_parse(UNIT_COUNT, value, &r->x->weights, r->e) || error_prefix(r->e, "%s:%d", r->x->path, r->line);
}

static bool read_patience(struct reading *r, char *value)
{
    if (!units_parse(UNIT_SECONDS, value, &r->x->patience_s, r->e))
        return error_prefix(r->e, "%s:%d", r->x->path, r->line);
    return r->x->patience_s > 0 || experiment_bad(r, "patience is a time above 0", value);
}

void experiment_patience(struct experiment *x, double seconds)
{
    x->patience_s = seconds;
    for (int i = 0; i < x->ladder_count; i++)
        x->ladders[i].patience_s = 0;
}

static const struct key {
    const char *name;
    bool (*read)(struct reading *, char *value);
} keys[] = {
    {"title", read_title},
    {"ask", read_ask},
    {"tensor", read_tensor},
    {"cols", read_cols},
    {"beyond", read_beyond},
    {"each", read_each},
    {"weights", read_weights},
    {"patience", read_patience},
    {"run", experiment_read_run},
    {"sweep", experiment_read_sweep},
    {"ladder", experiment_read_ladder},
    {"epilogue", experiment_read_epilogue},
    {"series", experiment_read_series},
    {"sizes", experiment_read_sizes},
    {"transfer", experiment_read_transfer},
    {"first", experiment_read_first},
    {"claim", experiment_read_claim},
    {"chart", read_chart},
};
enum { KEYS = sizeof keys / sizeof *keys };

static bool read_line(struct reading *r, char *line)
{
    const char *names[KEYS];
    char *value = line + strcspn(line, " \t");
    if (*value)
        *value++ = '\0';
    for (int i = 0; i < KEYS; i++) {
        names[i] = keys[i].name;
        if (strcmp(line, names[i]) == 0)
            return keys[i].read(r, trim(value));
    }
    const char *near = nearest_name(line, names, KEYS);
    return error_set(r->e, EXIT_USAGE, "%s:%d: '%s' is not a key of an experiment%s%s", r->x->path, r->line, line,
                     near ? "; did you mean " : "", near ? near : "");
}

/* ---- what only the whole file can tell ---- */

/* What is swept has lines of its own; all other charts are of groups. */
static bool has_to_draw(const struct experiment *x, const struct experiment_chart *c)
{
    bool lines = strcmp(c->kind, "lines") == 0;
    for (int i = 0; i < x->ladder_count && lines; i++)
        if (strcmp(x->ladders[i].sweep, c->group) == 0)
            return true;
    char groups[sizeof c->group];
    snprintf(groups, sizeof groups, "%s", c->group);
    bool known = !lines;
    for (char *at = groups, *name; known && (name = strsep(&at, ","));)
        known = experiment_has_group(x, name);
    return known;
}

static bool charts_are_right(struct reading *r)
{
    const char *groups[EXPERIMENT_GROUPS_MAX];
    int count = groups_of(r->x, groups);
    for (int i = 0; i < r->x->chart_count; i++) {
        const struct experiment_chart *c = &r->x->charts[i];
        if (!c->group[0] || has_to_draw(r->x, c))
            continue;
        const char *near = nearest_name(c->group, groups, (size_t)count);
        return error_set(r->e, EXIT_USAGE, "%s:%d: there is no group '%s' to draw%s%s", r->x->path, c->line, c->group,
                         near ? "; did you mean " : "", near ? near : "");
    }
    return true;
}

static bool read_lines(struct reading *r, char *text)
{
    for (char *line = text; line && *line;) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        r->line++;
        char *trimmed = trim(line);
        if (*trimmed && *trimmed != '#' && !read_line(r, trimmed))
            return false;
        line = next;
    }
    if (r->x->run_count + r->x->ladder_count + r->x->epilogue_count + r->x->work_count == 0 && !r->x->transfer)
        return experiment_bad(r, "no run, sweep, ladder, epilogue or series line: there is nothing to measure", r->x->name);
    if (experiment_needs_sizes(r->x) && !r->x->size_count)
        return experiment_bad(r, "a series has sizes: write a line like 'sizes 1KiB..128MiB'", r->x->name);
    return experiment_claims_are_right(r) && charts_are_right(r);
}

char **experiment_names(size_t *count, struct error *e)
{
    const char *home = home_folder(e);
    char folder[4200];
    *count = 0;
    if (!home)
        return NULL;
    snprintf(folder, sizeof folder, "%s/experiments", home);
    char **names = folder_names(folder, ".txt", count);
    for (size_t i = 0; i < *count; i++)
        names[i][strlen(names[i]) - 4] = '\0';
    return names;
}

static char *find_path(const char *name, struct error *e)
{
    struct text path = {0};
    size_t n;
    if (strchr(name, '/') || ends_with(name, ".txt"))
        return need_string(name);
    char **names = experiment_names(&n, e);
    if (!names)
        return NULL;
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found = found || strcmp(names[i], name) == 0;
    const char *near = nearest_name(name, (const char *const *)names, n);
    if (found)
        text_add(&path, "%s/experiments/%s.txt", home_folder(e), name);
    else
        error_set(e, EXIT_USAGE, "there is no experiment '%s'%s%s%s; `rooflab list` shows what there is", name,
                  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    names_free(names);
    return path.s;
}

struct experiment *experiment_read(const char *name, struct error *e)
{
    char *path = find_path(name, e);
    struct text source = {0};
    if (!path || !file_read(path, &source, e)) {
        free(path);
        return NULL;
    }
    struct experiment *x = need(sizeof *x);
    const char *slash = strrchr(path, '/');
    x->path = path;
    x->name = need_string(slash ? slash + 1 : path);
    if (ends_with(x->name, ".txt"))
        x->name[strlen(x->name) - 4] = '\0';
    x->tensor_bytes = 64e6;
    x->cols = 1024;
    x->patience_s = 0.5; /* twelve samples of more would cost all others their time */
    struct reading r = {.x = x, .e = e};
    bool ok = read_lines(&r, source.s);
    text_free(&source);
    if (ok)
        return x;
    experiment_free(x);
    return NULL;
}

void experiment_free(struct experiment *x)
{
    if (!x)
        return;
    for (int i = 0; i < x->run_count; i++)
        free(x->runs[i].chain);
    for (int i = 0; i < x->epilogue_count; i++)
        free(x->epilogues[i].chain);
    for (int i = 0; i < x->work_count; i++)
        free(x->works[i].what);
    for (int i = 0; i < x->claim_count; i++)
        free(x->claims[i].text);
    free(x->name);
    free(x->path);
    free(x->title);
    free(x->ask);
    free(x);
}
