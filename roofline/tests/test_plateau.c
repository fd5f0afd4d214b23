/* Levels from curves: steps are found through noise, and noise makes none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "roofline/plateau.h"
#include "roofline/tests/near.h"

enum { NODES = 16 };

/* Rates of NODES footprints from 16 KiB in powers of two, each off by up to `noise`, its interval half as wide. */
static void curve(struct plateau_point p[NODES], const double rates[NODES], double noise, unsigned seed)
{
    for (int i = 0; i < NODES; i++) {
        seed = seed * 1664525u + 1013904223u;
        double rate = rates[i] * (1 + noise * ((seed >> 8) / 8388608.0 - 1));
        p[i] = (struct plateau_point){ldexp(16384, i), {rate, rate * (1 - noise / 2), rate * (1 + noise / 2), 12}};
    }
}

static const double four[NODES] = {340, 340, 340, 240, 240, 240, 240, 240, 190, 48, 48, 48, 26, 26, 26, 26};
static const double three[NODES] = {100, 100, 100, 100, 50, 50, 50, 50, 50, 50, 20, 20, 20, 20, 20, 20};

static void levels_are_found_through_noise(void **state)
{
    (void)state;
    struct plateau_point p[NODES];
    struct plateau f[PLATEAUS];
    for (unsigned seed = 1; seed <= 200; seed++) {
        curve(p, four, 0.04, seed);
        assert_int_equal(plateaus_find(p, NODES, f), 4);
        assert_near(f[0].to_bytes, ldexp(16384, 2), 0);
        assert_near(f[1].from_bytes, ldexp(16384, 3), 0);
        assert_near(f[1].to_bytes, ldexp(16384, 8), 0); /* the way down belongs to the nearer one */
        assert_near(f[2].to_bytes, ldexp(16384, 11), 0);
        assert_near(f[2].rate.median, 48, 48 * 0.04);
        assert_true(f[2].rate.low < f[2].rate.median && f[2].rate.median < f[2].rate.high && f[2].rate.n == 12);
        curve(p, three, 0.06, seed);
        assert_int_equal(plateaus_find(p, NODES, f), 3);
        assert_near(f[1].to_bytes, ldexp(16384, 9), 0);
        assert_near(f[2].to_bytes, ldexp(16384, 15), 0);
    }
}

static void flat_curves_have_one_level(void **state)
{
    (void)state;
    struct plateau_point p[NODES];
    struct plateau f[PLATEAUS];
    double flat[NODES];
    for (int i = 0; i < NODES; i++)
        flat[i] = 30;
    for (unsigned seed = 1; seed <= 200; seed++) {
        curve(p, flat, 0.06, seed);
        assert_int_equal(plateaus_find(p, NODES, f), 1);
        assert_near(f[0].rate.median, 30, 30 * 0.06);
        p[seed % NODES].rate = (struct interval){12, 11.9, 12.1, 12}; /* a neighbour on the machine */
        assert_int_equal(plateaus_find(p, NODES, f), 1);
        assert_near(f[0].rate.median, 30, 30 * 0.06);
        p[seed % NODES].rate = (struct interval){70, 69, 71, 12};
        assert_int_equal(plateaus_find(p, NODES, f), 1);
    }
}

static void a_dip_makes_no_level_among_levels(void **state)
{
    (void)state;
    struct plateau_point p[NODES];
    struct plateau f[PLATEAUS];
    curve(p, three, 0.02, 7);
    p[6].rate = (struct interval){25, 24.9, 25.1, 12};
    assert_int_equal(plateaus_find(p, NODES, f), 3);
    assert_near(f[1].from_bytes, p[4].footprint_bytes, 0);
    assert_near(f[1].to_bytes, p[9].footprint_bytes, 0);
    p[7].rate = p[6].rate; /* two in a row: what comes after is faster, so it was no level */
    assert_int_equal(plateaus_find(p, NODES, f), 3);
    assert_near(f[1].to_bytes, p[9].footprint_bytes, 0);
}

