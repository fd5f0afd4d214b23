/* Medians, intervals, pairs, the stopping rule and the line. The covers are found by simulation with a fixed
 * seed, so they are the same numbers on every machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "harness/base/stats.h"

enum { SERIES = 2000, LONGEST = 1000 };

/* One kind of sample with its true median. */
static double normal_draw(const gsl_rng *rng) { return 10 + gsl_ran_gaussian(rng, 1); }
static double normal_median(void) { return 10; }
static double lognormal_draw(const gsl_rng *rng) { return gsl_ran_lognormal(rng, 0, 1); }
static double lognormal_median(void) { return 1; }
static double exponential_draw(const gsl_rng *rng) { return 5 + gsl_ran_exponential(rng, 1); }
static double exponential_median(void) { return 5 + M_LN2; }
static double gamma_draw(const gsl_rng *rng) { return gsl_ran_gamma(rng, 2, 1); }
static double gamma_median(void) { return gsl_cdf_gamma_Pinv(0.5, 2, 1); }

static const struct kind {
    const char *name;
    double (*draw)(const gsl_rng *rng);
    double (*median)(void);
} kinds[] = {
    {"normal", normal_draw, normal_median},
    {"log-normal", lognormal_draw, lognormal_median},
    {"exponential", exponential_draw, exponential_median},
    {"gamma", gamma_draw, gamma_median},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* In how many per cent of the series the truth lies in the interval, above L, and below U. */
struct covers {
    double both, lower, upper;
};

static struct covers covers_find(const struct kind *kind, size_t n)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 20240607);
    double truth = kind->median(), x[LONGEST];
    struct covers c = {0};
    for (int series = 0; series < SERIES; series++) {
        for (size_t i = 0; i < n; i++)
            x[i] = kind->draw(rng);
        struct interval found = stats_interval(x, n, 0.95);
        assert_true(found.low <= found.median && found.median <= found.high && found.n == (int)n);
        double lower, upper;
        stats_limits(x, n, &lower, &upper);
        c.both += (found.low <= truth && truth <= found.high) * 100.0 / SERIES;
        c.lower += (lower <= truth) * 100.0 / SERIES;
        c.upper += (truth <= upper) * 100.0 / SERIES;
    }
    gsl_rng_free(rng);
    return c;
}

static void between(const struct kind *kind, size_t n, const char *what, double cover, double low,
                    double high)
{
    if (!(cover >= low && cover <= high))
        fail_msg("%s, n = %zu: %s covers %.2f %%, not %.1f to %.1f", kind->name, n, what, cover, low, high);
}

static void intervals_cover(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double high; /* at small n the steps of the binomial make it conservative at times */
    } sizes[] = {{6, 100}, {12, 98}, {30, 97}, {31, 97}, {100, 97}, {1000, 97}};
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            struct covers c = covers_find(&kinds[k], sizes[s].n);
            between(&kinds[k], sizes[s].n, "the interval", c.both, 93, sizes[s].high);
            between(&kinds[k], sizes[s].n, "the lower limit", c.lower, 93.5, sizes[s].high);
            between(&kinds[k], sizes[s].n, "the upper limit", c.upper, 93.5, sizes[s].high);
        }
    }
}

static void medians(void **state)
{
    (void)state;
    const double odd[] = {5, 1, 4}, even[] = {4, 1, 3, 2}, pair[] = {1, 2}, one[] = {7};
    assert_true(stats_median(odd, 3) == 4);
    assert_true(stats_median(even, 4) == 2.5);
    assert_true(stats_median(pair, 2) == 1.5);
    assert_true(stats_median(one, 1) == 7);
    assert_true(isnan(stats_median(NULL, 0)));
    assert_true(even[0] == 4 && even[3] == 2); /* the samples stay in their order */
}

static void short_series(void **state)
{
    (void)state;
    const double x[] = {3, 1, 5, 2, 4, 7, 6};
    for (size_t n = 1; n <= 7; n++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            low = fmin(low, x[i]);
            high = fmax(high, x[i]);
        }
        struct interval found = stats_interval(x, n, 0.95);
        assert_true(found.low == low && found.high == high && found.n == (int)n);
    }
    assert_int_equal(stats_interval(x, 0, 0.95).n, 0);
    assert_true(isnan(stats_interval(x, 0, 0.95).median));
}

/* By hand: n = 10, d = 2 covers 1 - 2*11/1024, d = 3 covers 1 - 2*56/1024, so the share for 95 % is
 * (0.978515625 - 0.95) / 0.087890625 = 0.324444 and lambda = 8*share / (2 + 6*share) = 0.657658. */
