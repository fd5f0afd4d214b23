#include "harness/rivals/rival.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/base/text.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/kernel.h"
#include "harness/measure/probe.h"

#define PAGE (2u << 20)

/* ---- rivals behind a device's door ---- */

struct rivals {
    struct device base;
    struct team *team;
};

struct sequence {
    team_job job;
    void (*call)(void *);
    void *context;
};

static bool run_rival(struct device *d, struct sequence *s, struct timing *t, struct error *e)
{
    struct team *team = ((struct rivals *)d)->team;
    (void)e;
    if (s->job)
        team_begin(team);
    double begin = host_clock_ns();
    if (s->job)
        team_run(team, s->job, s->context);
    else
        s->call(s->context);
    *t = (struct timing){.total_ns = host_clock_ns() - begin};
    if (s->job)
        team_end(team);
    return true;
}

static const struct device_ops rival_ops = {.sequence_run = run_rival};

bool bench_open(struct bench *b, int threads, struct error *e)
{
    char spec[64] = "native";
    if (threads)
        snprintf(spec, sizeof spec, "native:threads=%d", threads);
    *b = (struct bench){.device = device_open(spec, e)};
    b->team = b->device ? team_open(threads, e) : NULL;
    if (!b->team)
        return false;
    struct rivals *r = need(sizeof *r);
    r->base.ops = &rival_ops;
    r->base.info = b->device->info;
    r->team = b->team;
    b->rivals = &r->base;
    b->pool = pool_open(b->device);
    return true;
}

void bench_close(struct bench *b)
{
    if (b->pool)
        pool_close(b->pool);
    free(b->rivals);
    team_close(b->team);
    device_close(b->device);
    *b = (struct bench){0};
}

struct sequence *rival_sequence(team_job job, void (*call)(void *), void *context)
{
    struct sequence *s = need(sizeof *s);
    *s = (struct sequence){job, call, context};
    return s;
}

/* ---- memory ---- */

enum { BLOCKS_MAX = 64 };
static struct block {
    void *at;
    size_t bytes;
} blocks[BLOCKS_MAX];
static int block_count;

static void touch(void *context, int worker, int workers)
{
    struct block *m = context;
    size_t first = rival_share(m->bytes, 4096, worker, workers), last = rival_share(m->bytes, 4096, worker + 1, workers);
    memset((char *)m->at + first, 0, last - first);
}

float *rival_memory(struct bench *b, size_t floats)
{
    struct block *m = &blocks[block_count];
    m->bytes = (floats * 4 + PAGE - 1) / PAGE * PAGE;
    if (block_count == BLOCKS_MAX || posix_memalign(&m->at, PAGE, m->bytes) != 0)
        abort();
    block_count++;
    madvise(m->at, m->bytes, MADV_HUGEPAGE);
    team_begin(b->team);
    team_run(b->team, touch, m);
    team_end(b->team);
    return m->at;
}

void rival_memory_clear(void)
{
    while (block_count > 0)
        free(blocks[--block_count].at);
}

size_t rival_share(size_t n, size_t grain, int worker, int workers)
{
    size_t at = (n + grain - 1) / grain * (size_t)worker / (size_t)workers * grain;
    return at < n ? at : n;
}

/* ---- contests ---- */

int contest_add(struct contest *c, const char *label, struct device *d, struct sequence *s, double work)
{
    c->subjects[c->count] = subject_of(need_string(label), d, s, 1, 0);
    c->subjects[c->count].team = 1;
    c->work[c->count] = work;
    return c->count++;
}

bool contest_run(struct contest *c, double seconds, struct error *e)
{
    for (int i = 0; i < c->count; i++)
        c->subjects[i].rule.max_s = seconds / c->count;
    if (!sample_all(c->subjects, c->count, NULL, "", e))
        return false;
    for (int i = 0; i < c->count; i++) {
        struct interval t = stats_interval(c->subjects[i].ns, (size_t)c->subjects[i].n, 0.95);
        printf("  %-44s %9.3f ms", c->subjects[i].label, t.median * 1e-6);
        if (c->work[i] > 0)
            printf(" %9.1f %s", c->work[i] / t.median, c->unit);
        printf("   (+- %.1f %%, %d samples)\n", 50 * (t.high - t.low) / t.median, t.n);
    }
    return true;
}

void contest_ratio(const struct contest *c, int a, int b, const char *what, const char *asked)
{
    const struct subject *x = &c->subjects[a], *y = &c->subjects[b];
    int n = x->n < y->n ? x->n : y->n;
    struct interval r = stats_ratio(y->ns, x->ns, (size_t)n);
    double f = c->work[a] > 0 && c->work[b] > 0 ? c->work[a] / c->work[b] : 1;
    printf("  -> %-58s %.3f (%.3f to %.3f)   asked %s\n", what, r.median * f, r.low * f, r.high * f, asked);
}

int contest_best(const struct contest *c, int first, int last)
{
    int best = first;
    double rate = 0;
    for (int i = first; i < last; i++) {
        double own = c->work[i] / stats_median(c->subjects[i].ns, (size_t)c->subjects[i].n);
        if (own > rate)
            rate = own, best = i;
    }
    return best;
}

void contest_clear(struct contest *c)
{
    for (int i = 0; i < c->count; i++) {
        free((char *)c->subjects[i].label);
        subject_clear(&c->subjects[i]);
    }
    c->count = 0;
}

/* ---- the project's own ---- */

struct workload *own_workload(struct bench *b, struct plan *plan, struct error *e)
{
    struct workload *w = plan ? workload_open(b->pool, plan, e) : NULL;
    if (w && !workload_warm(w, false, e)) {
        workload_close(w);
        return NULL;
    }
    return w;
}

struct workload *own_kernel(struct bench *b, const char *name, const struct shape_entry *shape, int count, struct error *e)
{
    struct kernel *k = kernel_find_for(name, LANGUAGE_C, e);
    struct workload *w = k ? own_workload(b, kernel_plan(k, shape, count, NULL, e), e) : NULL;
    kernel_free(k);
    return w;
}

struct workload *own_chain(struct bench *b, const char *text, const char *grouping, uint64_t rows, uint64_t cols, struct error *e)
{
    int sizes[CHAIN_MAX];
    struct chain *chain = chain_parse(text, e);
    int groups = chain ? chain_grouping(chain, grouping, sizes, e) : 0;
    struct chain_options o = {.rows = rows, .cols = cols};
    struct plan *plan = groups ? chain_plan(chain, sizes, groups, &b->device->info, &o, e) : NULL;
    chain_free(chain);
    return own_workload(b, plan, e);
}

bool own_copies(struct bench *b, struct contest *c, double tensor_bytes, struct error *e)
{
    static const enum access kinds[] = {ACCESS_STREAM, ACCESS_PLAIN};
    for (int i = 0; i < 2; i++) {
        struct probe q = {.ceiling = {.kind = CEILING_BANDWIDTH, .mix = MIX_COPY, .via = VIA_NATIVE, .access = kinds[i],
                                      .workgroup = (int)b->device->info.threads, .footprint_bytes = 2 * tensor_bytes}};
        if (!probe_open(&q, b->pool, 0.002, e))
            return false;
        contest_add(c, i ? "rooflab copy, plain" : "rooflab copy, past the caches", b->device, q.sequence, q.work);
    }
    return true;
}
