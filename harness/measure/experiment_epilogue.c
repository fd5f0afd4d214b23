/* Lines of an experiment that ask for a kernel with operators in its stores. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/units.h"
#include "harness/kernel/epilogue.h"
#include "harness/measure/experiment_parts.h"

/* ---- reading ---- */

static bool read_shape(struct reading *r, struct experiment_epilogue *x, char *word)
{
    char *equals = strchr(word, '=');
    double value;
    if (x->shapes == RUN_SHAPE_MAX || (size_t)(equals - word) >= sizeof x->shape->name)
        return experiment_bad(r, "too many shape names, or too long a one", word);
    *equals = '\0';
    if (!units_parse(UNIT_COUNT, equals + 1, &value, r->e))
        return error_prefix(r->e, "%s:%d: %s", r->x->path, r->line, word);
    struct shape_entry *s = &x->shape[x->shapes++];
    snprintf(s->name, sizeof s->name, "%s", word);
    s->value = (uint64_t)value;
    return true;
}

static bool read_word(struct reading *r, struct experiment_epilogue *x, char *word)
{
    if (strchr(word, '='))
        return read_shape(r, x, word);
    if (epilogue_variant(word) == EPILOGUE_VARIANTS || x->variant_count == EXPERIMENT_VARIANTS)
        return experiment_bad(r, "a variant of an epilogue is alone, unfused, apart or fused", word);
    snprintf(x->variants[x->variant_count++], sizeof *x->variants, "%s", word);
    return true;
}

/* One language will do: the other's kernel may be missing, and is then reported as unsupported. */
static bool is_right(struct reading *r, const char *text)
{
    struct error unheard = {0};
    struct epilogue *p = epilogue_parse(text, LANGUAGE_C, &unheard);
    if (!p)
        p = epilogue_parse(text, LANGUAGE_GLSL, r->e);
    epilogue_free(p);
    return p || error_prefix(r->e, "%s:%d", r->x->path, r->line);
}

bool experiment_read_epilogue(struct reading *r, char *value)
{
    char *save = NULL, *group = strtok_r(value, " \t", &save), *chain = group ? strtok_r(NULL, " \t", &save) : NULL;
    if (!chain || !epilogue_is(chain))
        return experiment_bad(r, "epilogue is 'GROUP KERNEL|OPERATOR... VARIANT... NAME=VALUE...'", value);
    if (r->x->epilogue_count == EXPERIMENT_EPILOGUES_MAX || strlen(group) >= sizeof r->x->epilogues->group ||
        experiment_has_group(r->x, group))
        return experiment_bad(r, "too many epilogues, too long a name, or a group of this name is there already", group);
    struct experiment_epilogue *x = &r->x->epilogues[r->x->epilogue_count++];
    snprintf(x->group, sizeof x->group, "%s", group);
    x->chain = need_string(chain);
    if (!is_right(r, chain))
        return false;
    for (char *word; (word = strtok_r(NULL, " \t", &save));)
        if (!read_word(r, x, word))
            return false;
    return x->variant_count > 0 || experiment_bad(r, "no variant: write alone, unfused, apart or fused", group);
}

/* ---- measuring ---- */

bool experiment_add_epilogues(const struct experiment *x, struct study *s, struct record *r, struct progress_sink *progress,
                              struct error *e)
{
    for (int i = 0; i < x->epilogue_count && !interrupted; i++) {
        const struct experiment_epilogue *q = &x->epilogues[i];
        const char *variants[EXPERIMENT_VARIANTS];
        struct error own = {0};
        for (int k = 0; k < q->variant_count; k++)
            variants[k] = q->variants[k];
        progress_step(progress, "compiling and verifying", i, x->epilogue_count);
        if (study_add_epilogue(s, q->group, q->chain, variants, q->variant_count, q->shape, q->shapes, &own))
            continue;
        if (own.code != EXIT_ENVIRONMENT)
            return error_set(e, own.code, "%s", own.text);
        record_note(r, "group %s: %s", q->group, own.text); /* no such kernel in this device's language */
    }
    return true;
}

/* ---- claims: results have their names by experiment_chain_results ---- */

void experiment_epilogue_subjects(const struct experiment *x, struct claim_names *names)
{
    for (int i = 0; i < x->epilogue_count; i++)
        for (int k = 0; k < x->epilogues[i].variant_count; k++) {
            char subject[112];
            snprintf(subject, sizeof subject, "%s.%s", x->epilogues[i].group, x->epilogues[i].variants[k]);
            claim_subject(names, subject, NULL, NULL);
        }
}
