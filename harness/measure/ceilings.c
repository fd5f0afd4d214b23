#include "harness/measure/ceilings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/kernel/chain_glsl.h"
#include "roofline/plateau.h"

/* A run of a probe: long against a dispatch (5-10 us), short against patience. */
#define RUN_S 0.002

static struct probe *add(struct probes *p)
{
    p->list = need_more(p->list, sizeof *p->list * (size_t)(p->count + 1));
    struct probe *q = &p->list[p->count++];
    memset(q, 0, sizeof *q);
    return q;
}

void probes_bandwidth(struct probes *p, enum mix mix, enum access access, struct walk walk, double footprint)
{
    add(p)->ceiling = (struct ceiling){.kind = CEILING_BANDWIDTH,
                                       .mix = mix,
                                       .via = VIA_SHADER,
                                       .access = access,
                                       .workgroup = walk.workgroup,
                                       .places = mix == MIX_READ && walk.places ? PROBE_READ_PLACES : walk.places,
                                       .footprint_bytes = footprint};
}

void probes_command(struct probes *p, enum mix mix, double footprint)
{
    add(p)->ceiling = (struct ceiling){.kind = CEILING_BANDWIDTH, .mix = mix, .via = VIA_COMMAND, .footprint_bytes = footprint};
}

struct walk ceilings_walk(const struct device_info *d)
{
    if (d->language == LANGUAGE_C)
        return (struct walk){(int)d->threads, 0};
    return (struct walk){device_is_software(d) ? (int)d->subgroup_size : 256, (int)chain_places(d)};
}

enum access ceilings_access(const struct device_info *d)
{
    return d->language == LANGUAGE_C ? ACCESS_PLAIN : device_is_software(d) ? ACCESS_TEXEL : ACCESS_VEC4;
}

/* Shapes are given for shaders. In C a vector is as wide as the processor's, and one core must hide all latency by itself:
 * two fma units of four cycles want eight chains, and ten leave room for the loop (measured: 8 chains 93 %, 10 chains 100 %
 * of the best). An exponential is a long chain by itself: with 4 beside each other exp reached 68 % and int_mul 55 % of what
 * 16 reach, and the roof of layernorm|bias|gelu|dropout took 26 % longer than the kernel; with 16 it takes 4 % longer. */
static void host_shape(const struct device_info *d, struct ceiling *c)
{
    if (c->width > 1) {
        c->width = (int)d->vector_floats;
        c->chains = c->chains == 1 ? 1 : c->chains == 4 ? 10 : 16;
    }
}

void probes_compute(struct probes *p, const struct device_info *d, const char *op, int width, int chains)
{
    struct probe *q = add(p);
    q->ceiling = (struct ceiling){.kind = CEILING_COMPUTE, .width = width, .chains = chains};
    q->ceiling.workgroup = ceilings_walk(d).workgroup;
    if (d->language == LANGUAGE_C)
        host_shape(d, &q->ceiling);
    snprintf(q->ceiling.op, sizeof q->ceiling.op, "%s", op);
    snprintf(q->ceiling.type, sizeof q->ceiling.type, "%s", strncmp(op, "int", 3) == 0 ? "i32" : "f32");
}

void probes_launch(struct probes *p)
{
    add(p)->ceiling.kind = CEILING_LAUNCH;
}

void probes_clear(struct probes *p, struct pool *pool)
{
    for (int i = 0; i < p->count; i++)
        probe_close(&p->list[i], pool);
    free(p->list);
    *p = (struct probes){0};
}

/* A mix of buffers that are each `bytes` large; the footprint counts them all. */
static double footprint_of(enum mix mix, double bytes)
{
    return bytes * (mix == MIX_COPY ? 2 : mix == MIX_TRIAD ? 3 : 1);
}

static void add_if_fits(struct probes *p, const struct device_info *d, enum mix mix, enum access access, struct walk walk,
                        double footprint)
{
    if (probe_fits(d, mix, access, footprint))
        probes_bandwidth(p, mix, access, walk, footprint);
}

/* The device's own command, where it has one for this mix. */
static void add_command_if_fits(struct probes *p, const struct device_info *d, enum mix mix, double footprint)
{
    if ((mix == MIX_COPY || mix == MIX_WRITE) && probe_fits(d, mix, ACCESS_NONE, footprint))
        probes_command(p, mix, footprint);
}

