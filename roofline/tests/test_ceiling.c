/* Looking up ceilings: the bound takes the highest rate that could be true, the roof the nearest kernel. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "roofline/ladder.h"
#include "roofline/tests/near.h"

#define SET(array) ((struct ceilings){(array), (int)(sizeof(array) / sizeof((array)[0])), false})
#define NONE ((struct ceilings){NULL, 0, false})

static struct ceiling band(enum mix mix, enum via via, double footprint, double median, double high)
{
    return (struct ceiling){.kind = CEILING_BANDWIDTH, .mix = mix, .via = via, .footprint_bytes = footprint,
                            .value = {median, median * 0.9, high, 12}};
}

static struct ceiling compute(const char *type, const char *op, int width, double rate)
{
    struct ceiling c = {.kind = CEILING_COMPUTE, .width = width, .value = {rate, rate, rate, 12}};
    snprintf(c.type, sizeof c.type, "%s", type);
    snprintf(c.op, sizeof c.op, "%s", op);
    return c;
}

static struct ceiling launch(double ns)
{
    return (struct ceiling){.kind = CEILING_LAUNCH, .value = {ns, ns, ns, 12}};
}

static void bound_rate_is_the_highest_upper_limit_from_f0_on(void **state)
{
    (void)state;
    const struct ceiling list[] = {
        band(MIX_READ, VIA_SHADER, 1e6, 900, 990), band(MIX_COPY, VIA_SHADER, 1e6, 800, 850),
        band(MIX_READ, VIA_SHADER, 8e6, 500, 510), band(MIX_COPY, VIA_COMMAND, 8e6, 490, 560),
        band(MIX_READ, VIA_SHADER, 64e6, 300, 310), band(MIX_WRITE, VIA_NATIVE, 64e6, 250, 340),
        band(MIX_READ, VIA_SHADER, 256e6, 320, 330),
    };
    struct ceilings c = SET(list);
    assert_near(ceilings_bound_rate(c, 1e6), 990, 0);
    assert_near(ceilings_bound_rate(c, 7.9e6), 990, 0);   /* f0 is the node below, not the nearest */
    assert_near(ceilings_bound_rate(c, 8e6), 560, 0);     /* commands count, by the limit, not the median */
    assert_near(ceilings_bound_rate(c, 63e6), 560, 0);
    assert_near(ceilings_bound_rate(c, 64e6), 340, 0);    /* any mix */
    assert_near(ceilings_bound_rate(c, 1e12), 330, 0);
    assert_near(ceilings_bound_rate(c, 10), 990, 0);      /* below every node: the smallest */
}

static void bound_rate_rises_over_a_larger_footprint(void **state)
{
    (void)state;
    const struct ceiling list[] = {
        band(MIX_COPY, VIA_SHADER, 1e6, 100, 110), /* dispatch spoils the small footprint */
        band(MIX_COPY, VIA_SHADER, 64e6, 300, 310),
    };
    assert_near(ceilings_bound_rate(SET(list), 1e6), 310, 0);
}

/* A triad reaches three times the footprint of a read whose buffer is as large; what only reads is faster than it. */
static void bound_rate_knows_reads_at_any_footprint(void **state)
{
    (void)state;
    const struct ceiling list[] = {
        band(MIX_READ, VIA_SHADER, 64e6, 300, 310),
        band(MIX_COPY, VIA_SHADER, 128e6, 150, 160),
        band(MIX_TRIAD, VIA_SHADER, 192e6, 200, 210),
    };
    assert_near(ceilings_bound_rate(SET(list), 250e6), 310, 0);
}

/* Addresses and loop counters of a kernel are no work; the random numbers of a chain are. */
static void a_kernels_roof_has_no_integers_in_it(void **state)
{
    (void)state;
    const struct ceiling list[] = {band(MIX_COPY, VIA_SHADER, 1e6, 1e9, 1e9), compute("f32", "fma", 4, 1e9), compute("i32", "int_mul", 4, 1e9)};
    struct ceilings c = {list, 3, true};
    struct run r = {.kernel = "gemm/3-tiled", .flops = 2000, .bytes_compulsory = 1000, .roof_bytes_per_s = 1e9, .roof_ns = 9000};
    r.ops[OP_FMA] = 1000;
    r.ops[OP_INT_MUL] = 7000;
    assert_near(kernel_roof_ns(c, &r), 3000, 1e-6); /* 1000 for the bytes, and 2 flops for each fma */
    c.serial = false; /* hardware does both at once */
    assert_near(kernel_roof_ns(c, &r), 2000, 1e-6);
    r.kernel = "scale|dropout(0.1)";
    assert_near(kernel_roof_ns(c, &r), 9000, 0);
    r.kernel = "gemm/14-int8";
    r.flops = 0;
    assert_near(kernel_roof_ns(c, &r), 9000, 0);
}

