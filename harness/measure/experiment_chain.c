/* Lines of an experiment that ask for chains: run, sweep, and what --chain replaces them by. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/kernel/chain.h"
#include "harness/measure/experiment_parts.h"

/* ---- reading ---- */

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
                return experiment_bad(r, "too many variants, or too long a one", word);
            if (!variant_is_right(r, run, word))
                return false;
            snprintf(run->variants[run->variant_count++], sizeof *run->variants, "%s", word);
        }
    }
    return run->variant_count > 0 || experiment_bad(r, "no variant: write unfused, fused or sizes like 2+2", run->group);
}

static struct experiment_run *new_run(struct reading *r, const char *group, const char *chain)
{
    if (r->x->run_count == EXPERIMENT_RUNS_MAX) {
        experiment_bad(r, "too many runs", group);
        return NULL;
    }
    if (strlen(group) >= sizeof r->x->runs->group) {
        experiment_bad(r, "a group's name has at most 31 characters", group);
        return NULL;
    }
    if (experiment_has_group(r->x, group)) {
        experiment_bad(r, "there is a group of this name already", group);
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

bool experiment_read_run(struct reading *r, char *value)
{
    char *save = NULL, *group = strtok_r(value, " \t", &save), *chain = group ? strtok_r(NULL, " \t", &save) : NULL;
    int count;
    if (!chain)
        return experiment_bad(r, "run is 'GROUP CHAIN VARIANT...'", value);
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

bool experiment_read_sweep(struct reading *r, char *value)
{
    char *save = NULL, *name = strtok_r(value, " \t", &save), *word = NULL;
    int numbers[16], n = 0, count;
    while ((word = strtok_r(NULL, " \t", &save)) && n < 16 && strspn(word, "0123456789") == strlen(word)) {
        numbers[n++] = atoi(word);
        if (numbers[n - 1] < 1 || numbers[n - 1] > CHAIN_MAX)
            return experiment_bad(r, "a chain has from 1 to 64 operators", word);
    }
    if (!n || !word)
        return experiment_bad(r, "sweep is 'NAME NUMBER... CHAIN VARIANT...', with at most 16 numbers", name ? name : "");
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

/* ---- a chain instead of all ---- */

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
        free(x->claims[i].text);
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
    x->ladder_count = 0;
    for (int i = 0; i < x->epilogue_count; i++)
        free(x->epilogues[i].chain);
    x->epilogue_count = 0;
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

/* ---- measuring ---- */

static bool add_runs(const struct experiment *x, struct study *s, double tensor_bytes, bool beyond, struct progress_sink *progress,
                     struct error *e)
{
    for (int i = 0; i < x->run_count && !interrupted; i++) {
        const struct experiment_run *run = &x->runs[i];
        const char *variants[EXPERIMENT_VARIANTS];
        char group[64];
        if (beyond && !run->beyond)
            continue;
        for (int k = 0; k < run->variant_count; k++)
            variants[k] = run->variants[k];
        snprintf(group, sizeof group, "%s%s", run->group, beyond ? "_large" : "");
        progress_step(progress, "compiling and verifying", i, x->run_count);
        if (!study_add_chain(s, group, run->chain, variants, run->variant_count, tensor_bytes, x->cols,
                             run->ablate && !beyond, e))
            return false;
    }
    return true;
}

/* A tensor that no cache holds: `beyond` times the last plateau found, in whole 16 MB. */
static bool add_beyond(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                       struct error *e)
{
    double plateau;
    char size[UNITS_TEXT], tensor[UNITS_TEXT];
    if (!study_plateau(s, &plateau, progress, e))
        return false;
    units_format(size, UNIT_BYTES, plateau);
    units_format(tensor, UNIT_BYTES, x->tensor_bytes);
    if (plateau <= 0)
        record_note(r, "no cache plateau shows in this device's copy bandwidth, so %s stands for memory too", tensor);
    else if (plateau * x->beyond <= x->tensor_bytes)
        record_note(r, "the last cache plateau ends at %s: %s is %.0f times that, so no larger tensor is needed", size,
                    tensor, x->tensor_bytes / plateau);
    else
        return add_runs(x, s, ceil(plateau * x->beyond / 16e6) * 16e6, true, progress, e);
    return true;
}

bool experiment_add_chains(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                           struct error *e)
{
    return (x->beyond <= 0 || add_beyond(x, s, r, progress, e)) && add_runs(x, s, x->tensor_bytes, false, progress, e);
}

/* ---- claims ---- */

static void variant_name(char *out, size_t size, const int *sizes, int groups, int operators)
{
    size_t n = 0;
    if (groups == operators || groups == 1) {
        snprintf(out, size, "%s", groups == operators ? "unfused" : "fused");
        return;
    }
    for (int i = 0; i < groups && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%d", i ? "_" : "g", sizes[i]);
}

static void run_subjects(const struct experiment_run *run, const struct chain *c, struct claim_names *names)
{
    for (int v = 0; v < run->variant_count; v++) {
        int sizes[CHAIN_MAX], groups = chain_grouping(c, run->variants[v], sizes, NULL);
        char variant[64], subject[112];
        variant_name(variant, sizeof variant, sizes, groups, c->count);
        for (int large = 0; large < 1 + run->beyond; large++) {
            snprintf(subject, sizeof subject, "%s%s.%s", run->group, large ? "_large" : "", variant);
            claim_subject(names, subject, NULL, NULL);
        }
    }
}

void experiment_chain_subjects(const struct experiment *x, struct claim_names *names)
{
    for (int i = 0; i < x->run_count; i++) {
        struct chain *c = chain_parse(x->runs[i].chain, NULL);
        if (c)
            run_subjects(&x->runs[i], c, names);
        chain_free(c);
    }
}

void experiment_chain_results(const struct record *r, struct claim_names *names)
{
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        char variant[64], subject[160];
        if (!run->variant || !run->group || strcmp(run->variant, "single") == 0)
            continue;
        snprintf(variant, sizeof variant, "%s", run->variant);
        if (strcmp(variant, "grouped") == 0)
            variant_name(variant, sizeof variant, run->grouping, run->groupings, 0);
        snprintf(subject, sizeof subject, "%s.%s", run->group, variant);
        claim_subject(names, subject, r, run);
    }
}
