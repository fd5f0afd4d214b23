/* Operators in a kernel's stores: the same numbers as separate kernels give, whatever the store writes; and what cannot
 * be an epilogue is refused with what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/epilogue.h"
#include "harness/measure/verify.h"
#include "harness/tests/support_kernel.h"
#include "harness/tests/support_vulkan.h"

static const char *const variants[] = {"alone", "unfused", "apart", "fused"};

static void right(struct device *d, const char *text, enum epilogue_variant v, uint64_t m, uint64_t n, uint64_t k)
{
    struct error e = {0};
    struct verification seen = {0};
    const struct shape_entry shape[] = {{"m", m}, {"n", n}, {"k", k}};
    uint32_t tune[KERNEL_TUNE_MAX];
    struct epilogue *p = epilogue_parse(text, d->info.language, &e);
    if (!p)
        fail_msg("%s", e.text);
    kernel_tune_default(p->kernel, &d->info, tune);
    struct pool *pool = pool_open(d);
    struct plan *plan = epilogue_plan(p, v, shape, 3, tune, &d->info, &e);
    struct workload *w = plan ? workload_open(pool, plan, &e) : NULL;
    if (!w || !verify(w, VERIFY_ALL_ROWS, &seen, &e))
        fail_msg("%s %s: %s", text, variants[v], e.text);
    if (!seen.passed)
        fail_msg("%s %s: %s", text, variants[v], seen.why);
    workload_close(w);
    pool_close(pool);
    epilogue_free(p);
}

/* Vectors of texels, vectors of storage buffers, single floats; a tensor per column, one per element, arguments, an index. */
static void test_right(void **state)
{
    (void)state;
    struct device *d = vulkan_with("");
    for (enum epilogue_variant v = EPILOGUE_ALONE; v < EPILOGUE_VARIANTS; v++)
        right(d, "gemm/3-shared|bias|gelu|add", v, 19, 33, 7);
    right(d, "gemm/10-texel|bias|gelu|add", EPILOGUE_FUSED, 67, 71, 37);
    right(d, "gemm/9-registers|scale(2)|mul|dropout(0.3)", EPILOGUE_FUSED, 5, 13, 3);
    right(d, "gemm/2-coalesced|dropout(0.3)|bias|bias", EPILOGUE_FUSED, 5, 13, 3);
    device_close(d);
}

static void test_native(void **state)
{
    (void)state;
    struct error e = {0};
    struct device *d = device_open("native", &e);
    if (!d)
        skip();
    for (enum epilogue_variant v = EPILOGUE_ALONE; v < EPILOGUE_VARIANTS; v++)
        right(d, "gemm/24-packed|bias|gelu|add|dropout(0.3)", v, 67, 71, 37);
    device_close(d);
}

static void test_fused_has_one_step(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info device = {.computes = true, .hardware = true, .subgroup_size = 32, .max_invocations = 256,
                                 .max_groups = {65535, 65535, 65535}};
    struct epilogue *p = epilogue_parse("gemm/3-shared|bias|add", LANGUAGE_GLSL, &e);
    assert_non_null(p);
    struct plan *fused = epilogue_plan(p, EPILOGUE_FUSED, NULL, 0, NULL, &device, &e);
    struct plan *unfused = epilogue_plan(p, EPILOGUE_UNFUSED, NULL, 0, NULL, &device, &e);
    assert_true(fused && unfused);
    assert_int_equal(fused->step_count, 1);
    assert_int_equal(unfused->step_count, 3);
    assert_string_equal(fused->steps[0].label, "gemm/3-shared|bias|add");
    assert_string_equal(fused->variant, "fused");
    /* a, b, c and the residual are whole matrices, the bias is a row; unfused each operator reads and writes one more */
    double s = 512 * 512 * 4, row = 512 * 4;
    assert_float_equal(plan_bytes_compulsory(fused), 4 * s + row, 0);
    assert_float_equal(plan_bytes_compulsory(unfused), 3 * s + (2 * s + row) + 3 * s, 0);
    plan_free(fused);
    plan_free(unfused);
    epilogue_free(p);
}

static void refused(const char *text, const char *says)
{
    struct error e = {0};
    assert_null(epilogue_parse(text, LANGUAGE_GLSL, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_says(e.text, says);
}

static void test_refused(void **state)
{
    (void)state;
    refused("gemm/10-texel", "no operator behind the kernel|gemm/10-texel|bias");
    refused("gemm/10-texel|layernorm", "layernorm needs whole rows|map operators");
    refused("gemm/10-texel|to_f16", "to_f16 changes the type");
    refused("gemm/10-texel|gelo", "gelo|gelu");
    refused("copy/1-float|bias", "1-float.comp has no place for an epilogue|EPILOGUE");
    refused("gemm/10-texels|bias", "10-texel");
    assert_false(epilogue_is("bias|gelu"));
    assert_false(epilogue_is("scale(1/2)|gelu"));
    assert_true(epilogue_is("gemm/10-texel|bias"));
}

static void a_header_is_refused(void)
{
    static const struct {
        const char *line, *says;
    } bad[] = {{"//! epilogue a float\n", "out buffer|'a'"}, {"//! epilogue y vec3\n", "epilogue y float"},
               {"//! epilogue z vec4\n", "out buffer|'z'"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[400];
        struct error e = {0};
        snprintf(text, sizeof text,
                 "//! kernel op/rung\n//! shape n=8\n//! buffer a in f32[n]\n//! buffer y out f32[n]\n"
                 "//! launch groups=1\n%s", bad[i].line);
        assert_null(house_kernel("op/rung.comp", text, &e));
        assert_says(e.text, bad[i].says);
    }
}

/* The header promises a hook that the source does not have. */
static void a_hook_is_wanted(void)
{
    struct error e = {0};
    struct device_info device = {.computes = true, .hardware = true, .subgroup_size = 32, .max_invocations = 256,
                                 .max_groups = {65535, 65535, 65535}};
    struct kernel *k = house_kernel("op/rung.comp", "//! kernel op/rung\n//! shape m=8 n=8 k=8\n//! buffer a in f32[m,k]\n"
                                    "//! buffer b in f32[k,n]\n//! buffer c out f32[m,n]\n//! reference gemm\n//! launch groups=1\n"
                                    "//! epilogue c float\n", &e);
    struct chain *chain = chain_parse("relu", &e);
    if (!k || !chain)
        fail_msg("%s", e.text);
    struct epilogue p = {.text = "op/rung|relu", .kernel = k, .chain = chain};
    assert_null(epilogue_plan(&p, EPILOGUE_FUSED, NULL, 0, NULL, &device, &e));
    assert_says(e.text, "rung.comp|#ifndef EPILOGUE");
    kernel_free(k);
    chain_free(chain);
}

static void test_header(void **state)
{
    (void)state;
    a_header_is_refused();
    a_hook_is_wanted();
}

int main(void)
{
    house_own(false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),
        cmocka_unit_test(test_native),
        cmocka_unit_test(test_fused_has_one_step),
        cmocka_unit_test(test_refused),
        cmocka_unit_test_setup_teardown(test_header, house_make, house_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
