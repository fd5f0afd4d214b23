/* STREAM's four (McCalpin), each with plain stores and with stores past the caches, and a copy of the second kind written as
 * plainly as can be: against the project's copy ceiling. Bytes are counted as STREAM does: what is read and what is written. */
#include <stdio.h>

#include "harness/rivals/rival.h"
#include "harness/rivals/vector.h"

enum { ARRAY_FLOATS = 128 << 20 }; /* 512 MiB each */

struct stream {
    const char *name;
    int arrays;
    team_job job;
};

static float *a, *b, *c;

#define RANGE size_t i = rival_share(ARRAY_FLOATS, 1024, worker, workers), \
                     end = rival_share(ARRAY_FLOATS, 1024, worker + 1, workers); (void)context

static const float factor = 3.0f;

/* The four differ in one expression; past the caches the same is said of whole vectors. */
#define FOUR(name, to, plain, vector) \
    static void name(void *context, int worker, int workers) \
    { RANGE; for (; i < end; i++) to[i] = plain; } \
    static void name##_past(void *context, int worker, int workers) \
    { RANGE; for (; i < end; i += WIDTH) vector_store_past(to + i, vector); }
#define V(x) vector_load(x + i)
FOUR(copy, c, a[i], V(a))
FOUR(scale, b, factor * c[i], factor * V(c))
FOUR(add, c, a[i] + b[i], V(a) + V(b))
FOUR(triad, a, b[i] + factor * c[i], V(b) + factor * V(c))

/* Four lines at a time, asked for well ahead. */
static void own_copy(void *context, int worker, int workers)
{
    RANGE;
    for (; i < end; i += 64) {
        vec t[64 / WIDTH];
        for (int k = 0; k < 4; k++)
            __builtin_prefetch(a + i + 2048 + 16 * k);
        for (int k = 0; k < 64 / WIDTH; k++)
            t[k] = vector_load(a + i + k * WIDTH);
        for (int k = 0; k < 64 / WIDTH; k++)
            vector_store_past(c + i + k * WIDTH, t[k]);
    }
}

static const struct stream streams[] = {
    {"STREAM copy", 2, copy},   {"STREAM copy, past the caches", 2, copy_past},
    {"STREAM scale", 2, scale}, {"STREAM scale, past the caches", 2, scale_past},
    {"STREAM add", 3, add},     {"STREAM add, past the caches", 3, add_past},
    {"STREAM triad", 3, triad}, {"STREAM triad, past the caches", 3, triad_past},
    {"a copy past the caches", 2, own_copy},
};
enum { STREAMS = sizeof streams / sizeof *streams };

bool rivals_memory(struct error *e)
{
    struct bench k = {0};
    struct contest t = {.unit = "GB/s"};
    bool ok = bench_open(&k, 0, e) && own_copies(&k, &t, ARRAY_FLOATS * 4.0, e);
    if (ok) {
        a = rival_memory(&k, ARRAY_FLOATS), b = rival_memory(&k, ARRAY_FLOATS), c = rival_memory(&k, ARRAY_FLOATS);
        for (int i = 0; i < STREAMS; i++)
            contest_add(&t, streams[i].name, k.rivals, rival_sequence(streams[i].job, NULL, NULL),
                        ARRAY_FLOATS * 4.0 * streams[i].arrays);
        printf("memory: arrays of 512 MiB\n");
        ok = contest_run(&t, 12, e);
    }
    if (ok)
        contest_ratio(&t, contest_best(&t, 0, 2), contest_best(&t, 2, t.count), "copy ceiling / best of STREAM's four and a copy", ">= 0.95");
    contest_clear(&t);
    rival_memory_clear();
    bench_close(&k);
    return ok;
}
