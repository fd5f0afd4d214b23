/* What an experiment has found, in plain sentences made of its own numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/measure/experiment_parts.h"
#include "roofline/ladder.h"

/* ---- chains ---- */

static const struct run *variant_of(const struct record *r, const char *group, const char *variant)
{
    for (int i = 0; i < r->run_count; i++)
        if (r->runs[i].status == RUN_OK && r->runs[i].group && strcmp(r->runs[i].group, group) == 0 &&
            r->runs[i].variant && strcmp(r->runs[i].variant, variant) == 0)
            return &r->runs[i];
    return NULL;
}

/* One sentence on a group: what fusing it was worth, what was predicted, and what holds it back. */
static void conclude_chain(struct text *t, const struct record *r, const char *group)
{
    const struct run *unfused = variant_of(r, group, "unfused"), *fused = variant_of(r, group, "fused");
    if (!unfused || !fused || fused->speedup.n == 0)
        return;
    text_add(t, "%s%s: %.3g memory passes became %.3g, and %d kernels became one that is %.2f times as fast "
                "(%.2f to %.2f; the roofs predict %.2f); what binds it is %s.",
             t->len ? " " : "", group, unfused->passes, fused->passes, unfused->dispatches, fused->speedup.median,
             fused->speedup.low, fused->speedup.high, fused->speedup_predicted, fused->binds ? fused->binds : "not known");
}

/* What the operators behind a kernel cost, in kernels of their own and in its stores. */
static void conclude_epilogue(struct text *t, const struct record *r, const char *group)
{
    const struct run *alone = variant_of(r, group, "alone"), *unfused = variant_of(r, group, "unfused");
    const struct run *fused = variant_of(r, group, "fused");
    if (!alone || !unfused || !fused || !(alone->time_ns.median > 0) || !(unfused->time_ns.median > 0) || !(fused->time_ns.median > 0))
        return;
    text_add(t, "%s%s: with its operators in kernels of their own the product takes %.2f times as long as alone, with them in its "
                "stores %.2f times.",
             t->len ? " " : "", group, unfused->time_ns.median / alone->time_ns.median, fused->time_ns.median / alone->time_ns.median);
}

/* ---- ladders ---- */

static const char *name_of(const struct run *r)
{
    return rung_of(r->kernel);
}

static bool is_software(const struct record *r)
{
    return r->provenance.device_kind && strcmp(r->provenance.device_kind, "software") == 0;
}

/* "25.1 GFLOP/s" where arithmetic is what the roof is made of, else bytes per second. */
static void add_rate(struct text *t, const struct record *record, const struct run *r)
{
    char rate[UNITS_TEXT];
    bool flops = r->binds && strcmp(r->binds, "arithmetic") == 0 && r->flops > 0;
    double work = flops ? ladder_flops(record, r) : r->bytes_compulsory;
    text_add(t, "%s", units_format(rate, flops ? UNIT_OPS_PER_S : UNIT_BYTES_PER_S, work / r->time_ns.median * 1e9));
}

/* A count explains a time where it is larger by at least a quarter. */
#define TELLING 1.25

static bool is_more(double slow, double fast)
{
    return slow > TELLING * fast;
}

/* "executes 1.1 times as many load and store instructions, 94 % of their bytes in shared memory" */
static bool explain_accesses(struct text *t, const struct run *slow, const struct run *fast, bool software)
{
    double shared = slow->bytes_shared / (slow->bytes_shared + slow->bytes_issued);
    bool told = is_more(slow->accesses, fast->accesses) || (shared > 0.2 && slow->accesses > 0.9 * fast->accesses);
    if (!told)
        return false;
    text_add(t, "it executes %.2g times as many load and store instructions", slow->accesses / fast->accesses);
    if (shared > 0.2)
        text_add(t, ", %.0f %% of their bytes in shared memory%s", 100 * shared,
                 software ? ", which is ordinary memory on a software device" : "");
    return true;
}

/* The counts that are larger, in words; nothing where none is. */
static void explain_more(struct text *t, const struct run *slow, const struct run *fast, bool software)
{
    bool told = explain_accesses(t, slow, fast, software);
    if (!told && is_more(slow->bytes_issued, fast->bytes_issued))
        text_add(t, "it asks its buffers for %.2g times as many bytes", slow->bytes_issued / fast->bytes_issued);
    else if (!told && is_more(slow->bytes_compulsory, fast->bytes_compulsory))
        text_add(t, "it moves %.2g times the bytes through memory", slow->bytes_compulsory / fast->bytes_compulsory);
    if (fast->flops > 0 && is_more(slow->flops, fast->flops)) /* a header that states none tells nothing */
        text_add(t, "%sit does %.2g times the arithmetic", t->len ? ", and " : "", slow->flops / fast->flops);
    if (is_more(slow->barriers, fast->barriers))
        text_add(t, "%sit waits at a barrier for every %.0f operations", t->len ? ", and " : "", slow->flops / slow->barriers);
}

