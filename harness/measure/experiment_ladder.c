/* Lines of an experiment that ask for ladders: every rung of an operation at one shape. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/kernel/ladder.h"
#include "harness/measure/experiment_parts.h"
#include "roofline/ladder.h"

/* ---- reading ---- */

static bool is_wanted(const struct experiment_ladder *l, const struct rung *r)
{
    const char *rung = rung_of(r->name);
    for (int i = 0; i < l->only_count; i++) {
        bool number = strspn(l->only[i], "0123456789") == strlen(l->only[i]);
        if (number ? atoi(l->only[i]) == r->number : strcmp(l->only[i], rung) == 0)
            return true;
    }
    return l->only_count == 0;
}

static bool read_only(struct reading *r, struct experiment_ladder *l, const char *word)
{
    if (l->only_count == EXPERIMENT_ONLY_MAX || strlen(word) >= sizeof *l->only)
        return experiment_bad(r, "too many rungs, or too long a name", word);
    snprintf(l->only[l->only_count++], sizeof *l->only, "%s", word);
    return true;
}

static bool read_ladder_patience(struct reading *r, struct experiment_ladder *l, const char *word)
{
    if (!word || !units_parse(UNIT_SECONDS, word, &l->patience_s, r->e))
        return word ? error_prefix(r->e, "%s:%d", r->x->path, r->line) : experiment_bad(r, "after patience comes a time", l->group);
    return l->patience_s > 0 || experiment_bad(r, "patience is a time above 0", word);
}

/* Fewer than four would leave pairs in ABBA order none to take a median of. */
static bool read_samples(struct reading *r, struct experiment_ladder *l, const char *word)
{
    double value = 0;
    if (word && !units_parse(UNIT_COUNT, word, &value, r->e))
        return error_prefix(r->e, "%s:%d", r->x->path, r->line);
    l->samples = (int)value;
    return (value >= 4 && value <= 1000) || experiment_bad(r, "samples are from 4 to 1000", word ? word : l->group);
}

static bool read_shape(struct reading *r, struct experiment_ladder *l, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t len = (size_t)(equals - word);
    double value;
    if (l->shapes == RUN_SHAPE_MAX || len == 0 || len >= sizeof l->shape->name)
        return experiment_bad(r, "a shape is at most 8 words name=value", word);
    struct shape_entry *s = &l->shape[l->shapes++];
    *s = (struct shape_entry){0};
    memcpy(s->name, word, len);
    if (!units_parse(UNIT_COUNT, equals + 1, &value, r->e))
        return error_prefix(r->e, "%s:%d: %s", r->x->path, r->line, s->name);
    s->value = (uint64_t)value;
    return value >= 1 || experiment_bad(r, "a length is at least 1", word);
}

/* The rungs of an operation in both languages, each once. */
static struct rung *all_rungs(const char *operation, int *count, struct error *e)
{
    int more = 0, n = 0;
    struct rung *list = ladder_rungs(operation, LANGUAGE_GLSL, count, e), *c = NULL;
    if (list)
        c = ladder_rungs(operation, LANGUAGE_C, &more, e);
    list = need_more(list, sizeof *list * (size_t)(*count + more + 1));
    for (int i = 0; i < more; i++) {
        bool known = false;
        for (int k = 0; k < *count && !known; k++)
            known = strcmp(list[k].name, c[i].name) == 0;
        if (!known)
            list[*count + n++] = c[i];
    }
    *count += n;
    free(c);
    return list;
}

/* Rungs that `only` names and that are nowhere would be missed after a minute of measuring. */
static bool only_is_right(struct reading *r, const struct experiment_ladder *l, const struct rung *rungs, int count)
{
    for (int i = 0; i < l->only_count; i++) {
        struct experiment_ladder one = {.only_count = 1};
        bool found = false;
        memcpy(one.only[0], l->only[i], sizeof one.only[0]);
        for (int k = 0; k < count && !found; k++)
            found = is_wanted(&one, &rungs[k]);
        if (!found)
            return experiment_bad(r, "the ladder has no such rung", l->only[i]);
    }
    return true;
}

/* Does some rung have all the names of the shape? */
static bool shape_is_right(struct reading *r, const struct experiment_ladder *l, const struct rung *rungs, int count)
{
    for (int i = 0; i < l->shapes; i++) {
        bool found = false;
        for (int k = 0; k < count && !found; k++) {
            struct kernel *kernel = kernel_find(rungs[k].name, NULL);
            for (int n = 0; kernel && n < kernel->shapes; n++)
                found = found || strcmp(kernel->shape[n].name, l->shape[i].name) == 0;
            kernel_free(kernel);
        }
        if (!found)
            return experiment_bad(r, "no rung has a shape of this name", l->shape[i].name);
    }
    return true;
}

