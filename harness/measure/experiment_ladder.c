/* Lines of an experiment that ask for ladders: every rung of an operation at one shape. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/kernel/ladder.h"
#include "harness/measure/experiment_parts.h"

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

bool experiment_read_ladder(struct reading *r, char *value)
{
    char *save = NULL, *group = strtok_r(value, " \t", &save), *operation = group ? strtok_r(NULL, " \t", &save) : NULL;
    struct experiment_ladder l = {.line = r->line};
    bool only = false, ok = true;
    if (!operation || strchr(operation, '='))
        return experiment_bad(r, "ladder is 'GROUP OPERATION [only RUNG...] NAME=VALUE...'", value);
    if (r->x->ladder_count == EXPERIMENT_LADDERS_MAX)
        return experiment_bad(r, "too many ladders", group);
    if (strlen(group) >= sizeof l.group || strlen(operation) >= sizeof l.operation)
        return experiment_bad(r, "a group's name has at most 31 characters, an operation's 63", group);
    snprintf(l.group, sizeof l.group, "%s", group);
    snprintf(l.operation, sizeof l.operation, "%s", operation);
    for (char *word = strtok_r(NULL, " \t", &save); word && ok; word = strtok_r(NULL, " \t", &save)) {
        if (strchr(word, '='))
            ok = read_shape(r, &l, word);
        else if (only)
            ok = read_only(r, &l, word);
        else
            ok = only = strcmp(word, "only") == 0 || experiment_bad(r, "before the shape there is nothing but 'only RUNG...'", word);
    }
    if (!ok || !group_is_free(r, &l) || !ladder_is_right(r, &l))
        return false;
    r->x->ladders[r->x->ladder_count++] = l;
    return true;
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

/* A rung that cannot be made at this shape is no fault of the experiment: it is recorded with the reason. */
static void add_rung(struct study *s, const struct experiment_ladder *l, const char *name)
{
    struct error e = {0};
    struct shape_entry own[RUN_SHAPE_MAX];
    struct study_run failed = {.group = l->group, .kernel = name, .variant = "single"};
    struct kernel *k = kernel_find(name, &e);
    if (k && !study_add_kernel(s, l->group, k, own, fitting(k, l, own), &e))
        e.code = EXIT_ENVIRONMENT;
    if (e.code)
        study_add_failed(s, &failed, &e);
    kernel_free(k);
}

static bool add_ladder(const struct experiment_ladder *l, struct study *s, struct progress_sink *progress, struct error *e)
{
    int count;
    struct rung *rungs = ladder_rungs(l->operation, pool_device(study_pool(s))->info.language, &count, e);
    for (int i = 0; i < count && !interrupted; i++) {
        progress_step(progress, "compiling and verifying", i, count);
        if (is_wanted(l, &rungs[i]))
            add_rung(s, l, rungs[i].name);
    }
    free(rungs);
    return rungs != NULL;
}

bool experiment_add_ladders(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                            struct error *e)
{
    bool ok = true;
    (void)r;
    for (int i = 0; i < x->ladder_count && ok && !interrupted; i++)
        ok = add_ladder(&x->ladders[i], s, progress, e);
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

static bool is_rung(const struct run *r)
{
    return r->group && r->kernel && !r->chain && rung_of(r->kernel);
}

static bool same_ladder(const struct run *a, const struct run *b)
{
    size_t n = (size_t)(rung_of(a->kernel) - a->kernel);
    return is_rung(b) && strcmp(a->group, b->group) == 0 && strncmp(a->kernel, b->kernel, n) == 0 && b->kernel + n == rung_of(b->kernel);
}

/* The fastest run of a's ladder. */
static const struct run *best_of(const struct record *r, const struct run *a)
{
    const struct run *best = NULL;
    for (int i = 0; i < r->run_count; i++)
        if (same_ladder(a, &r->runs[i]) && r->runs[i].status == RUN_OK && r->runs[i].time_ns.n > 0 &&
            (!best || r->runs[i].time_ns.median < best->time_ns.median))
            best = &r->runs[i];
    return best;
}

void experiment_ladder_results(const struct record *r, struct claim_names *n)
{
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        char operation[64], rung[16];
        bool alone = true, first = true;
        if (!is_rung(run))
            continue;
        for (int k = 0; k < r->run_count; k++) {
            bool same = same_ladder(run, &r->runs[k]);
            alone = alone && (same || !is_rung(&r->runs[k]) || strcmp(run->group, r->runs[k].group) != 0);
            first = first && (k >= i || !same);
        }
        snprintf(operation, sizeof operation, "%.*s", (int)(rung_of(run->kernel) - run->kernel - 1), run->kernel);
        snprintf(rung, sizeof rung, "r%d", rung_number(run->kernel));
        add_subject(n, run->group, operation, alone, rung, r, run);
        const struct run *best = first ? best_of(r, run) : NULL;
        if (best)
            add_subject(n, run->group, operation, alone, "best", r, best);
    }
}