void probes_for_runs(struct probes *p, const struct device_info *d, const double *tensor_bytes, int sizes,
                     const double ops[OP_COUNT])
{
    struct walk walk = ceilings_walk(d), plain = {walk.workgroup, 1};
    for (int s = 0; s < sizes; s++) {
        for (int mix = 0; mix < MIX_COUNT; mix++) {
            double footprint = footprint_of((enum mix)mix, tensor_bytes[s]);
            add_if_fits(p, d, (enum mix)mix, ceilings_access(d), walk, footprint);
            if (device_is_software(d)) /* where texel loads are the faster ones */
                add_if_fits(p, d, (enum mix)mix, ACCESS_VEC4, walk, footprint);
            if (d->language == LANGUAGE_C) /* which is faster depends on the footprint */
                add_if_fits(p, d, (enum mix)mix, ACCESS_STREAM, walk, footprint);
            else if (mix == MIX_COPY) /* beside the best, the copy that everybody writes first */
                add_if_fits(p, d, (enum mix)mix, ACCESS_F32, plain, footprint);
            add_command_if_fits(p, d, (enum mix)mix, footprint);
        }
    }
    probes_compute(p, d, "fma", 4, 4);
    probes_compute(p, d, "mul+add", 4, 4);
    for (int op = OP_DIV; op < OP_COUNT; op++)
        if (ops[op] > 0)
            probes_compute(p, d, op_name((enum op)op), 4, 2);
    probes_launch(p);
}

bool probes_open(struct probes *p, struct pool *pool, double run_s, struct record *r, struct error *e)
{
    int kept = 0;
    for (int i = 0; i < p->count; i++) {
        struct error own = {0};
        bool walks = p->list[i].ceiling.kind == CEILING_BANDWIDTH;
        if (probe_open(&p->list[i], pool, walks ? run_s : RUN_S, &own)) {
            p->list[kept++] = p->list[i];
        } else if (p->list[i].ceiling.kind == CEILING_LAUNCH || own.code != EXIT_ENVIRONMENT) {
            *e = own;
            for (; i < p->count; i++) /* what was not looked at has no sequence */
                p->list[i].sequence = NULL;
            p->count = kept;
            return false;
        } else if (r) {
            record_note(r, "%s was not measured: %s", p->list[i].label, own.text);
        }
    }
    p->count = kept;
    return true;
}

/* ---- rooflab ceilings ---- */

struct survey {
    struct pool *pool;
    const struct device_info *d;
    struct record *r;
    struct progress_sink *progress;
    struct stop_rule rule;
};

/* Measures one list of probes, interleaved, and takes their ceilings into the record. */
static bool measure(struct survey *s, struct probes *p, const char *what, struct error *e)
{
    bool ok = probes_open(p, s->pool, RUN_S, s->r, e);
    struct subject *subjects = need(sizeof *subjects * (size_t)(p->count + 1));
    for (int i = 0; i < p->count; i++) {
        subjects[i] = subject_of(p->list[i].label, pool_device(s->pool), p->list[i].sequence, 1, s->rule.max_s);
        subjects[i].rule = s->rule;
    }
    ok = ok && sample_all(subjects, p->count, s->progress, what, e);
    for (int i = 0; i < p->count; i++) {
        if (ok && subjects[i].n > 0) {
            probe_finish(&p->list[i], subjects[i].ns, subjects[i].n);
            *record_add_ceiling(s->r) = p->list[i].ceiling;
        }
        subject_clear(&subjects[i]);
    }
    free(subjects);
    probes_clear(p, s->pool);
    return ok;
}

static const enum access accesses[] = {ACCESS_F32, ACCESS_VEC2, ACCESS_VEC4, ACCESS_TEXEL, ACCESS_PLAIN, ACCESS_STREAM};
enum { ACCESSES = sizeof accesses / sizeof *accesses, WALKS_MAX = 4 };

