/* OpenBLAS' sgemm against gemm/25-any-shape. OpenBLAS is told which core it runs on: of cores that it does not know it takes
 * the oldest, and an environment may name a wrong one. Its threads are told to sleep soon after their work, or they would
 * take the processors from who comes next. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/kernel.h"
#include "harness/rivals/rival.h"

typedef void (*sgemm_function)(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                               const float *b, int ldb, float beta, float *c, int ldc);
enum { ROW_MAJOR = 101, PLAIN = 111 };

struct product {
    sgemm_function sgemm;
    int m, n, k;
    float *a, *b, *c;
};

static void call_sgemm(void *context)
{
    const struct product *p = context;
    p->sgemm(ROW_MAJOR, PLAIN, PLAIN, p->m, p->n, p->k, 1, p->a, p->k, p->b, p->n, 0, p->c, p->n);
}

static const char *core_type(void)
{
#if defined __x86_64__
    return __builtin_cpu_supports("avx512bf16")   ? "Cooperlake"
           : __builtin_cpu_supports("avx512f")    ? "SkylakeX"
           : !__builtin_cpu_supports("avx2")      ? NULL
           : __builtin_cpu_is("amd")              ? "Zen"
                                                  : "Haswell";
#else
    return NULL;
#endif
}

static sgemm_function load_blas(const struct bench *b, struct error *e)
{
    const char *core = core_type(), *was = getenv("OPENBLAS_CORETYPE");
    char threads[16];
    snprintf(threads, sizeof threads, "%u", b->device->info.threads);
    if (core && was && strcmp(core, was) != 0)
        printf("OPENBLAS_CORETYPE was %s; it is %s for this run\n", was, core);
    if (core)
        setenv("OPENBLAS_CORETYPE", core, 1);
    setenv("OPENBLAS_NUM_THREADS", threads, 1);
    setenv("OPENBLAS_THREAD_TIMEOUT", "18", 1); /* 2^18 cycles */
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (!library) {
        error_set(e, EXIT_ENVIRONMENT, "OpenBLAS is not here (%s). `make rivals` installs it.", dlerror());
        return NULL;
    }
    char *(*name)(void) = NULL, *(*config)(void) = NULL;
    sgemm_function sgemm = NULL;
    void *found = dlsym(library, "openblas_get_corename");
    memcpy(&name, &found, sizeof found);
    found = dlsym(library, "openblas_get_config");
    memcpy(&config, &found, sizeof found);
    found = dlsym(library, "cblas_sgemm");
    memcpy(&sgemm, &found, sizeof found);
    printf("%s, core %s\n", config ? config() : "OpenBLAS", name ? name() : "unknown");
    return sgemm ? sgemm : (error_set(e, EXIT_ENVIRONMENT, "libopenblas.so.0 has no cblas_sgemm"), NULL);
}

static const struct shape {
    int m, n, k;
    const char *asked;
} shapes[] = {
    {1024, 1024, 1024, ">= 0.85, better 1"}, {2048, 2048, 2048, ">= 0.85, better 1"}, {512, 512, 512, ""},
    {1000, 1003, 997, ">= 0.75, better 1"},  {64, 4096, 4096, ">= 0.75, better 1"},   {4096, 64, 4096, ">= 0.75, better 1"},
    {1, 4096, 4096, ">= 0.75, better 1"},    {4096, 1, 4096, ">= 0.75, better 1"},    {4096, 4096, 16, ">= 0.75, better 1"},
    {64, 64, 65536, ">= 0.75, better 1"},    {17, 4099, 1031, ">= 0.75, better 1"},   {100, 100, 100, ""},
};

/* The project's own result is in the workload's buffer; both are sums of products of the same numbers. */
static bool same_result(struct bench *b, const struct workload *w, const struct product *p, struct error *e)
{
    size_t count = (size_t)p->m * (size_t)p->n;
    float *own = need(count * 4);
    bool ok = device_download(b->device, w->buffers[2], 0, own, count * 4, e);
    call_sgemm((void *)p);
    for (size_t i = 0; ok && i < count; i++)
        if (!(fabsf(own[i] - p->c[i]) <= 4e-6f * sqrtf((float)p->k)))
            ok = error_set(e, EXIT_CHECK, "element %zu of the product is %.9g, OpenBLAS says %.9g", i, (double)own[i],
                           (double)p->c[i]);
    free(own);
    return ok;
}

static bool contest_of(struct bench *b, sgemm_function sgemm, const struct shape *s, struct error *e)
{
    const struct shape_entry shape[] = {{"m", (uint64_t)s->m}, {"n", (uint64_t)s->n}, {"k", (uint64_t)s->k}};
    const size_t m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
    struct product p = {sgemm, s->m, s->n, s->k, rival_memory(b, m * k), rival_memory(b, k * n), rival_memory(b, m * n)};
    struct workload *w = own_kernel(b, "gemm/25-any-shape", shape, 3, e);
    struct contest c = {.unit = "GFLOP/s"};
    char label[64];
    bool ok = w;
    if (ok) {
        tensor_fill(&w->plan->tensors[0], 0, m * k, p.a);
        tensor_fill(&w->plan->tensors[1], 0, k * n, p.b);
        ok = same_result(b, w, &p, e);
    }
    if (ok) {
        contest_add(&c, "gemm/25-any-shape", b->device, w->sequence, 2.0 * m * n * k);
        contest_add(&c, "OpenBLAS sgemm", b->rivals, rival_sequence(NULL, call_sgemm, &p), 2.0 * m * n * k);
        snprintf(label, sizeof label, "%d x %d x %d: own / OpenBLAS", s->m, s->n, s->k);
        ok = contest_run(&c, 1.5, e);
    }
    if (ok)
        contest_ratio(&c, 0, 1, label, s->asked);
    contest_clear(&c);
    workload_close(w);
    rival_memory_clear();
    return ok;
}

bool rivals_blas(struct error *e)
{
    struct bench b = {0};
    bool ok = bench_open(&b, 0, e);
    sgemm_function sgemm = ok ? load_blas(&b, e) : NULL;
    for (size_t i = 0; sgemm && ok && i < sizeof shapes / sizeof *shapes; i++)
        ok = contest_of(&b, sgemm, &shapes[i], e);
    bench_close(&b);
    return ok && sgemm;
}
