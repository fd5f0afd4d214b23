/* The machine on paper: its formula to the last digit, its settings, its noise; and the textbook's chain on it gives what
 * the calculator gives. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/stats.h"
#include "harness/kernel/chain.h"
#include "harness/measure/study.h"
#include "harness/tests/support_kernel.h"
#include "roofline/bound.h"
#include "roofline/tests/near.h"

static struct device *open_sim(const char *spec)
{
    struct error e = {0};
    struct device *d = device_open(spec, &e);
    if (!d)
        fail_msg("%s: %s", spec, e.text);
    return d;
}

static struct dispatch dispatch_of(double read, double written, double fma, double add)
{
    struct dispatch d = {.kind = DISPATCH_PROGRAM};
    d.cost.bytes_read = read;
    d.cost.bytes_written = written;
    d.cost.ops[OP_FMA] = fma;
    d.cost.ops[OP_ADD] = add;
    return d;
}

static double run_once(struct device *d, const struct dispatch *list, int count, double *step_ns)
{
    struct error e = {0};
    struct timing t;
    struct sequence *s = device_sequence(d, list, count, step_ns != NULL, &e);
    assert_non_null(s);
    assert_true(device_run(d, s, &t, &e));
    assert_true((t.step_ns != NULL) == (step_ns != NULL));
    for (int i = 0; i < count && step_ns; i++)
        step_ns[i] = t.step_ns[i];
    device_sequence_free(d, s);
    return t.total_ns;
}

/* All numbers are powers of two, so that no rounding hides a wrong term. */
static void time_is_the_formula(void **state)
{
    (void)state;
    struct device *d = open_sim("sim:B=1GiB/s,P=2GFLOP/s,launch=3us");
    const double gib = 1073741824.0;
    static const struct {
        double read, written, fma, add;
    } rows[] = {
        {0, 0, 0, 0},           /* a launch alone */
        {4096, 4096, 0, 0},     /* bytes */
        {0, 8192, 0, 0},        /* written bytes count like read ones */
        {4096, 4096, 1e3, 0},   /* bytes hide the arithmetic */
        {4096, 4096, 1e6, 500}, /* arithmetic hides the bytes; an fma is 2 flops */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double bytes_s = (rows[i].read + rows[i].written) / gib, flops_s = (2 * rows[i].fma + rows[i].add) / 2e9;
        double want = (3e-6 + (bytes_s > flops_s ? bytes_s : flops_s)) * 1e9;
        struct dispatch one = dispatch_of(rows[i].read, rows[i].written, rows[i].fma, rows[i].add);
        assert_near(run_once(d, &one, 1, NULL), want, 0);
    }
    device_close(d);
}

/* The maximum is taken step by step: a barrier lies between them. */
static void steps_add_up(void **state)
{
    (void)state;
    struct device *d = open_sim("sim:B=1GB/s,P=1GFLOP/s,launch=1us");
    const struct dispatch list[] = {dispatch_of(1000, 1000, 0, 0), dispatch_of(0, 0, 0, 5000), dispatch_of(0, 0, 0, 0)};
    double step[3], total = run_once(d, list, 3, step);
    assert_near(step[0], 3000, 1e-9);
    assert_near(step[1], 6000, 1e-9);
    assert_near(step[2], 1000, 1e-9);
    assert_near(total, step[0] + step[1] + step[2], 0);
    assert_near(total, run_once(d, list, 3, NULL), 0);
    device_close(d);
}

static void defaults_are_the_textbook_machine(void **state)
{
    (void)state;
    static const char *const specs[] = {"sim", "sim:", "sim:B=320GB/s,P=10TFLOP/s,launch=5us,noise=0%,seed=1",
                                        "sim: B = 320GB/s , launch=5us"};
    struct dispatch bytes = dispatch_of(64e6, 64e6, 0, 0), flops = dispatch_of(0, 0, 5e9, 0);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        struct device *d = open_sim(specs[i]);
        assert_near(run_once(d, &bytes, 1, NULL), 405e3, 1e-6);
        assert_near(run_once(d, &flops, 1, NULL), 1005e3, 1e-6);
        assert_string_equal(d->info.kind, "model");
        assert_false(d->info.computes);
        device_close(d);
    }
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *says;
    } faults[] = {
        {"sim:lanch=5us", "'lanch' is not a setting|did you mean launch?|sim:B=320GB/s"},
        {"sim:B=320GB/s,zebra=1", "'zebra' is not a setting"},
        {"sim:B=320", "sim device, B: |needs a unit"},
        {"sim:B=5us", "sim device, B: "},
        {"sim:launch=5GB/s", "sim device, launch: "},
        {"sim:P=", "sim device, P: "},
        {"sim:B=0GB/s", "B"},
        {"sim:P=0FLOP/s", "P"},
        {"sim:B=-1GB/s", "sim device, B: "},
        {"sim:B", "B has no value|B=320GB/s"},
        {"sim:seed=1.5", "sim device, seed: "},
        {"sim:seed=5e9", "sim device, seed|4294967295"},
        {"sim:noise=-1%", "sim device, noise: "},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error e = {0};
        struct device *d = device_open(faults[i].spec, &e);
        if (d)
            fail_msg("%s was taken", faults[i].spec);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, faults[i].says);
    }
}

enum { DRAWS = 4000 };

static void draw(const char *spec, double *factors, int count)
{
    struct device *d = open_sim(spec);
    struct dispatch one = dispatch_of(64e6, 64e6, 0, 0);
    struct error e = {0};
    struct sequence *s = device_sequence(d, &one, 1, false, &e);
    for (int i = 0; i < count; i++) {
        struct timing t;
        assert_true(device_run(d, s, &t, &e));
        factors[i] = t.total_ns / 400e3;
    }
    device_sequence_free(d, s);
    device_close(d);
}