/* Workgroups of three sizes, and the generator's walk where that is another one. */
static int walks(const struct device_info *d, struct walk out[WALKS_MAX])
{
    const int hardware[] = {64, 256, 1024}, software[] = {(int)d->subgroup_size, 64, 256};
    int n = 0;
    if (d->language == LANGUAGE_C) { /* one thread and all */
        out[n++].workgroup = 1;
        if (d->threads > 1)
            out[n++].workgroup = (int)d->threads;
        return n;
    }
    for (int i = 0; i < 3; i++) {
        int w = device_is_software(d) ? software[i] : hardware[i];
        if (w <= (int)d->max_invocations && w <= (int)d->max_workgroup_size[0] && (n == 0 || w > out[n - 1].workgroup))
            out[n++] = (struct walk){w, 1};
    }
    if (ceilings_walk(d).places > 1)
        out[n++] = ceilings_walk(d);
    return n;
}

/* Every access by every walk. Reads have a walk of their own (PROBE_READ_PLACES): they differ by workgroup alone. */
static void add_shapes(struct probes *p, const struct device_info *d, enum mix mix, double footprint)
{
    struct walk all[WALKS_MAX] = {{0}};
    int n = walks(d, all);
    for (int a = 0; a < ACCESSES; a++)
        for (int w = 0; w < n; w++)
            if (mix != MIX_READ || all[w].places <= 1)
                add_if_fits(p, d, mix, accesses[a], all[w], footprint);
}

/* All accesses and walks of one mix at one footprint. */
static bool sweep_shapes(struct survey *s, enum mix mix, double footprint, struct error *e)
{
    struct probes p = {0};
    add_shapes(&p, s->d, mix, footprint);
    char what[64];
    snprintf(what, sizeof what, "%s: access width and walk", mix_name(mix));
    return measure(s, &p, what, e);
}

/* The winner of a mix among what was measured so far: best median near the larger footprint. */
static struct ceiling winner(const struct survey *s, enum mix mix)
{
    struct walk walk = ceilings_walk(s->d);
    struct ceiling best = {.access = ceilings_access(s->d), .workgroup = walk.workgroup, .places = walk.places};
    for (int i = 0; i < s->r->ceiling_count; i++) {
        const struct ceiling *c = &s->r->ceilings[i];
        if (c->kind == CEILING_BANDWIDTH && c->mix == mix && c->via != VIA_COMMAND &&
            (best.value.n == 0 || c->footprint_bytes > best.footprint_bytes * 1.5 ||
             (c->footprint_bytes > best.footprint_bytes * 0.67 && c->value.median > best.value.median)))
            best = *c;
    }
    return best;
}

static double largest_footprint(const struct device_info *d, enum mix mix)
{
    double f = 16384, most = d->language == LANGUAGE_C ? 3e8 : 8.6e9; /* the host's memory is others' too */
    while (f < most && probe_fits(d, mix, ACCESS_NONE, footprint_of(mix, f * 2)))
        f *= 2;
    return footprint_of(mix, f);
}

/* One mix over all footprints: kernels (the winner, or all shapes where full), and the command. */
static bool sweep_footprints(struct survey *s, enum mix mix, bool full, struct error *e)
{
    struct probes p = {0};
    struct ceiling best = winner(s, mix);
    struct walk walk = {best.workgroup, best.places};
    double last = largest_footprint(s->d, mix);
    for (double f = footprint_of(mix, 16384); f <= last; f *= 2) {
        if (full)
            add_shapes(&p, s->d, mix, f);
        else
            add_if_fits(&p, s->d, mix, best.access, walk, f);
        if (!full && best.access == ACCESS_STREAM) /* caches are seen by stores that go through them */
            add_if_fits(&p, s->d, mix, ACCESS_PLAIN, walk, f);
        add_command_if_fits(&p, s->d, mix, f);
    }
    char what[64];
    snprintf(what, sizeof what, "%s over footprints", mix_name(mix));
    return measure(s, &p, what, e);
}

static const struct ceiling *best_fma(const struct record *r, int threads)
{
    const struct ceiling *best = NULL;
    for (int i = 0; i < r->ceiling_count; i++) {
        const struct ceiling *c = &r->ceilings[i];
        if (c->kind == CEILING_COMPUTE && strcmp(c->op, "fma") == 0 && c->workgroup == threads && c->value.n > 0 &&
            (!best || c->value.median > best->value.median))
            best = c;
    }
    return best;
}

static void note_team(struct record *r, int threads)
{
    const struct ceiling *one = best_fma(r, 1), *all = best_fma(r, threads);
    if (one && all && one != all)
        record_note(r, "fma on %d threads: %.2f times one thread (%.2f to %.2f)", threads, all->value.median / one->value.median,
                    all->value.low / one->value.high, all->value.high / one->value.low);
}