static bool ladder_is_right(struct reading *r, const struct experiment_ladder *l)
{
    int count = 0;
    struct error e = {0};
    struct rung *rungs = all_rungs(l->operation, &count, &e);
    bool ok = e.code == 0;
    if (!ok)
        error_set(r->e, EXIT_USAGE, "%s:%d: %s", r->x->path, r->line, e.text);
    else if (count == 0)
        ok = experiment_bad(r, "the operation has no rungs; their files are called 1-naive.comp, 2-..", l->operation);
    ok = ok && only_is_right(r, l, rungs, count) && shape_is_right(r, l, rungs, count);
    free(rungs);
    return ok;
}

/* Groups are shared by ladders only, one of each operation. */
static bool group_is_free(struct reading *r, const struct experiment_ladder *l)
{
    for (int i = 0; i < r->x->ladder_count; i++)
        if (strcmp(r->x->ladders[i].group, l->group) == 0)
            return strcmp(r->x->ladders[i].operation, l->operation) != 0 ||
                   experiment_bad(r, "the group has a ladder of this operation already", l->operation);
    return !experiment_has_group(r->x, l->group) || experiment_bad(r, "there is a group of this name already", l->group);
}

static bool take_ladder(struct reading *r, const struct experiment_ladder *l)
{
    if (r->x->ladder_count == EXPERIMENT_LADDERS_MAX)
        return experiment_bad(r, "too many ladders", l->group);
    if (!group_is_free(r, l))
        return false;
    r->x->ladders[r->x->ladder_count++] = *l;
    return true;
}

/* n=128,256: a ladder for each value, its group called by it. */
static bool take_sweep(struct reading *r, const struct experiment_ladder *all, char *values)
{
    char *save = NULL, *equals = strchr(values, '=');
    if (!equals || equals == values || (size_t)(equals - values) >= sizeof all->over || !equals[1])
        return experiment_bad(r, "after sweep comes name=value,value", values);
    *equals = '\0';
    for (char *value = strtok_r(equals + 1, ",", &save); value; value = strtok_r(NULL, ",", &save)) {
        struct experiment_ladder l = *all;
        char word[64];
        snprintf(l.sweep, sizeof l.sweep, "%s", all->group);
        snprintf(l.over, sizeof l.over, "%s", values);
        if (snprintf(l.group, sizeof l.group, "%s%s", all->group, value) >= (int)sizeof l.group)
            return experiment_bad(r, "a group's name has at most 31 characters, its value included", value);
        snprintf(word, sizeof word, "%s=%s", values, value);
        if (!read_shape(r, &l, word) || !take_ladder(r, &l))
            return false;
    }
    return true;
}

/* The words behind the operation; *sweep is what follows `sweep`, or NULL. */
static bool read_words(struct reading *r, struct experiment_ladder *l, char **save, char **sweep)
{
    bool only = false, ok = true;
    for (char *word = strtok_r(NULL, " \t", save); word && ok; word = strtok_r(NULL, " \t", save)) {
        if (strcmp(word, "sweep") == 0)
            ok = (!*sweep && (*sweep = strtok_r(NULL, " \t", save))) || experiment_bad(r, "one sweep name=value,value is enough", word);
        else if (strchr(word, '='))
            ok = read_shape(r, l, word);
        else if (strcmp(word, "patience") == 0)
            ok = read_ladder_patience(r, l, strtok_r(NULL, " \t", save));
        else if (strcmp(word, "samples") == 0)
            ok = read_samples(r, l, strtok_r(NULL, " \t", save));
        else if (only)
            ok = read_only(r, l, word);
        else
            ok = only = strcmp(word, "only") == 0 || experiment_bad(r, "before the shape there is nothing but 'only RUNG...', 'patience TIME' and 'samples N'", word);
    }
    return ok;
}

bool experiment_read_ladder(struct reading *r, char *value)
{
    char *save = NULL, *group = strtok_r(value, " \t", &save), *operation = group ? strtok_r(NULL, " \t", &save) : NULL;
    char *sweep = NULL;
    struct experiment_ladder l = {.line = r->line};
    int first = r->x->ladder_count;
    if (!operation || strchr(operation, '='))
        return experiment_bad(r, "ladder is 'GROUP OPERATION [only RUNG...] [patience TIME] [samples N] NAME=VALUE...'", value);
    if (strlen(group) >= sizeof l.group || strlen(operation) >= sizeof l.operation)
        return experiment_bad(r, "a group's name has at most 31 characters, an operation's 63", group);
    snprintf(l.group, sizeof l.group, "%s", group);
    snprintf(l.operation, sizeof l.operation, "%s", operation);
    if (!read_words(r, &l, &save, &sweep) || !(sweep ? take_sweep(r, &l, sweep) : take_ladder(r, &l)))
        return false;
    return ladder_is_right(r, &r->x->ladders[first]);
}

