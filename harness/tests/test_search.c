/* The search of tune values: what is skipped before compiling, who wins (on a machine on paper, where that is known), and what
 * is kept and found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/shader.h"
#include "harness/measure/tuned.h"
#include "harness/tests/support_kernel.h"

#define DEVICE "sim:B=1TB/s,P=1GFLOP/s,launch=0,noise=0"

/* Time goes with TM; WG is the workgroup's size, and TM*WG beyond 1024 is not to be tried. */
static const char kernel_text[] = "#version 450\n"
                                  "//! kernel   my/tuned\n"
                                  "//! shape    n=64\n"
                                  "//! buffer   x in f32[n]\n"
                                  "//! buffer   y out f32[n]\n"
                                  "//! flops    1000000*TM+WG\n"
                                  "//! launch   groups=1\n"
                                  "//! tune     TM 4 1 2 8 software=2\n"
                                  "//! tune     WG 64 128 1000000\n"
                                  "//! valid    TM*(WG%1000000)<=512\n"
                                  "layout(local_size_x_id = 1) in;\n"
                                  "layout(constant_id = 0) const uint TM = 4;\n"
                                  "layout(constant_id = 1) const uint WG = 64;\n"
                                  "layout(push_constant) uniform S { uint n; };\n"
                                  "layout(binding = 0) readonly buffer X { float x[]; };\n"
                                  "layout(binding = 1) writeonly buffer Y { float y[]; };\n"
                                  "void main() { y[gl_LocalInvocationID.x] = x[0] * float(TM); }\n";

struct world {
    struct device *d;
    struct pool *pool;
    struct kernel *k;
};

static struct world world_open(void)
{
    struct error e = {0};
    struct world w = {.d = device_open(DEVICE, &e)};
    assert_non_null(w.d);
    w.pool = pool_open(w.d);
    w.k = house_kernel("my.comp", kernel_text, &e);
    if (!w.k)
        fail_msg("%s", e.text);
    return w;
}

static void world_close(struct world *w)
{
    kernel_free(w->k);
    pool_close(w->pool);
    device_close(w->d);
}

static const struct candidate *candidate(const struct search *s, uint32_t tm, uint32_t wg)
{
    for (int i = 0; i < s->count; i++)
        if (s->list[i].values[0] == tm && s->list[i].values[1] == wg)
            return &s->list[i];
    fail_msg("TM=%u WG=%u is not in the list", tm, wg);
    return NULL;
}

static void test_winner(void **state)
{
    (void)state;
    struct error e = {0};
    struct search s;
    char words[80];
    struct world w = world_open();
    if (!search_run(&s, w.k, NULL, 0, w.pool, 60, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(s.count, 12);
    search_values(w.k, s.list[s.standard].values, words, sizeof words);
    assert_string_equal(words, "TM=4 WG=64");
    search_values(w.k, s.list[s.best].values, words, sizeof words);
    assert_string_equal(words, "TM=1 WG=64");
    assert_true(s.speedup.median > 3.99 && s.speedup.median < 4.01);
    assert_string_equal(candidate(&s, 8, 128)->why, "the header wants TM*(WG%1000000)<=512");
    assert_non_null(strstr(candidate(&s, 1, 1000000)->why, "its workgroup has 1000000 x 1 x 1 invocations"));
    assert_int_equal(candidate(&s, 8, 128)->status, RUN_SKIPPED);
    assert_int_equal(s.skipped, 5);
    assert_int_equal(s.compiled, 7);
    assert_true(candidate(&s, 1, 64)->rounds > candidate(&s, 8, 64)->rounds);
    assert_false(s.budget_spent);
    search_clear(&s);
    world_close(&w);
}

/* Without time only the default is compiled: it is the best there is. */
static void test_budget(void **state)
{
    (void)state;
    struct error e = {0};
    struct search s;
    struct world w = world_open();
    assert_true(search_run(&s, w.k, NULL, 0, w.pool, 0, NULL, &e));
    assert_true(s.budget_spent && s.compiled == 1 && s.best == s.standard && s.speedup.n == 0);
    assert_string_equal(candidate(&s, 1, 64)->why, "the time for compiling was spent");
    search_clear(&s);
    struct shape_entry wrong = {"rows", 5};
    assert_false(search_run(&s, w.k, &wrong, 1, w.pool, 60, NULL, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    search_clear(&s);
    world_close(&w);
}

static void put(const char *path, const char *text)
{
    struct error e = {0};
    char folder[600];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    if (!folder_make(folder, &e) || !file_write(path, text, strlen(text), &e))
        fail_msg("%s", e.text);
}

/* What was found is taken again for the same device, driver, shape and source, and for nothing else. */
static void test_kept(void **state)
{
    (void)state;
    struct error e = {0};
    struct search s;
    struct world w = world_open();
    uint32_t values[KERNEL_TUNE_MAX];
    setenv("ROOFLAB_RESULTS", house_path("results"), 1);
    assert_false(tuned_values(&w.d->info, w.k, NULL, 0, values));
    assert_int_equal(values[0], 4);
    assert_true(search_run(&s, w.k, NULL, 0, w.pool, 60, NULL, &e));
    char *path = tuned_path(NULL, &w.d->info, w.k, s.shape, &e), *text = tuned_text(&s, &w.d->info);
    assert_true(path && text);
    put(path, text);
    assert_true(tuned_values(&w.d->info, w.k, NULL, 0, values));
    assert_true(values[0] == 1 && values[1] == 64);

    struct shape_entry other = {"n", 65};
    assert_false(tuned_values(&w.d->info, w.k, &other, 1, values));
    struct device_info newer = w.d->info;
    snprintf(newer.driver, sizeof newer.driver, "a newer one");
    assert_false(tuned_values(&newer, w.k, NULL, 0, values));
    assert_int_equal(values[0], 4);
    struct device_info soft = w.d->info;
    soft.hardware = false;
    soft.computes = true;
    snprintf(soft.driver, sizeof soft.driver, "another");
    assert_false(tuned_values(&soft, w.k, NULL, 0, values));
    assert_int_equal(values[0], 2); /* a software device's own default */
    memcpy(strstr(text, "\"hash\": \"") + 9, "0000", 4);
    put(path, text);
    assert_false(tuned_values(&w.d->info, w.k, NULL, 0, values));
    put(path, "{\"schema\": [");
    assert_false(tuned_values(&w.d->info, w.k, NULL, 0, values));
    unsetenv("ROOFLAB_RESULTS");
    free(text);
    free(path);
    search_clear(&s);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_winner),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_kept),
    };
    int failed = cmocka_run_group_tests(tests, house_make, house_remove);
    shader_forget();
    return failed;
}