/* The best copy of this access near the larger of the two footprints; places 0: by any walk. */
static const struct ceiling *best_copy(const struct record *r, enum access access, int places)
{
    const struct ceiling *best = NULL;
    for (int i = 0; i < r->ceiling_count; i++) {
        const struct ceiling *c = &r->ceilings[i];
        if (c->kind == CEILING_BANDWIDTH && c->mix == MIX_COPY && c->access == access && c->value.n > 0 &&
            (!places || c->places == places) && (!best || c->footprint_bytes > 1.5 * best->footprint_bytes ||
             (c->footprint_bytes > best->footprint_bytes / 1.5 && c->value.median > best->value.median)))
            best = c;
    }
    return best;
}

/* What a wide access is worth: over the copy that everybody writes first, and over the best float by float. */
static void note_width(struct record *r)
{
    const struct ceiling *wide = best_copy(r, ACCESS_VEC4, 0);
    const struct ceiling *plain = best_copy(r, ACCESS_F32, 1), *narrow = best_copy(r, ACCESS_F32, 0);
    if (wide && plain && narrow)
        record_note(r, "a copy by vec4 is %.2f times the one-float copy (%.2f to %.2f), %.2f times the best copy float by float",
                    wide->value.median / plain->value.median, wide->value.low / plain->value.high,
                    wide->value.high / plain->value.low, wide->value.median / narrow->value.median);
}

static bool sweep_arithmetic(struct survey *s, bool full, struct error *e)
{
    static const struct {
        const char *op;
        int width, chains;
        bool always;
    } shapes[] = {
        {"fma", 1, 1, true},  {"fma", 1, 8, true},  {"fma", 4, 1, true},     {"fma", 4, 4, true},
        {"fma", 4, 8, false}, {"fma", 2, 4, false}, {"mul+add", 1, 8, true}, {"mul+add", 4, 4, true},
        {"div", 4, 2, true},  {"exp", 4, 2, true},  {"exp", 1, 4, false},    {"log", 4, 2, true},
        {"tanh", 4, 2, true}, {"rsqrt", 4, 2, true}, {"int_mul", 4, 2, true}, {"int_xor", 4, 2, true},
    };
    struct probes p = {0};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (full || shapes[i].always)
            probes_compute(&p, s->d, shapes[i].op, shapes[i].width, shapes[i].chains);
    if (s->d->language == LANGUAGE_C && s->d->threads > 1) { /* what the team is worth on work that no memory holds back */
        probes_compute(&p, s->d, "fma", 4, 4);
        p.list[p.count - 1].ceiling.workgroup = 1;
    }
    probes_launch(&p);
    bool ok = measure(s, &p, "arithmetic and dispatch", e);
    note_team(s->r, (int)s->d->threads);
    return ok;
}

bool ceilings_measure(struct pool *pool, bool full, struct record *r, struct progress_sink *progress, struct error *e)
{
    struct survey s = {.pool = pool, .d = &pool_device(pool)->info, .r = r, .progress = progress};
    /* Two footprints tell a cache from memory: a GPU's last cache may hold 64 MB, while a software device is bound by
     * instructions and would only take longer. The shapes' sweep need not be as precise as the winner's. */
    const double footprints[] = {1 << 20, device_is_software(s.d) ? 16 << 20 : 256 << 20};
    s.rule = (struct stop_rule){SAMPLE_LEAST, SAMPLE_MOST, 3 * SAMPLE_PRECISION, 0.15};
    for (int f = 0; f < 2 && !full && !interrupted; f++)
        for (int mix = 0; mix < MIX_COUNT && !interrupted; mix++)
            if (!sweep_shapes(&s, (enum mix)mix, footprints[f], e))
                return false;
    note_width(r);
    s.rule.precision = SAMPLE_PRECISION;
    s.rule.max_s = 0.2;
    for (int mix = 0; mix < MIX_COUNT && !interrupted; mix++)
        if (!sweep_footprints(&s, (enum mix)mix, full, e))
            return false;
    levels_find(r, s.d->language == LANGUAGE_C);
    return interrupted || sweep_arithmetic(&s, full, e);
}