static void interval_by_hand(void **state)
{
    (void)state;
    const double x[] = {10, 30, 20, 50, 40, 60, 80, 70, 100, 90};
    struct interval found = stats_interval(x, 10, 0.95);
    assert_true(found.median == 55);
    assert_true(fabs(found.low - 26.57658) < 1e-4);
    assert_true(fabs(found.high - 83.42342) < 1e-4);
}

static void bad_samples(void **state)
{
    (void)state;
    static const double bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t b = 0; b < 3; b++) {
        for (size_t at = 0; at < 20; at++) {
            double x[20], y[20], lower, upper;
            for (size_t i = 0; i < 20; i++)
                x[i] = y[i] = (double)i + 1;
            x[at] = bad[b];
            struct interval found = stats_interval(x, 20, 0.95), ratio = stats_ratio(x, y, 20);
            stats_limits(x, 20, &lower, &upper);
            assert_true(isnan(stats_median(x, 20)) && isnan(lower) && isnan(upper));
            assert_true(isnan(found.median) && isnan(found.low) && isnan(found.high) && found.n == 0);
            assert_true(isnan(ratio.median) && ratio.n == 0);
            assert_true(isnan(stats_ratio(y, x, 20).median));
            struct stop_rule rule = {12, 500, 10, 60};
            assert_int_equal(stats_stop(&rule, x, 20, 0), STOP_NOT_YET);
            struct line_fit fit;
            assert_false(stats_line(x, y, 20, &fit) || stats_line(y, x, 20, &fit));
            assert_true(isnan(fit.a) && isnan(fit.b_high));
        }
    }
    const double zero[] = {0, 1}, ones[] = {1, 1};
    assert_int_equal(stats_ratio(zero, ones, 2).n, 0);
    assert_int_equal(stats_ratio(ones, zero, 2).n, 0);
}

/* A takes 1.5 times B's time, on a clock that slows by `drift` over the series; even rounds run A first. */
static struct interval drifting_ratio(size_t rounds, double drift)
{
    double a[LONGEST], b[LONGEST];
    for (size_t i = 0; i < rounds; i++) {
        double first = 1 + drift * (double)(2 * i) / (double)(2 * rounds);
        double second = 1 + drift * (double)(2 * i + 1) / (double)(2 * rounds);
        a[i] = 1.5e-3 * (i % 2 ? second : first);
        b[i] = 1.0e-3 * (i % 2 ? first : second);
    }
    return stats_ratio(a, b, rounds);
}

static void drift_cancels(void **state)
{
    (void)state;
    static const size_t rounds[] = {4, 12, 13, 50};
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        for (double drift = -0.3; drift <= 0.31; drift += 0.3) {
            struct interval ratio = drifting_ratio(rounds[i], drift);
            assert_true(fabs(ratio.median / 1.5 - 1) < 0.002);
            assert_true(ratio.low <= ratio.median && ratio.median <= ratio.high);
            assert_int_equal(ratio.n, rounds[i] / 2);
        }
    }
}

static void ratio_covers(void **state)
{
    (void)state;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 11);
    int covered = 0;
    for (int series = 0; series < SERIES; series++) {
        double a[60], b[60];
        for (size_t i = 0; i < 60; i++) {
            a[i] = 3 * gsl_ran_lognormal(rng, 0, 0.1);
            b[i] = 2 * gsl_ran_lognormal(rng, 0, 0.1);
        }
        struct interval ratio = stats_ratio(a, b, 60);
        covered += ratio.low <= 1.5 && 1.5 <= ratio.high;
    }
    gsl_rng_free(rng);
    assert_in_range(covered, SERIES * 93 / 100, SERIES * 97 / 100);
}

static void ratio_short(void **state)
{
    (void)state;
    const double a[] = {2, 8, 1e9}, b[] = {1, 1, 1};
    assert_true(fabs(stats_ratio(a, b, 1).median - 2) < 1e-12);
    assert_int_equal(stats_ratio(a, b, 1).n, 1);
    assert_true(fabs(stats_ratio(a, b, 2).median - 4) < 1e-12); /* the mean of the logs, not of the ratios */
    assert_true(fabs(stats_ratio(a, b, 3).median - 4) < 1e-12); /* an odd last round is left out */
    assert_int_equal(stats_ratio(a, b, 0).n, 0);
}