static void noise_is_the_seeds_own(void **state)
{
    (void)state;
    double a[50], b[50], c[50];
    draw("sim:launch=0,noise=1%,seed=7", a, 50);
    draw("sim:launch=0,noise=1%,seed=7", b, 50);
    draw("sim:launch=0,noise=1%,seed=8", c, 50);
    assert_memory_equal(a, b, sizeof a);
    int same = 0;
    for (int i = 0; i < 50; i++)
        same += a[i] == c[i];
    assert_int_equal(same, 0);
}

/* exp(noise * z): the logarithms are normal, with the noise as deviation. Limits are four standard errors. */
static void noise_is_log_normal(void **state)
{
    (void)state;
    double *f = need(sizeof *f * DRAWS), sum = 0, squares = 0;
    int inside = 0;
    draw("sim:launch=0,noise=2%,seed=3", f, DRAWS);
    for (int i = 0; i < DRAWS; i++) {
        double z = log(f[i]) / 0.02;
        sum += z;
        squares += z * z;
        inside += fabs(z) < 1;
    }
    assert_near(sum / DRAWS, 0, 4 / sqrt(DRAWS));
    assert_near(squares / DRAWS, 1, 4 * sqrt(2.0 / DRAWS));
    assert_near((double)inside / DRAWS, 0.6827, 4 * sqrt(0.6827 * 0.3173 / DRAWS));
    free(f);
}

static void nothing_is_computed(void **state)
{
    (void)state;
    struct device *d = open_sim("sim");
    struct error e = {0};
    char bytes[4] = {0};
    struct buffer *b = device_buffer(d, 4, &e);
    assert_true(device_upload(d, b, 0, bytes, 4, &e));
    assert_false(device_download(d, b, 0, bytes, 4, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    device_buffer_free(d, b);
    device_close(d);
}

/* ---- the textbook: 64 MB, 320 GB/s, four kernels or one ---- */

static const struct run *run_of_variant(const struct record *r, const char *variant)
{
    for (int i = 0; i < r->run_count; i++)
        if (strcmp(r->runs[i].variant, variant) == 0)
            return &r->runs[i];
    fail_msg("there is no run '%s'", variant);
    return NULL;
}

static void check_textbook_run(const struct run *r, const struct bound_plan *plan, double ns)
{
    assert_near(plan->time_ns, ns, 1e-6);
    assert_near(r->time_ns.median, ns, ns * 1e-12);
    assert_near(r->passes, plan->passes, 0.001); /* a bias vector is no pass */
    assert_near(r->bound_ns, plan->time_ns, ns * 1e-3);
    assert_int_equal(r->verdict, VERDICT_HOLDS);
    assert_string_equal(r->binds, "bytes");
    assert_int_equal(r->dispatches, plan->kernels);
}

static void textbook_chain_is_the_calculators(void **state)
{
    (void)state;
    struct error e = {0};
    struct record r = {0};
    struct bound_plan unfused, fused;
    const char *const variants[] = {"unfused", "fused"};
    const double passes[] = {2, 2, 2, 2};
    struct device *d = open_sim("sim:B=320GB/s,launch=0");
    struct study *s = study_open(d, &r);
    bound_plans(passes, 4, 64e6, 320e9, &unfused, &fused);
    assert_true(study_add_chain(s, "seed", "scale|relu|gelu|dropout(0.1)", variants, 2, 64e6, 1000, true, &e));
    assert_true(study_measure(s, 1, NULL, &e));
    check_textbook_run(run_of_variant(&r, "unfused"), &unfused, 1.6e6);
    check_textbook_run(run_of_variant(&r, "fused"), &fused, 0.4e6);
    assert_near(run_of_variant(&r, "fused")->speedup.median, 4, 1e-9);
    assert_near(run_of_variant(&r, "fused")->speedup_predicted, 4, 1e-9);
    for (int i = 0; i < r.ceiling_count; i++) /* what takes no time here has no rate, rather than an infinite one */
        assert_true(r.ceilings[i].value.n == 0 || isfinite(r.ceilings[i].value.median));
    study_close(s);
    record_clear(&r);
    device_close(d);
}

/* The ablations mean something here too: the arithmetic without its bytes, the bytes without their arithmetic. */
static void ablations_take_one_half_away(void **state)
{
    (void)state;
    struct error e = {0};
    struct record r = {0};
    const char *const variants[] = {"fused"};
    struct device *d = open_sim("sim:B=320GB/s,P=64GFLOP/s,launch=0");
    struct study *s = study_open(d, &r);
    assert_true(study_add_chain(s, "slow", "scale|relu", variants, 1, 64e6, 1000, true, &e));
    assert_true(study_measure(s, 1, NULL, &e));
    const struct run *fused = run_of_variant(&r, "fused");
    assert_near(fused->window_ns, 2 * 16e6 / 64e9 * 1e9, 1e-3);
    assert_near(fused->copy_ns, 400e3, 1e-3);
    assert_string_equal(fused->binds, "arithmetic");
    study_close(s);
    record_clear(&r);
    device_close(d);
}

static int forget(void **state)
{
    (void)state;
    operators_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_the_formula),
        cmocka_unit_test(steps_add_up),
        cmocka_unit_test(defaults_are_the_textbook_machine),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(noise_is_the_seeds_own),
        cmocka_unit_test(noise_is_log_normal),
        cmocka_unit_test(nothing_is_computed),
        cmocka_unit_test(textbook_chain_is_the_calculators),
        cmocka_unit_test(ablations_take_one_half_away),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
