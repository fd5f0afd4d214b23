/* Claims of an experiment: read, checked against the names there are, judged by intervals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/measure/experiment_parts.h"
#include "roofline/ceiling.h"
#include "roofline/ladder.h"

/* ---- quantities ---- */

static struct interval exact(double value)
{
    return (struct interval){value, value, value, isfinite(value)};
}

/* value / time: the longer the time, the smaller. */
static struct interval per_time(const struct run *r, double value)
{
    struct interval t = r->time_ns;
    return (struct interval){value / t.median, value / t.high, value / t.low, isfinite(value) ? t.n : 0};
}

/* The first of a group that ran is what the others are compared with. */
static bool is_base(const struct record *record, const struct run *r)
{
    for (int i = 0; i < record->run_count && r->group && r->time_ns.n > 0; i++) {
        const struct run *other = &record->runs[i];
        if (other->status == RUN_OK && other->group && strcmp(other->group, r->group) == 0)
            return other == r;
    }
    return false;
}

static struct interval speedup(const struct record *record, const struct run *r)
{
    return r->speedup.n == 0 && is_base(record, r) ? exact(1) : r->speedup;
}

static struct interval time_ns(const struct record *record, const struct run *r)
{
    (void)record;
    return r->time_ns;
}

static struct interval bound(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->bound_ns);
}

static struct interval roof(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->roof_ns);
}

static struct interval passes(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->passes);
}

static struct interval passes_issued(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->passes_issued);
}

static struct interval flops_per_s(const struct record *record, const struct run *r)
{
    return per_time(r, 1e9 * (ladder_has(r) ? ladder_flops(record, r) : r->flops));
}

static struct interval bytes_per_s(const struct record *record, const struct run *r)
{
    (void)record;
    return per_time(r, r->bytes_compulsory * 1e9);
}

static struct interval roof_share(const struct record *record, const struct run *r)
{
    return per_time(r, ladder_has(r) ? ladder_roof_ns(record, r) : r->roof_ns);
}

static struct interval peak_share(const struct record *record, const struct run *r)
{
    const struct ceiling *peak = ceilings_peak((struct ceilings){record->ceilings, record->ceiling_count, false});
    struct interval rate = flops_per_s(record, r);
    if (!peak)
        return (struct interval){0};
    return (struct interval){rate.median / peak->value.median, rate.low / peak->value.high, rate.high / peak->value.low, rate.n};
}

static struct interval error_max(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->error_max);
}

static struct interval temp_bytes(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->temp_bytes);
}

static struct interval each_per_s(const struct record *record, const struct run *r)
{
    (void)record;
    return per_time(r, isfinite(r->each_per_s) ? 1e9 : NAN);
}

static struct interval read_share(const struct record *record, const struct run *r)
{
    (void)record;
    return per_time(r, 1e9 * r->bytes_compulsory / r->read_bytes_per_s);
}

static struct interval ready_ns(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->ready_ns);
}

static struct interval steady_bytes(const struct record *record, const struct run *r)
{
    (void)record;
    return exact(r->steady_bytes);
}

static const struct quantity {
    const char *name;
    struct interval (*of)(const struct record *, const struct run *);
} quantities[] = {
    {"speedup", speedup},         {"time_ns", time_ns},             {"bound_ns", bound},
    {"roof_ns", roof},            {"passes", passes},               {"passes_issued", passes_issued},
    {"flops_per_s", flops_per_s}, {"bytes_per_s", bytes_per_s},     {"roof_share", roof_share},
    {"peak_share", peak_share},   {"error_max", error_max},
    {"temp_bytes", temp_bytes},     {"each_per_s", each_per_s},       {"read_share", read_share},
    {"ready_ns", ready_ns},         {"steady_bytes", steady_bytes},
};
enum { QUANTITIES = sizeof quantities / sizeof *quantities };

/* ---- names ---- */

static void add_name(struct claim_names *n, const char *subject, const char *quantity, double low, double high)
{
    if (n->count == n->room) {
        n->room = n->room ? n->room * 2 : 64;
        n->names = need_more(n->names, sizeof *n->names * (size_t)n->room);
        n->low = need_more(n->low, sizeof *n->low * (size_t)n->room);
        n->high = need_more(n->high, sizeof *n->high * (size_t)n->room);
    }
    snprintf(n->names[n->count], sizeof *n->names, "%s.%s", subject, quantity);
    n->low[n->count] = low;
    n->high[n->count++] = high;
}