static void stopping(void **state)
{
    (void)state;
    struct stop_rule rule = {.min_samples = 12, .max_samples = 40, .precision = 0.01, .max_s = 5};
    double same[40], wild[40];
    for (size_t i = 0; i < 40; i++) {
        same[i] = 1 + 1e-4 * (double)(i % 7);
        wild[i] = 1 + (double)(i % 7);
    }
    assert_int_equal(stats_stop(&rule, same, 0, 99), STOP_NOT_YET);
    assert_int_equal(stats_stop(&rule, same, 11, 99), STOP_NOT_YET);
    assert_int_equal(stats_stop(&rule, same, 12, 0), STOP_PRECISE);
    assert_int_equal(stats_stop(&rule, wild, 12, 0), STOP_NOT_YET);
    assert_int_equal(stats_stop(&rule, wild, 12, 5), STOP_TIME);
    assert_int_equal(stats_stop(&rule, wild, 40, 0), STOP_SAMPLES);
    rule.min_samples = 1; /* one sample has no width, and is not precise for that */
    assert_int_equal(stats_stop(&rule, same, 1, 0), STOP_NOT_YET);
    rule.precision = 0;
    assert_int_equal(stats_stop(&rule, wild, 39, 0), STOP_NOT_YET);

    assert_string_equal(stop_text(STOP_NOT_YET), "");
    assert_string_equal(stop_text(STOP_PRECISE), "interval");
    assert_string_equal(stop_text(STOP_SAMPLES), "max samples");
    assert_string_equal(stop_text(STOP_TIME), "max time");
}

static void line_exact(void **state)
{
    (void)state;
    /* Sizes and times as a launch of 5 us and 100 GB/s would give them. */
    double x[10], y[10];
    struct line_fit fit;
    for (size_t i = 0; i < 10; i++) {
        x[i] = 1e4 * pow(4, (double)i);
        y[i] = 5e-6 + x[i] / 100e9;
    }
    assert_true(stats_line(x, y, 10, &fit));
    assert_true(fabs(fit.a / 5e-6 - 1) < 1e-9);
    assert_true(fabs(fit.b * 100e9 - 1) < 1e-9);
    assert_true(fit.a_low <= fit.a && fit.a <= fit.a_high && fit.a_high - fit.a_low < 1e-9);
    assert_false(stats_line(x, y, 2, &fit));
    assert_true(isnan(fit.a));
    for (size_t i = 0; i < 10; i++)
        x[i] = 3;
    assert_false(stats_line(x, y, 10, &fit));
}

static void line_covers(void **state)
{
    (void)state;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 5);
    int a_covered = 0, b_covered = 0, useful = 0;
    for (int series = 0; series < SERIES; series++) {
        double x[12], y[12];
        for (size_t i = 0; i < 12; i++) {
            x[i] = 1e4 * pow(2, (double)i);
            y[i] = (5e-6 + x[i] / 10e9) * (1 + gsl_ran_gaussian(rng, 0.02));
        }
        struct line_fit fit;
        assert_true(stats_line(x, y, 12, &fit));
        a_covered += fit.a_low <= 5e-6 && 5e-6 <= fit.a_high;
        b_covered += fit.b_low <= 1e-10 && 1e-10 <= fit.b_high;
        useful += fit.a_high - fit.a_low < 0.2 * 5e-6; /* without weights the large sizes drown the small */
    }
    gsl_rng_free(rng);
    assert_in_range(a_covered, SERIES * 93 / 100, SERIES * 97 / 100);
    assert_in_range(b_covered, SERIES * 93 / 100, SERIES * 97 / 100);
    assert_in_range(useful, SERIES * 90 / 100, SERIES);
}

/* One size that was disturbed moves the line less than its neighbours' own scatter would. */
static void a_line_forgives_one_outlier(void **state)
{
    (void)state;
    double x[18], y[18];
    struct line_fit fit;
    for (int i = 0; i < 18; i++) {
        x[i] = ldexp(2048, i);
        y[i] = (5000 + x[i] / 7) * (i % 2 ? 1.01 : 0.99);
    }
    y[12] *= 8;
    assert_true(stats_line(x, y, 18, &fit));
    assert_true(fabs(fit.a / 5000 - 1) < 0.02);
    assert_true(fabs(fit.b * 7 - 1) < 0.02);
    assert_true(fit.b_high * 7 < 1.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_forgives_one_outlier),
        cmocka_unit_test(medians),
        cmocka_unit_test(short_series),
        cmocka_unit_test(interval_by_hand),
        cmocka_unit_test(bad_samples),
        cmocka_unit_test(intervals_cover),
        cmocka_unit_test(drift_cancels),
        cmocka_unit_test(ratio_covers),
        cmocka_unit_test(ratio_short),
        cmocka_unit_test(stopping),
        cmocka_unit_test(line_exact),
        cmocka_unit_test(line_covers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
