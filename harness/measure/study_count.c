#include "harness/measure/study_count.h"

#include <stdlib.h>
#include <string.h>

#include "harness/measure/traffic.h"

struct counted {
    unsigned long long key;
    struct cost cost;
};

struct counts {
    struct counted *list;
    int count;
};

struct counts *counts_open(void)
{
    return need(sizeof(struct counts));
}

void counts_close(struct counts *c)
{
    free(c->list);
    free(c);
}

/* The same source over tensors of the same sizes, dealt out alike, costs the same: its data decides nothing here. */
static unsigned long long key_of(const struct plan *p, const struct step *s)
{
    unsigned long long parts[3 + STEP_BINDINGS_MAX] = {
        hash_bytes(text_get(&s->glsl), s->glsl.len) ^ hash_bytes(s->spirv ? s->spirv : s->push, s->spirv_words * 4),
        hash_bytes(s->push, sizeof s->push), hash_bytes(s->groups, sizeof s->groups) ^ hash_bytes(s->spec_values, sizeof s->spec_values)};
    for (int i = 0; i < s->binding_count; i++)
        parts[3 + i] = tensor_bytes(&p->tensors[s->bindings[i].tensor]);
    return hash_bytes(parts, sizeof parts);
}

static const struct cost *find(const struct counts *c, unsigned long long key)
{
    for (int i = 0; i < c->count; i++)
        if (c->list[i].key == key)
            return &c->list[i].cost;
    return NULL;
}

static bool count_step(struct counts *c, struct workload *w, int i, struct cost *cost, struct error *e)
{
    struct traffic_step t;
    unsigned long long key = key_of(w->plan, &w->plan->steps[i]);
    const struct cost *known = find(c, key);
    *cost = w->plan->steps[i].cost;
    if (known) {
        *cost = *known;
        return true;
    }
    bool footprint = traffic_count_step(w->pool, w->plan, i, true, &t, e), ok = footprint;
    if (!footprint && e->code == EXIT_ENVIRONMENT) { /* marking takes more than the device grants: compulsory bytes stay declared */
        traffic_step_clear(&t);
        *e = (struct error){0};
        ok = traffic_count_step(w->pool, w->plan, i, false, &t, e);
    }
    if (ok && t.not_counted_count)
        ok = error_set(e, EXIT_ENVIRONMENT, "%s: %s (%s)", t.kernel, t.not_counted[0].what, t.not_counted[0].why);
    if (ok) {
        traffic_cost(&t, footprint, cost);
        c->list = need_more(c->list, sizeof *c->list * (size_t)(c->count + 1));
        c->list[c->count++] = (struct counted){key, *cost};
    }
    traffic_step_clear(&t);
    return ok;
}

bool counts_apply(struct counts *c, struct workload *w, struct error *e)
{
    struct cost *costs = need(sizeof *costs * (size_t)(w->plan->step_count + 1));
    bool ok = true;
    for (int i = 0; i < w->plan->step_count && ok; i++)
        ok = count_step(c, w, i, &costs[i], e);
    for (int i = 0; i < w->plan->step_count && ok; i++)
        w->plan->steps[i].cost = costs[i];
    if (ok)
        w->plan->counts_from = "counted";
    free(costs);
    return ok;
}
