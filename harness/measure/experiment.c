/* Reading experiment files. */
#include "harness/measure/experiment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/units.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/kernel.h"

struct reading {
    struct experiment *x;
    int line;
    struct error *e;
};

static bool bad(struct reading *r, const char *what, const char *text)
{
    return error_set(r->e, EXIT_USAGE, "%s:%d: %s: '%s'", r->x->path, r->line, what, text);
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
    return (cols >= 1 && cols <= 1e9) || bad(r, "cols is a whole number from 1 to 1e9", value);
}

static bool read_beyond(struct reading *r, char *value)
{
    char *end;
    r->x->beyond = strtod(value, &end);
    return (end != value && !*end && r->x->beyond > 0 && r->x->beyond < 1e6) || bad(r, "beyond is a number above 0", value);
}

/* A grouping that does not fit its chain is found before anything is measured. */
static bool variant_is_right(struct reading *r, const struct experiment_run *run, const char *variant)
{
    int sizes[CHAIN_MAX];
    struct chain *c = chain_parse(run->chain, r->e);
    bool ok = c && chain_grouping(c, variant, sizes, r->e) > 0;
    chain_free(c);
    return ok || error_prefix(r->e, "%s:%d", r->x->path, r->line);
}

/* The words behind a chain: variants and flags. */
static bool read_variants(struct reading *r, struct experiment_run *run, char **save)
{
    for (char *word = strtok_r(NULL, " \t", save); word; word = strtok_r(NULL, " \t", save)) {
        if (strcmp(word, "ablate") == 0) {
            run->ablate = true;
        } else if (strcmp(word, "beyond") == 0) {
            run->beyond = true;
        } else {
            if (run->variant_count == EXPERIMENT_VARIANTS || strlen(word) >= sizeof *run->variants)
                return bad(r, "too many variants, or too long a one", word);
            if (!variant_is_right(r, run, word))
                return false;
            snprintf(run->variants[run->variant_count++], sizeof *run->variants, "%s", word);
        }
    }
    return run->variant_count > 0 || bad(r, "no variant: write unfused, fused or sizes like 2+2", run->group);
}

static struct experiment_run *new_run(struct reading *r, const char *group, const char *chain)
{
    if (r->x->run_count == EXPERIMENT_RUNS_MAX) {
        bad(r, "too many runs", group);
        return NULL;
    }
    if (strlen(group) >= sizeof r->x->runs->group) {
        bad(r, "a group's name has at most 31 characters", group);
        return NULL;
    }
    for (int i = 0; i < r->x->run_count; i++)
        if (strcmp(r->x->runs[i].group, group) == 0) {
            bad(r, "there is a group of this name already", group);
            return NULL;
        }
    struct experiment_run *run = &r->x->runs[r->x->run_count++];
    snprintf(run->group, sizeof run->group, "%s", group);
    run->chain = need_string(chain);
    return run;
}

/* A chain that is wrong is found before anything is measured. */
static bool chain_is_right(struct reading *r, const char *text, int *count)
{
    struct chain *c = chain_parse(text, r->e);
    if (!c)
        return error_prefix(r->e, "%s:%d", r->x->path, r->line);
    *count = c->count;
    chain_free(c);
    return true;
}

static bool read_run(struct reading *r, char *value)
{
    char *save = NULL, *group = strtok_r(value, " \t", &save), *chain = group ? strtok_r(NULL, " \t", &save) : NULL;
    int count;
    if (!chain)
        return bad(r, "run is 'GROUP CHAIN VARIANT...'", value);
    if (!chain_is_right(r, chain, &count))
        return false;
    struct experiment_run *run = new_run(r, group, chain);
    return run && read_variants(r, run, &save);
}

/* The first n operators of a chain, from the start again where they run out. */
static void repeat_chain(const char *cycle, int n, struct text *out)
{
    const char *at = cycle;
    for (int i = 0; i < n; i++) {
        size_t len = strcspn(at, "|");
        text_add(out, "%s%.*s", i ? "|" : "", (int)len, at);
        at = at[len] ? at + len + 1 : cycle;
    }
}

static bool read_sweep(struct reading *r, char *value)
{
    char *save = NULL, *name = strtok_r(value, " \t", &save), *word = NULL;
    int numbers[16], n = 0, count;
    while ((word = strtok_r(NULL, " \t", &save)) && n < 16 && strspn(word, "0123456789") == strlen(word)) {
        numbers[n++] = atoi(word);
        if (numbers[n - 1] < 1 || numbers[n - 1] > CHAIN_MAX)
            return bad(r, "a chain has from 1 to 64 operators", word);
    }
    if (!n || !word)
        return bad(r, "sweep is 'NAME NUMBER... CHAIN VARIANT...', with at most 16 numbers", name ? name : "");
    if (!chain_is_right(r, word, &count))
        return false;
    char *rest = need_string(save ? save : "");
    bool ok = true;
    for (int i = 0; i < n && ok; i++) {
        char group[64], *own = need_string(rest), *at = own;
        struct text chain = {0};
        snprintf(group, sizeof group, "%s%d", name, numbers[i]);
        repeat_chain(word, numbers[i], &chain);
        struct experiment_run *run = new_run(r, group, chain.s);
        ok = run && read_variants(r, run, &at);
        text_free(&chain);
        free(own);
    }
    free(rest);
    return ok;
}

static bool read_claim(struct reading *r, char *value)
{
    struct experiment *x = r->x;
    if (x->claim_count == EXPERIMENT_CLAIMS_MAX)
        return bad(r, "too many claims", value);
    if (!strpbrk(value, "<>="))
        return bad(r, "a claim compares two numbers", value);
    x->claim_lines[x->claim_count] = r->line;
    x->claims[x->claim_count++] = need_string(value);
    return true;
}

