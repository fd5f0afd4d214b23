/* Multiply-adds in registers, written without the project's probes: as many sums beside each other as hide the latency. And
 * what a second thread is worth where arithmetic binds. */
#include <stdio.h>

#include "harness/kernel/kernel.h"
#include "harness/measure/ceilings.h"
#include "harness/rivals/rival.h"
#include "harness/rivals/vector.h"

enum { SUMS = 12, TURNS = 1000000 };

static void fma_loop(void *context, int worker, int workers)
{
    float *out = context;
    vec sum[SUMS], x = vector_load(out), y = vector_load(out + WIDTH);
    (void)workers;
    for (int i = 0; i < SUMS; i++)
        sum[i] = x + (float)(i + worker);
    for (int t = 0; t < TURNS; t++)
#pragma GCC unroll 16
        for (int i = 0; i < SUMS; i++)
            sum[i] = sum[i] * x + y;
    for (int i = 1; i < SUMS; i++)
        sum[0] += sum[i];
    *(vec *)(out + 1024 + worker * 64) = sum[0];
}

static bool own_fma(struct bench *b, struct contest *c, const char *label, struct error *e)
{
    struct probes p = {0};
    probes_compute(&p, &b->device->info, "fma", 4, 4);
    bool ok = probe_open(&p.list[0], b->pool, 0.02, e);
    if (ok)
        contest_add(c, label, b->device, p.list[0].sequence, p.list[0].work);
    return ok;
}

static bool own_gemm(struct bench *b, struct contest *c, const char *label, struct error *e)
{
    const struct shape_entry shape[] = {{"m", 1024}, {"n", 1024}, {"k", 1024}};
    struct workload *w = own_kernel(b, "gemm/25-any-shape", shape, 3, e);
    if (w)
        contest_add(c, label, b->device, w->sequence, 2.0 * 1024 * 1024 * 1024);
    return w;
}

bool rivals_arithmetic(struct error *e)
{
    struct bench all = {0}, one = {0};
    struct contest c = {.unit = "GFLOP/s"};
    bool ok = bench_open(&all, 0, e) && bench_open(&one, 1, e);
    float *out = ok ? rival_memory(&all, 1 << 20) : NULL;
    for (int i = 0; out && i < 2 * WIDTH; i++)
        out[i] = 0.5f;
    ok = ok && own_fma(&all, &c, "rooflab fma ceiling", e) && own_fma(&one, &c, "rooflab fma ceiling, one thread", e) &&
         own_gemm(&all, &c, "gemm/25-any-shape 1024^3", e) && own_gemm(&one, &c, "gemm/25-any-shape 1024^3, one thread", e);
    if (ok) {
        const double flops = 2.0 * TURNS * SUMS * WIDTH;
        contest_add(&c, "a loop of fma", all.rivals, rival_sequence(fma_loop, NULL, out), flops * all.device->info.threads);
        printf("arithmetic: %u threads\n", all.device->info.threads);
        ok = contest_run(&c, 4, e);
    }
    if (ok) {
        contest_ratio(&c, 0, 4, "fma ceiling / independent loop", "0.90 to 1.10");
        if (all.device->info.threads == 2) {
            contest_ratio(&c, 0, 1, "fma: two threads / one", ">= 1.85");
            contest_ratio(&c, 2, 3, "gemm: two threads / one", ">= 1.85");
        }
    }
    contest_clear(&c);
    rival_memory_clear();
    bench_close(&one);
    bench_close(&all);
    return ok;
}