/* ---- measuring ---- */

/* The lengths of the ladder's shape that this rung has. */
static int fitting(const struct kernel *k, const struct experiment_ladder *l, struct shape_entry *own)
{
    int n = 0;
    for (int i = 0; i < l->shapes; i++)
        for (int j = 0; j < k->shapes; j++)
            if (strcmp(l->shape[i].name, k->shape[j].name) == 0)
                own[n++] = l->shape[i];
    return n;
}

/* What is known of a rung from the sweep's values so far. */
struct pace {
    char name[KERNEL_NAME_MAX], sweep[32];
    double ns, work;
};

struct paces {
    double most_ns; /* the patience of the ladder that is being added */
    struct pace list[64];
    int count;
};

static struct pace *pace_of(struct paces *p, const struct experiment_ladder *l, const char *name)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->list[i].name, name) == 0 && strcmp(p->list[i].sweep, l->sweep) == 0)
            return &p->list[i];
    if (!l->sweep[0] || p->count == (int)(sizeof p->list / sizeof *p->list))
        return NULL;
    struct pace *new = &p->list[p->count++];
    *new = (struct pace){.ns = NAN};
    snprintf(new->name, sizeof new->name, "%s", name);
    snprintf(new->sweep, sizeof new->sweep, "%s", l->sweep);
    return new;
}

/* What a plan has to do, by its header: operations, or bytes where it has none. */
static double work_of(const struct plan *p)
{
    double flops = 0;
    for (int i = 0; i < p->step_count; i++)
        flops += ops_flops(p->steps[i].cost.ops);
    return flops > 0 ? flops : plan_bytes_compulsory(p);
}

static double temp_of(const struct plan *p)
{
    double bytes = 0;
    for (int i = 0; i < p->tensor_count; i++)
        bytes += p->tensors[i].role == ROLE_TEMP ? (double)tensor_bytes(&p->tensors[i]) : 0;
    return bytes > 0 ? bytes : NAN; /* what a program has for itself is not known before it is compiled */
}

/* Would it take too long, as far as the value before tells? A first run of minutes is not worth waiting for. */
static bool is_hopeless(struct pace *pace, double most_ns, double *temp_bytes, const struct kernel *k, const struct shape_entry *shape, int count,
                        struct error *e)
{
    struct plan *plan = pace ? kernel_plan(k, shape, count, NULL, NULL) : NULL;
    char text[UNITS_TEXT];
    if (!plan)
        return false;
    double work = work_of(plan), expected = pace->ns * work / pace->work;
    *temp_bytes = temp_of(plan);
    plan_free(plan);
    if (expected > 1.5 * most_ns)
        error_set(e, EXIT_SKIPPED, "by its operations one run would take %s",
                  units_format(text, UNIT_SECONDS, expected / 1e9));
    else
        pace->work = work;
    return expected > 1.5 * most_ns;
}

/* A rung that cannot be made at this shape is no fault of the experiment: it is recorded with the reason. */
static void add_rung(struct study *s, const struct experiment_ladder *l, const char *name, struct paces *paces, struct record *r)
{
    struct error e = {0};
    struct shape_entry own[RUN_SHAPE_MAX];
    struct study_run failed = {.group = l->group, .kernel = name, .variant = "single"};
    struct kernel *k = kernel_find_for(name, pool_device(study_pool(s))->info.language, &e);
    struct pace *pace = pace_of(paces, l, name);
    int count = k ? fitting(k, l, own) : 0;
    double temp_bytes = NAN;
    if (k && !is_hopeless(pace, paces->most_ns, &temp_bytes, k, own, count, &e)) {
        if (!study_add_kernel(s, l->group, k, own, count, &e))
            e.code = EXIT_ENVIRONMENT;
        else if (pace)
            pace->ns = study_last_ns(s);
    }
    kernel_free(k);
    if (!e.code)
        return;
    study_add_failed(s, &failed, &e);
    r->runs[r->run_count - 1].temp_bytes = temp_bytes;
}

/* What the study does not know of the run that was added last. */
static void complete(const struct experiment_ladder *l, struct run *r)
{
    if (r->shapes == 0) {
        memcpy(r->shape, l->shape, sizeof r->shape);
        r->shapes = l->shapes;
    }
    if (l->sweep[0]) {
        r->sweep_of = need_string(l->sweep);
        r->sweep_over = need_string(l->over);
    }
}