static bool read_chart(struct reading *r, char *value)
{
    static const char *const kinds[] = {"passes", "roofline", "bandwidth", "instructions"};
    struct experiment *x = r->x;
    char more;
    if (x->chart_count == EXPERIMENT_CHARTS_MAX)
        return bad(r, "too many charts", value);
    struct experiment_chart *c = &x->charts[x->chart_count++];
    c->line = r->line;
    if (sscanf(value, "%15s %31s %c", c->kind, c->group, &more) > 2)
        return bad(r, "a chart is of one kind and of one group, or of all", value);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(c->kind, kinds[i]) == 0)
            return true;
    return bad(r, "a chart is passes, roofline, bandwidth or instructions", value);
}

static const struct key {
    const char *name;
    bool (*read)(struct reading *, char *value);
} keys[] = {
    {"title", read_title}, {"ask", read_ask}, {"tensor", read_tensor}, {"cols", read_cols},   {"beyond", read_beyond},
    {"run", read_run},     {"sweep", read_sweep}, {"claim", read_claim}, {"chart", read_chart},
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

/* All names that a claim can use: each run's variants, each with each quantity, for both sizes of the tensor. */
static int claim_names(const struct experiment *x, char (*names)[128])
{
    int n = 0;
    for (int i = 0; i < x->run_count; i++) {
        const struct experiment_run *run = &x->runs[i];
        struct chain *c = chain_parse(run->chain, NULL);
        for (int v = 0; v < run->variant_count && c; v++) {
            int sizes[CHAIN_MAX], groups = chain_grouping(c, run->variants[v], sizes, NULL);
            char variant[64];
            experiment_variant_name(variant, sizeof variant, sizes, groups, c->count);
            for (int q = 0; q < EXPERIMENT_QUANTITIES * (1 + run->beyond); q++)
                snprintf(names[n++], sizeof *names, "%s%s.%s.%s", run->group, q < EXPERIMENT_QUANTITIES ? "" : "_large", variant,
                         experiment_quantities[q % EXPERIMENT_QUANTITIES]);
        }
        chain_free(c);
    }
    return n;
}

/* A misspelt claim would be left out after a minute of measuring: it is found now. */
static bool claims_are_right(struct reading *r)
{
    enum { MOST = EXPERIMENT_RUNS_MAX * EXPERIMENT_VARIANTS * EXPERIMENT_QUANTITIES * 2 };
    char(*names)[128] = need(sizeof *names * MOST);
    const char **list = need(sizeof *list * MOST);
    int count = claim_names(r->x, names);
    bool ok = true;
    for (int i = 0; i < count; i++)
        list[i] = names[i];
    for (int i = 0; i < r->x->claim_count && ok; i++) {
        struct expr *claim = expr_parse(r->x->claims[i], list, count, r->e);
        ok = claim || error_prefix(r->e, "%s:%d", r->x->path, r->x->claim_lines[i]);
        expr_free(claim);
    }
    free(list);
    free(names);
    return ok;
}

static bool charts_are_right(struct reading *r)
{
    const char *groups[EXPERIMENT_RUNS_MAX];
    for (int i = 0; i < r->x->run_count; i++)
        groups[i] = r->x->runs[i].group;
    for (int i = 0; i < r->x->chart_count; i++) {
        const struct experiment_chart *c = &r->x->charts[i];
        bool found = !c->group[0];
        for (int k = 0; k < r->x->run_count; k++)
            found = found || strcmp(c->group, groups[k]) == 0;
        const char *near = nearest_name(c->group, groups, (size_t)r->x->run_count);
        if (!found)
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
    if (r->x->run_count == 0)
        return bad(r, "no run or sweep line: there is nothing to measure", r->x->name);
    return claims_are_right(r) && charts_are_right(r);
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
    for (int i = 0; i < x->claim_count; i++)
        free(x->claims[i]);
    free(x->name);
    free(x->path);
    free(x->title);
    free(x->ask);
    free(x);
}

/* One chart of a kind for the one group there is. */
static void override_charts(struct experiment *x)
{
    int kept = 0;
    for (int i = 0; i < x->chart_count; i++) {
        bool seen = false;
        for (int k = 0; k < kept; k++)
            seen = seen || strcmp(x->charts[k].kind, x->charts[i].kind) == 0;
        if (seen)
            continue;
        x->charts[kept] = x->charts[i];
        if (x->charts[kept].group[0])
            snprintf(x->charts[kept].group, sizeof x->charts[kept].group, "chain");
        kept++;
    }
    x->chart_count = kept;
}

static void drop_claims(struct experiment *x)
{
    for (int i = 0; i < x->claim_count; i++)
        free(x->claims[i]);
    x->claim_count = 0;
}

bool experiment_override(struct experiment *x, const char *chain, struct error *e)
{
    struct chain *c = chain_parse(chain, e);
    if (!c)
        return false;
    for (int i = 0; i < x->run_count; i++)
        free(x->runs[i].chain);
    x->run_count = 1;
    struct experiment_run *run = &x->runs[0];
    *run = (struct experiment_run){.group = "chain", .chain = need_string(chain), .ablate = true};
    snprintf(run->variants[run->variant_count++], sizeof *run->variants, "unfused");
    if (c->count >= 4)
        snprintf(run->variants[run->variant_count++], sizeof *run->variants, "%d+%d", c->count / 2, c->count - c->count / 2);
    snprintf(run->variants[run->variant_count++], sizeof *run->variants, "fused");
    override_charts(x);
    drop_claims(x); /* they speak of the runs that were replaced */
    chain_free(c);
    return true;
}