static void bound_rate_ignores_what_was_not_measured(void **state)
{
    (void)state;
    struct ceiling list[] = {
        band(MIX_COPY, VIA_SHADER, 1e6, 100, 110),
        band(MIX_COPY, VIA_SHADER, 4e6, 900, 990),
        compute("f32", "fma", 4, 1e13),
        band(MIX_READ, VIA_SHADER, 1e6, NAN, NAN),
    };
    list[1].value.n = 0;
    assert_near(ceilings_bound_rate(SET(list), 8e6), 110, 0);
    assert_true(isnan(ceilings_bound_rate(NONE, 1e6)));
    assert_true(isnan(ceilings_bound_rate((struct ceilings){list + 2, 2, false}, 1e6)));
}

static void roof_is_the_best_kernel_at_the_nearest_footprint(void **state)
{
    (void)state;
    const struct ceiling list[] = {
        band(MIX_COPY, VIA_SHADER, 1e6, 800, 850),   band(MIX_COPY, VIA_SHADER, 64e6, 280, 340),
        band(MIX_COPY, VIA_SHADER, 64e6, 300, 310),  band(MIX_COPY, VIA_COMMAND, 64e6, 400, 410),
        band(MIX_READ, VIA_SHADER, 64e6, 350, 360),  band(MIX_WRITE, VIA_NATIVE, 64e6, 200, 360),
    };
    struct ceilings c = SET(list);
    assert_ptr_equal(ceilings_roof(c, MIX_COPY, 64e6), &list[2]); /* median decides, commands are out */
    assert_ptr_equal(ceilings_roof(c, MIX_COPY, 9e6), &list[2]);  /* by ratio: 7.1 is nearer than 9 */
    assert_ptr_equal(ceilings_roof(c, MIX_COPY, 7e6), &list[0]);
    assert_ptr_equal(ceilings_roof(c, MIX_COPY, 8e6), &list[2]);  /* as near: the larger one */
    assert_ptr_equal(ceilings_roof(c, MIX_COPY, 0), &list[0]);
    assert_ptr_equal(ceilings_roof(c, MIX_READ, 1e6), &list[4]);
    assert_ptr_equal(ceilings_roof(c, MIX_WRITE, 64e6), &list[5]); /* native kernels are kernels */
}

static void roof_falls_back_to_copy_then_to_any(void **state)
{
    (void)state;
    const struct ceiling list[] = {
        band(MIX_READ, VIA_SHADER, 64e6, 350, 360),
        band(MIX_COPY, VIA_SHADER, 1e6, 300, 310),
        band(MIX_COPY, VIA_COMMAND, 64e6, 400, 410),
    };
    assert_ptr_equal(ceilings_roof(SET(list), MIX_TRIAD, 64e6), &list[1]);
    assert_ptr_equal(ceilings_roof((struct ceilings){list, 1, false}, MIX_TRIAD, 64e6), &list[0]);
    assert_null(ceilings_roof((struct ceilings){list + 2, 1, false}, MIX_COPY, 64e6));
    assert_null(ceilings_roof(NONE, MIX_COPY, 64e6));
}

static void op_rate_counts_fmas_once(void **state)
{
    (void)state;
    const struct ceiling list[] = {
        compute("f32", "fma", 1, 4e12), compute("f32", "fma", 4, 10e12), compute("f16", "fma", 4, 20e12),
        compute("f32", "exp", 1, 1e12), compute("i32", "int_mul", 1, 2e12),
    };
    struct ceilings c = SET(list);
    assert_near(ceilings_op_rate(c, OP_FMA), 5e12, 1);
    assert_near(ceilings_op_rate(c, OP_EXP), 1e12, 1);
    assert_near(ceilings_op_rate(c, OP_INT_MUL), 2e12, 1);
    assert_near(ceilings_op_rate(c, OP_ADD), 5e12, 1); /* an add costs what an fma costs */
    assert_true(isnan(ceilings_op_rate(c, OP_TANH)));
    assert_true(isnan(ceilings_op_rate(c, OP_INT_XOR)));
    assert_true(isnan(ceilings_op_rate(c, OP_COUNT)));
    assert_ptr_equal(ceilings_peak(c), &list[1]);
    assert_null(ceilings_peak(NONE));
}