static bool add_ladder(const struct experiment_ladder *l, struct study *s, struct record *r, struct paces *paces,
                       struct progress_sink *progress, struct error *e)
{
    int count;
    enum language language = pool_device(study_pool(s))->info.language;
    struct rung *rungs = ladder_rungs(l->operation, language, &count, e);
    if (rungs && count == 0)
        record_note(r, "%s: no rung of %s is written in %s, which is what runs on this device", l->group, l->operation,
                    language == LANGUAGE_C ? "C" : "GLSL");
    for (int i = 0; i < count && !interrupted; i++) {
        progress_step(progress, "compiling and verifying", i, count);
        if (!is_wanted(l, &rungs[i]))
            continue;
        add_rung(s, l, rungs[i].name, paces, r);
        complete(l, &r->runs[r->run_count - 1]);
    }
    free(rungs);
    return rungs != NULL;
}

bool experiment_add_ladders(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                            struct error *e)
{
    struct paces paces = {0};
    double plateau;
    bool ok = true;
    for (int i = 0; i < x->chart_count && ok && x->ladder_count > 0; i++)
        if (strcmp(x->charts[i].kind, "bandwidth") == 0 && x->beyond <= 0)
            ok = study_plateau(s, &plateau, progress, e);
    study_models(s, *x->each != '\0');
    for (int i = 0; i < x->ladder_count && ok && !interrupted; i++) {
        const struct experiment_ladder *l = &x->ladders[i];
        paces.most_ns = 1e9 * (l->patience_s > 0 ? l->patience_s : x->patience_s);
        study_limit(s, paces.most_ns);
        study_samples(s, l->samples);
        ok = add_ladder(l, s, r, &paces, progress, e);
    }
    study_limit(s, 0);
    study_samples(s, 0);
    study_models(s, false);
    return ok;
}

/* ---- claims ---- */

/* Names r3 or best as a claim does: square.gemv_q4.r3, and square.r3 where the group has ladders of one operation only. */
static void add_subject(struct claim_names *n, const char *group, const char *operation, bool alone, const char *rung,
                        const struct record *record, const struct run *r)
{
    char word[64], subject[120];
    snprintf(word, sizeof word, "%s", operation);
    for (char *c = word; *c; c++)
        if (*c == '-' || *c == '/')
            *c = '_';
    snprintf(subject, sizeof subject, "%s.%s.%s", group, word, rung);
    claim_subject(n, subject, record, r);
    snprintf(subject, sizeof subject, "%s.%s", group, rung);
    if (alone)
        claim_subject(n, subject, record, r);
}

static bool is_alone(const struct experiment *x, const struct experiment_ladder *l)
{
    for (int i = 0; i < x->ladder_count; i++)
        if (&x->ladders[i] != l && strcmp(x->ladders[i].group, l->group) == 0)
            return false;
    return true;
}

void experiment_ladder_subjects(const struct experiment *x, struct claim_names *n)
{
    for (int i = 0; i < x->ladder_count; i++) {
        const struct experiment_ladder *l = &x->ladders[i];
        int count = 0;
        char rung[16];
        struct rung *rungs = all_rungs(l->operation, &count, NULL);
        for (int k = 0; k < count; k++) {
            snprintf(rung, sizeof rung, "r%d", rungs[k].number);
            if (is_wanted(l, &rungs[k]))
                add_subject(n, l->group, l->operation, is_alone(x, l), rung, NULL, NULL);
        }
        add_subject(n, l->group, l->operation, is_alone(x, l), "best", NULL, NULL);
        free(rungs);
    }
}

void experiment_ladder_results(const struct record *r, struct claim_names *n)
{
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        char operation[64], rung[16];
        bool alone = true, first = true;
        if (!ladder_has(run))
            continue;
        for (int k = 0; k < r->run_count; k++) {
            bool same = ladder_same(run, &r->runs[k]);
            alone = alone && (same || !ladder_has(&r->runs[k]) || strcmp(run->group, r->runs[k].group) != 0);
            first = first && (k >= i || !same);
        }
        snprintf(operation, sizeof operation, "%.*s", (int)(rung_of(run->kernel) - run->kernel - 1), run->kernel);
        snprintf(rung, sizeof rung, "r%d", rung_number(run->kernel));
        add_subject(n, run->group, operation, alone, rung, r, run);
        const struct run *best = first ? ladder_best(r, run) : NULL;
        if (best)
            add_subject(n, run->group, operation, alone, "best", r, best);
    }
}