void claim_subject(struct claim_names *n, const char *subject, const struct record *record, const struct run *r)
{
    for (int q = 0; q < QUANTITIES; q++) {
        struct interval v = r && r->status == RUN_OK ? quantities[q].of(record, r) : (struct interval){0};
        if (!r || v.n > 0)
            add_name(n, subject, quantities[q].name, v.low, v.high);
    }
}

void claim_value(struct claim_names *n, const char *subject, const char *quantity, const struct interval *v)
{
    if (!v || v->n > 0)
        add_name(n, subject, quantity, v ? v->low : 0, v ? v->high : 0);
}

void claim_names_free(struct claim_names *n)
{
    free(n->names);
    free(n->low);
    free(n->high);
    *n = (struct claim_names){0};
}

static struct expr *parse(const struct claim_names *n, const char *text, struct error *e)
{
    const char **list = need(sizeof *list * (size_t)(n->count + 1));
    for (int i = 0; i < n->count; i++)
        list[i] = n->names[i];
    struct expr *x = expr_parse(text, list, n->count, e);
    free(list);
    return x;
}

/* ---- reading ---- */

static const char *const where_names[WHERE_COUNT] = {"", "hardware", "software", "native"};

bool experiment_read_claim(struct reading *r, char *value)
{
    struct experiment *x = r->x;
    if (x->claim_count == EXPERIMENT_CLAIMS_MAX)
        return experiment_bad(r, "too many claims", value);
    if (!strpbrk(value, "<>="))
        return experiment_bad(r, "a claim compares two numbers", value);
    struct experiment_claim *c = &x->claims[x->claim_count++];
    *c = (struct experiment_claim){.line = r->line};
    size_t word = strcspn(value, " \t");
    for (int i = 1; i < WHERE_COUNT; i++)
        if (strlen(where_names[i]) == word && strncmp(value, where_names[i], word) == 0) {
            c->where = (enum experiment_where)i;
            value += word + strspn(value + word, " \t");
            break;
        }
    c->text = need_string(value);
    return true;
}

bool experiment_claims_are_right(struct reading *r)
{
    struct claim_names names = {0};
    bool ok = true;
    experiment_chain_subjects(r->x, &names);
    experiment_ladder_subjects(r->x, &names);
    experiment_epilogue_subjects(r->x, &names);
    experiment_series_subjects(r->x, &names);
    experiment_first_subjects(r->x, &names);
    for (int i = 0; i < r->x->claim_count && ok; i++) {
        struct expr *claim = parse(&names, r->x->claims[i].text, r->e);
        ok = claim || error_prefix(r->e, "%s:%d", r->x->path, r->x->claims[i].line);
        expr_free(claim);
    }
    claim_names_free(&names);
    return ok;
}

/* ---- judging ---- */

/* What kind of machine a record speaks of; a model on paper is none of those that claims can name. */
static enum experiment_where where_of(const struct record *r)
{
    static const struct {
        const char *kind;
        enum experiment_where where;
    } kinds[] = {{"software", WHERE_SOFTWARE}, {"CPU", WHERE_NATIVE}, {"model", WHERE_ANY}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (r->provenance.device_kind && strcmp(r->provenance.device_kind, kinds[i].kind) == 0)
            return kinds[i].where;
    return WHERE_HARDWARE;
}

static void judge(const struct experiment_claim *from, const struct claim_names *names, struct record *r)
{
    struct error e = {0};
    struct expr *claim = parse(names, from->text, &e);
    if (!claim) {
        record_note(r, "claim '%s' was left out: it speaks of what did not run on this device", from->text);
        return;
    }
    struct claim *c = record_add_claim(r);
    c->name = need_string(from->text);
    c->text = need_string(from->text);
    expr_range(claim, names->low, names->high, &c->low, &c->high);
    c->holds = c->low >= 1 ? 1 : c->high <= 0 ? 0 : -1;
    expr_free(claim);
}

bool experiment_claims(const struct experiment *x, struct record *r, struct error *e)
{
    struct claim_names names = {0};
    int elsewhere = 0;
    (void)e;
    experiment_chain_results(r, &names);
    experiment_ladder_results(r, &names);
    experiment_series_results(r, &names);
    experiment_first_results(r, &names);
    for (int i = 0; i < x->claim_count; i++) {
        enum experiment_where where = x->claims[i].where;
        if (where == WHERE_ANY || where == where_of(r))
            judge(&x->claims[i], &names, r);
        else
            elsewhere++;
    }
    if (elsewhere)
        record_note(r, "%d claim%s about other kinds of device %s not tried here", elsewhere, elsewhere == 1 ? "" : "s",
                    elsewhere == 1 ? "was" : "were");
    claim_names_free(&names);
    return true;
}