/* Why is `slow` slower than `fast`, which comes before it? From counts alone; where none is larger that is said. */
static void explain(struct text *t, const struct run *slow, const struct run *fast, bool software)
{
    double fewer = fast->bytes_issued / slow->bytes_issued;
    struct text more = {0};
    explain_more(&more, slow, fast, software);
    text_add(t, ": ");
    if (fewer > TELLING)
        text_add(t, "it asks its buffers for %.2g times fewer bytes, %s ", fewer, more.len ? "but" : "and");
    if (more.len)
        text_add(t, "%s", more.s);
    else if (isfinite(slow->accesses))
        text_add(t, "no count of its work is larger; which elements neighbouring invocations touch, and how the work is dealt out, "
                    "is what differs");
    else
        text_add(t, "no count tells why; kernels in C are not counted");
    text_free(&more);
}

/* Does the rung belong to the order? One that is allowed to be far less exact is there to show what it costs. */
static bool is_in_order(const struct run *first, const struct run *r)
{
    return ladder_same(first, r) && ladder_timed(r) && !(r->tolerance > 10 * first->tolerance);
}

/* A rung is out of order where it takes longer than one before by this factor, and the intervals say so too. */
#define SLOWER 1.1

/* Rungs that are slower than one before them; the worst is told with its reason. */
static void conclude_order(struct text *t, const struct record *r, const struct run *first)
{
    const struct run *best = NULL, *slow = NULL, *fast = NULL;
    int rungs = 0, inverted = 0;
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (!is_in_order(first, run))
            continue;
        rungs++;
        if (best && run->time_ns.low > best->time_ns.high && run->time_ns.median > SLOWER * best->time_ns.median) {
            inverted++;
            if (!slow || run->time_ns.median / best->time_ns.median > slow->time_ns.median / fast->time_ns.median)
                slow = run, fast = best;
        }
        if (!best || run->time_ns.median < best->time_ns.median)
            best = run;
    }
    if (!slow)
        return;
    text_add(t, " The ladder's order does not hold here: %d of its %d rungs %s slower than one before, most of all %s, which takes "
                "%.2g times as long as %s",
             inverted, rungs, inverted == 1 ? "is" : "are", name_of(slow), slow->time_ns.median / fast->time_ns.median, name_of(fast));
    explain(t, slow, fast, is_software(r));
    text_add(t, ".");
}

/* Three digits without a power of ten: "0.521", "565", "3 490" would be two words, so 3490. */
static void add_number(struct text *t, double value)
{
    double digits = value >= 1000 ? pow(10, floor(log10(value)) - 2) : 0;
    if (digits > 0)
        text_add(t, "%.0f", round(value / digits) * digits);
    else
        text_add(t, "%.3g", value);
}

/* What reading all that a run reads would allow: useful where a ceiling was measured at that size, a mere bound elsewhere. */
static void add_allowed(struct text *t, const struct run *best)
{
    char bytes[UNITS_TEXT], rate[UNITS_TEXT];
    if (best->read_share > 0)
        text_add(t, ", %.0f %% of what moving its %s once at %s, the best reading kernel's rate, would give", 100 * best->read_share,
                 units_format(bytes, UNIT_BYTES, best->bytes_compulsory), units_format(rate, UNIT_BYTES_PER_S, best->read_bytes_per_s));
    if (best->bound_ns > 0) {
        text_add(t, "; its bytes alone bound it at ");
        add_number(t, 1e9 / best->bound_ns);
    }
}

/* "One image takes 8.6 ms: 116 a second, ..." */
static void add_each(struct text *t, const struct run *best, const char *each)
{
    char time[UNITS_TEXT];
    text_add(t, " One %s takes %s: ", each, units_format(time, UNIT_SECONDS, best->time_ns.median / 1e9));
    add_number(t, 1e9 / best->time_ns.median);
    text_add(t, " a second");
    add_allowed(t, best);
    if (best->ready_ns > 0)
        text_add(t, "; it is ready after %s", units_format(time, UNIT_SECONDS, best->ready_ns / 1e9));
    double first = best->start_ns > 0 ? best->start_ns : best->first_ns;
    if (first > 0)
        text_add(t, "%s the first took %s", best->ready_ns > 0 ? "," : ";", units_format(time, UNIT_SECONDS, first / 1e9));
    text_add(t, ".");
}