static void add_and_mul_prefer_their_own_ceiling_then_the_pair(void **state)
{
    (void)state;
    const struct ceiling list[] = {
        compute("f32", "mul", 1, 7e12), compute("f32", "mul+add", 1, 6e12), compute("f32", "fma", 4, 10e12),
    };
    assert_near(ceilings_op_rate(SET(list), OP_MUL), 7e12, 1);
    assert_near(ceilings_op_rate(SET(list), OP_ADD), 6e12, 1);
    assert_near(ceilings_op_rate(SET(list), OP_FMA), 5e12, 1);
}

static void dispatch_is_the_lowest_measured_or_0(void **state)
{
    (void)state;
    const struct ceiling list[] = {launch(6000), launch(5000), band(MIX_COPY, VIA_SHADER, 1e6, 100, 110)};
    assert_near(ceilings_dispatch_ns(SET(list)), 5000, 0);
    assert_near(ceilings_dispatch_ns((struct ceilings){list + 2, 1, false}), 0, 0);
}

static void mix_by_share_and_ratio(void **state)
{
    (void)state;
    assert_int_equal(mix_of(100, 0), MIX_READ);
    assert_int_equal(mix_of(96, 4), MIX_READ);
    assert_int_equal(mix_of(95, 5), MIX_TRIAD);
    assert_int_equal(mix_of(0, 100), MIX_WRITE);
    assert_int_equal(mix_of(4, 96), MIX_WRITE);
    assert_int_equal(mix_of(5, 95), MIX_COPY);
    assert_int_equal(mix_of(2, 1), MIX_TRIAD);
    assert_int_equal(mix_of(3, 2), MIX_TRIAD);
    assert_int_equal(mix_of(1.49, 1), MIX_COPY);
    assert_int_equal(mix_of(1, 1), MIX_COPY);
    assert_int_equal(mix_of(0, 0), MIX_COPY);
}

static void last_plateau_is_where_caches_end(void **state)
{
    (void)state;
    const struct ceiling caches[] = {
        band(MIX_COPY, VIA_SHADER, 1e6, 900, 990),  band(MIX_COPY, VIA_SHADER, 8e6, 400, 450),
        band(MIX_COPY, VIA_SHADER, 32e6, 116, 450), band(MIX_COPY, VIA_SHADER, 64e6, 114, 450),
        band(MIX_READ, VIA_SHADER, 64e6, 900, 990), band(MIX_COPY, VIA_COMMAND, 64e6, 900, 990),
        band(MIX_COPY, VIA_SHADER, 256e6, 100, 110), band(MIX_COPY, VIA_SHADER, 256e6, 90, 450),
    };
    assert_near(ceilings_last_plateau(SET(caches)), 32e6, 0);
    const struct ceiling flat[] = {
        band(MIX_COPY, VIA_SHADER, 1e6, 110, 120), band(MIX_COPY, VIA_SHADER, 64e6, 100, 110)};
    assert_near(ceilings_last_plateau(SET(flat)), 0, 0);
    assert_near(ceilings_last_plateau(NONE), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_rate_is_the_highest_upper_limit_from_f0_on),
        cmocka_unit_test(bound_rate_rises_over_a_larger_footprint),
        cmocka_unit_test(bound_rate_knows_reads_at_any_footprint),
        cmocka_unit_test(a_kernels_roof_has_no_integers_in_it),
        cmocka_unit_test(bound_rate_ignores_what_was_not_measured),
        cmocka_unit_test(roof_is_the_best_kernel_at_the_nearest_footprint),
        cmocka_unit_test(roof_falls_back_to_copy_then_to_any),
        cmocka_unit_test(op_rate_counts_fmas_once),
        cmocka_unit_test(add_and_mul_prefer_their_own_ceiling_then_the_pair),
        cmocka_unit_test(dispatch_is_the_lowest_measured_or_0),
        cmocka_unit_test(mix_by_share_and_ratio),
        cmocka_unit_test(last_plateau_is_where_caches_end),
    };
    return cmocka_run_group_tests_name("ceiling", tests, NULL, NULL);
}