/* On a GPU small footprints pay for the dispatch. */
static void a_rise_is_no_level(void **state)
{
    (void)state;
    static const double rates[NODES] = {5, 10, 20, 40, 80, 160, 300, 500, 500, 500, 500, 200, 200, 200, 200, 200};
    struct plateau_point p[NODES];
    struct plateau f[PLATEAUS];
    curve(p, rates, 0.03, 3);
    assert_int_equal(plateaus_find(p, NODES, f), 2);
    assert_near(f[0].rate.median, 500, 15);
    assert_near(f[0].to_bytes, p[10].footprint_bytes, 0);
    assert_near(f[1].rate.median, 200, 6);
}

static void a_step_must_be_beyond_the_intervals(void **state)
{
    (void)state;
    struct plateau_point p[NODES];
    struct plateau f[PLATEAUS];
    curve(p, three, 0.01, 5);
    for (int i = 0; i < 4; i++)
        p[i].rate.low = 40;
    assert_int_equal(plateaus_find(p, NODES, f), 2);
}

static void what_is_no_curve_has_no_levels(void **state)
{
    (void)state;
    struct plateau_point p[NODES];
    struct plateau f[PLATEAUS];
    curve(p, three, 0, 1);
    assert_int_equal(plateaus_find(p, 0, f), 0);
    assert_int_equal(plateaus_find(p, 3, f), 0);
    p[2].rate.median = NAN;
    assert_int_equal(plateaus_find(p, NODES, f), 0);
}

static void add(struct record *r, enum access access, int workgroup, double footprint, double rate)
{
    *record_add_ceiling(r) = (struct ceiling){
        .kind = CEILING_BANDWIDTH, .mix = MIX_COPY, .via = VIA_NATIVE, .access = access, .workgroup = workgroup,
        .footprint_bytes = footprint, .value = {rate, rate * 0.99, rate * 1.01, 12}};
}

static void levels_are_those_of_the_swept_curve(void **state)
{
    (void)state;
    struct record r = {0};
    for (int i = NODES; i-- > 0;) { /* in any order; stores past the caches see none */
        add(&r, ACCESS_PLAIN, 2, ldexp(16384, i), four[i]);
        add(&r, ACCESS_STREAM, 2, ldexp(16384, i), 400);
        if (i < 2)
            add(&r, ACCESS_PLAIN, 1, ldexp(16384, i), 500);
    }
    for (int i = NODES - 4; i < NODES; i++) { /* by another walk it is another curve, though it was measured later */
        add(&r, ACCESS_PLAIN, 2, ldexp(16384, i), 450);
        r.ceilings[r.ceiling_count - 1].places = 4;
    }
    levels_find(&r, true);
    assert_int_equal(r.level_count, 4);
    assert_string_equal(r.levels[0].name, "L1");
    assert_string_equal(r.levels[3].name, "memory");
    assert_int_equal(r.levels[2].access, ACCESS_PLAIN);
    assert_int_equal(r.levels[2].workgroup, 2);
    assert_near(r.levels[2].rate.median, 48, 0);
    struct record other = {.ceilings = r.ceilings, .ceiling_count = r.ceiling_count};
    levels_find(&other, false);
    assert_string_equal(other.levels[3].name, "level 4");
    other.ceilings = NULL;
    other.ceiling_count = 0;
    record_clear(&other);
    record_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_found_through_noise),
        cmocka_unit_test(flat_curves_have_one_level),
        cmocka_unit_test(a_dip_makes_no_level_among_levels),
        cmocka_unit_test(a_rise_is_no_level),
        cmocka_unit_test(a_step_must_be_beyond_the_intervals),
        cmocka_unit_test(what_is_no_curve_has_no_levels),
        cmocka_unit_test(levels_are_those_of_the_swept_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
