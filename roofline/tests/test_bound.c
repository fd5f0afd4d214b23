/* The bound t >= k*S/B with the textbook's numbers, and the verdict at its edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "roofline/bound.h"
#include "roofline/tests/near.h"

static void bound_is_bytes_over_bandwidth(void **state)
{
    (void)state;
    assert_near(bound_ns(512e6, 320e9), 1.6e6, 1e-6);
    assert_near(bound_ns(0, 320e9), 0, 0);
}

static void bound_without_a_number_does_not_exist(void **state)
{
    (void)state;
    assert_true(isnan(bound_ns(NAN, 320e9)));
    assert_true(isnan(bound_ns(1e6, NAN)));
    assert_true(isnan(bound_ns(1e6, 0)));
    assert_true(isnan(bound_ns(1e6, -1)));
}

static void verdict_follows_the_limits(void **state)
{
    (void)state;
    static const struct {
        double lower, upper, bound;
        enum verdict verdict;
    } rows[] = {
        {110, 120, 100, VERDICT_HOLDS},
        {100, 120, 100, VERDICT_HOLDS}, /* L = bound still holds */
        {99, 101, 100, VERDICT_UNRESOLVED},
        {90, 100, 100, VERDICT_UNRESOLVED}, /* U = bound is not yet beaten */
        {90, 99.999, 100, VERDICT_BEATEN},
        {100, 100, 100, VERDICT_HOLDS}, /* a simulated device without noise */
        {1, 2, 0, VERDICT_HOLDS},
        {NAN, 120, 100, VERDICT_NONE},
        {110, NAN, 100, VERDICT_NONE},
        {110, 120, NAN, VERDICT_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(bound_verdict(rows[i].lower, rows[i].upper, rows[i].bound), rows[i].verdict);
}

static void check_plan(const struct bound_plan *p, const char *name, int kernels, double passes, double bytes,
                       double time_ns)
{
    assert_string_equal(p->name, name);
    assert_int_equal(p->kernels, kernels);
    assert_near(p->passes, passes, 0);
    assert_near(p->bytes, bytes, 0);
    assert_near(p->time_ns, time_ns, 1e-6);
}

static void textbook_chain(void **state)
{
    (void)state;
    struct bound_plan unfused, fused;
    const double passes[] = {2, 2, 2, 2}; /* layernorm, bias, gelu, dropout */
    bound_plans(passes, 4, 64e6, 320e9, &unfused, &fused);
    check_plan(&unfused, "unfused", 4, 8, 512e6, 1.6e6);
    check_plan(&fused, "fused", 1, 2, 128e6, 0.4e6);
}

static void second_tensor_is_read_once_more(void **state)
{
    (void)state;
    struct bound_plan unfused, fused;
    const double passes[] = {2, 3, 2}; /* gelu, add a residual tensor, dropout */
    bound_plans(passes, 3, 64e6, 320e9, &unfused, &fused);
    check_plan(&unfused, "unfused", 3, 7, 448e6, 1.4e6);
    check_plan(&fused, "fused", 1, 3, 192e6, 0.6e6);
}

static void one_operator_gains_nothing_and_none_costs_nothing(void **state)
{
    (void)state;
    struct bound_plan unfused, fused;
    const double passes[] = {3};
    bound_plans(passes, 1, 64e6, 320e9, &unfused, &fused);
    check_plan(&unfused, "unfused", 1, 3, 192e6, 0.6e6);
    check_plan(&fused, "fused", 1, 3, 192e6, 0.6e6);
    bound_plans(passes, 0, 64e6, 320e9, &unfused, &fused);
    check_plan(&unfused, "unfused", 0, 0, 0, 0);
    check_plan(&fused, "fused", 0, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_is_bytes_over_bandwidth),
        cmocka_unit_test(bound_without_a_number_does_not_exist),
        cmocka_unit_test(verdict_follows_the_limits),
        cmocka_unit_test(textbook_chain),
        cmocka_unit_test(second_tensor_is_read_once_more),
        cmocka_unit_test(one_operator_gains_nothing_and_none_costs_nothing),
    };
    return cmocka_run_group_tests_name("bound", tests, NULL, NULL);
}