static void conclude_ladder(struct text *t, const struct record *r, const struct run *any, const char *each)
{
    const struct run *first = ladder_first(r, any), *best = ladder_best(r, any);
    if (!first || !best)
        return;
    text_add(t, "%s%s", t->len ? " " : "", first->group);
    text_add(t, ": %s is the fastest at ", name_of(best));
    add_rate(t, r, best);
    if (best->speedup.n > 0 && best != first && best->speedup_over && strcmp(best->speedup_over, first->kernel) == 0)
        text_add(t, ", %.*f times as fast as %s", best->speedup.median < 10 ? 2 : 1, best->speedup.median, name_of(first));
    double roof = ladder_roof_ns(r, best);
    if (roof > 0)
        text_add(t, ", and at %.0f %% of the roof, which is made of %s", 100 * roof / best->time_ns.median,
                 best->binds ? best->binds : "bytes");
    text_add(t, ".");
    if (*each)
        add_each(t, best, each);
    conclude_order(t, r, first);
}

/* Is run i the first of its ladder, or of its sweep? */
static bool comes_first(const struct record *r, int i, bool (*same)(const struct run *, const struct run *))
{
    for (int k = 0; k < i; k++)
        if (same(&r->runs[i], &r->runs[k]))
            return false;
    return true;
}

/* ---- several operations in a group: formats ---- */

/* "gemv-q4 8-texels takes 0.42 of the time with 0.563 bytes a weight (3e9 of them: 1.69 GB)" */
static void add_operation(struct text *t, const struct run *best, const struct run *base, double weights)
{
    char bytes[UNITS_TEXT];
    double each = best->tensor_bytes;
    text_add(t, " %s takes ", best->kernel);
    if (best == base)
        text_add(t, "%s", units_format(bytes, UNIT_SECONDS, best->time_ns.median / 1e9));
    else
        text_add(t, "%.2f of that", best->time_ns.median / base->time_ns.median);
    for (int i = 0; i < best->shapes && weights > 0; i++)
        each /= (double)best->shape[i].value;
    if (weights > 0)
        text_add(t, " at %.3g bytes a weight (%.2g weights: %s)", each, weights, units_format(bytes, UNIT_BYTES, each * weights));
    if (best->error_quantised > 0)
        text_add(t, ", off by %.1e of f32's result", best->error_quantised);
}

/* Each operation's best rung against the best of the first. */
static void conclude_operations(struct text *t, const struct record *r, int first, double weights)
{
    const struct run *base = NULL;
    text_add(t, "%s%s:", t->len ? " " : "", r->runs[first].group);
    for (int i = first; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (strcmp(run->group, r->runs[first].group) != 0 || !ladder_has(run) || !comes_first(r, i, ladder_same))
            continue;
        const struct run *best = ladder_best(r, run);
        if (!best)
            continue;
        text_add(t, "%s", base ? ";" : "");
        base = base ? base : best;
        add_operation(t, best, base, weights);
    }
    text_add(t, base ? "." : " nothing ran.");
}

/* ---- all of it ---- */

static bool shares_group(const struct record *r, const struct run *a)
{
    for (int i = 0; i < r->run_count; i++)
        if (strcmp(r->runs[i].group, a->group) == 0 && !ladder_same(a, &r->runs[i]))
            return true;
    return false;
}

static bool same_rungs_group(const struct run *a, const struct run *b)
{
    return strcmp(a->group, b->group) == 0;
}

static void conclude_rungs(struct text *t, const struct record *r, const struct experiment *x)
{
    for (int i = 0; i < r->run_count; i++) {
        const struct run *run = &r->runs[i];
        if (!ladder_has(run))
            continue;
        if (run->sweep_of && comes_first(r, i, experiment_same_sweep))
            experiment_conclude_sweep(t, r, run);
        else if (!run->sweep_of && comes_first(r, i, same_rungs_group) && shares_group(r, run))
            conclude_operations(t, r, i, x->weights);
        else if (!run->sweep_of && comes_first(r, i, same_rungs_group))
            conclude_ladder(t, r, run, x->each);
    }
}

void experiment_conclude(const struct experiment *x, struct record *r)
{
    struct text t = {0};
    for (int i = 0; i < x->run_count; i++)
        if (x->runs[i].ablate)
            conclude_chain(&t, r, x->runs[i].group);
    for (int i = 0; i < x->epilogue_count; i++)
        conclude_epilogue(&t, r, x->epilogues[i].group);
    conclude_rungs(&t, r, x);
    if (t.len) {
        struct text whole = {0};
        text_add(&whole, "On %s, %s", r->device, t.s);
        r->conclusion = whole.s;
    }
    text_free(&t);
}
