/* Lines through times over sizes, and where two devices' curves cross: on devices whose launch and bandwidth are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "roofline/crossover.h"
#include "roofline/tests/near.h"

/* Standard normal numbers, always the same ones (a sum of twelve uniform ones). */
static double normal(void)
{
    static uint64_t state = 1;
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        sum += (double)(state >> 40) / (double)(1 << 24);
    }
    return sum;
}

/* A device that needs launch_ns + 2 S/B for a copy of S bytes, its intervals as wide as its noise. */
static void add_device(struct record *r, const char *name, double launch_ns, double bytes_per_s, double noise)
{
    r->device = need_string(name);
    for (double s = 1024; s <= 128 << 20; s *= 2) {
        struct run *run = record_add_run(r);
        double t = (launch_ns + 2 * s / bytes_per_s * 1e9) * exp(noise * normal());
        run->group = need_string("copy");
        run->tensor_bytes = s;
        run->bytes_compulsory = 2 * s;
        run->time_ns = (struct interval){t, t * (1 - noise), t * (1 + noise), 12};
        run->call_ns = (struct interval){t + 20000, t + 20000, t + 20000, 12};
    }
}

static void a_line_is_found_again(void **state)
{
    (void)state;
    struct record r = {0};
    add_device(&r, "a", 5000, 320e9, 0);
    fits_find(&r);
    assert_int_equal(r.fit_count, 2);
    const struct fit *f = fit_of(&r, "copy", OF_DISPATCH), *call = fit_of(&r, "copy", OF_CALL);
    assert_near(f->launch_ns.median, 5000, 1e-6);
    assert_near(f->bytes_per_s.median, 320e9, 1);
    assert_true(f->deviation < 1e-9);
    assert_near(f->from_bytes, 2048, 0);
    assert_near(call->launch_ns.median, 25000, 1e-6);
    assert_near(fit_half_bytes(f), 1.6e6, 1e-3);
    assert_null(fit_of(&r, "scale", OF_CALL));
    record_clear(&r);
}

/* 95 % limits cover the truth about 95 times in 100, of launch and of B alike; small sizes count as much as large ones. */
static void limits_cover_the_truth(void **state)
{
    (void)state;
    int launch = 0, rate = 0, tries = 400;
    for (int i = 0; i < tries; i++) {
        struct record r = {0};
        add_device(&r, "a", 5000, 7e9, 0.03);
        fits_find(&r);
        const struct fit *f = fit_of(&r, "copy", OF_DISPATCH);
        launch += f->launch_ns.low <= 5000 && 5000 <= f->launch_ns.high;
        rate += f->bytes_per_s.low <= 7e9 && 7e9 <= f->bytes_per_s.high;
        assert_true(f->launch_ns.high - f->launch_ns.low < 0.2 * 5000);
        assert_true(f->deviation > 0);
        record_clear(&r);
    }
    assert_in_range(launch, tries * 92 / 100, tries * 98 / 100);
    assert_in_range(rate, tries * 92 / 100, tries * 98 / 100);
}

static void two_sizes_make_no_line(void **state)
{
    (void)state;
    struct record r = {0};
    add_device(&r, "a", 5000, 320e9, 0);
    for (int i = 2; i < r.run_count; i++)
        r.runs[i].status = RUN_ERROR;
    fits_find(&r);
    assert_int_equal(r.fit_count, 0);
    record_clear(&r);
}

/* 1 us and 10 GB/s against 20 us and 100 GB/s: equal at 2 S (1/10 - 1/100) ns/B = 19000 ns, S = 105556. */
static void devices_cross_where_they_must(void **state)
{
    (void)state;
    struct record cpu = {0}, gpu = {0};
    const struct record *both[] = {&cpu, &gpu};
    add_device(&cpu, "cpu", 1000, 10e9, 0);
    add_device(&gpu, "gpu", 20000, 100e9, 0);
    crossovers_find(both, 2, &cpu);
    assert_int_equal(cpu.crossover_count, 2); /* by either time */
    const struct crossover *x = &cpu.crossovers[0];
    assert_string_equal(x->group, "copy");
    assert_string_equal(x->below, "cpu");
    assert_string_equal(x->above, "gpu");
    assert_near(x->bytes.median, 19000 / (2 * (0.1 - 0.01)), 1e-9);
    assert_near(x->bytes.low, x->bytes.median, 1e-9);
    assert_near(cpu.crossovers[1].bytes.median, x->bytes.median, 1e-9);
    record_clear(&cpu);
    record_clear(&gpu);
}

static void noise_widens_the_limits_and_makes_no_crossings(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct record cpu = {0}, gpu = {0};
        const struct record *both[] = {&gpu, &cpu};
        add_device(&cpu, "cpu", 1000, 10e9, 0.05);
        add_device(&gpu, "gpu", 20000, 100e9, 0.05);
        crossovers_find(both, 2, &cpu);
        const struct interval *b = &cpu.crossovers[0].bytes;
        assert_int_equal(cpu.crossover_count, 2);
        assert_string_equal(cpu.crossovers[0].below, "cpu");
        assert_true(b->low < b->median && b->median < b->high);
        assert_true(b->low > 105556 * 0.5 && b->high < 105556 * 2);
        record_clear(&cpu);
        record_clear(&gpu);
    }
}

static void one_that_always_wins_and_two_alike(void **state)
{
    (void)state;
    struct record fast = {0}, slow = {0}, twin = {0};
    const struct record *two[] = {&fast, &slow}, *alike[] = {&fast, &twin};
    add_device(&fast, "fast", 1000, 100e9, 0.01);
    add_device(&slow, "slow", 20000, 10e9, 0.01);
    add_device(&twin, "twin", 1000, 100e9, 0);
    crossovers_find(two, 2, &slow);
    assert_string_equal(slow.crossovers[0].below, "fast");
    assert_null(slow.crossovers[0].above);
    assert_int_equal(slow.crossovers[0].bytes.n, 0);
    for (int i = 0; i < fast.run_count; i++)
        twin.runs[i].time_ns = fast.runs[i].time_ns;
    crossovers_find(alike, 2, &twin);
    assert_null(twin.crossovers[0].below);
    record_clear(&fast);
    record_clear(&slow);
    record_clear(&twin);
}

/* The host at once, an integrated device in the middle, a large one at the end. */
static void three_devices_take_turns(void **state)
{
    (void)state;
    struct record a = {0}, b = {0}, c = {0};
    const struct record *all[] = {&c, &a, &b};
    add_device(&a, "small", 1000, 10e9, 0);
    add_device(&b, "middle", 20000, 100e9, 0);
    add_device(&c, "large", 200000, 1000e9, 0);
    crossovers_find(all, 3, &a);
    assert_int_equal(a.crossover_count, 4);
    assert_string_equal(a.crossovers[0].below, "small");
    assert_string_equal(a.crossovers[0].above, "middle");
    assert_string_equal(a.crossovers[1].above, "large");
    assert_near(a.crossovers[1].bytes.median, 180000 / (2 * (0.01 - 0.001)), 1e-3);
    record_clear(&a);
    record_clear(&b);
    record_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_found_again),
        cmocka_unit_test(limits_cover_the_truth),
        cmocka_unit_test(two_sizes_make_no_line),
        cmocka_unit_test(devices_cross_where_they_must),
        cmocka_unit_test(noise_widens_the_limits_and_makes_no_crossings),
        cmocka_unit_test(one_that_always_wins_and_two_alike),
        cmocka_unit_test(three_devices_take_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
