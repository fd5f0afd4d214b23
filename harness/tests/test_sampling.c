/* Sampling: the order of the rounds, teams that keep step, and why it stopped. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/measure/sampling.h"
#include "harness/tests/support_fake.h"
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

enum { SUBJECTS = 3 };

struct bench {
    struct fake *fake;
    struct subject list[SUBJECTS];
};

/* Subjects of one, two and three steps of 1 ms. */
static void open_bench(struct bench *b, const char *spec, bool stamps)
{
    struct error e = {0};
    struct dispatch steps[SUBJECTS] = {{.cost.bytes_read = 1e6}, {.cost.bytes_read = 1e6}, {.cost.bytes_read = 1e6}};
    for (int i = 0; i < SUBJECTS; i++)
        steps[i].kind = DISPATCH_COPY;
    b->fake = fake_open(spec);
    for (int i = 0; i < SUBJECTS; i++) {
        struct sequence *s = device_sequence(&b->fake->base, steps, i + 1, stamps, &e);
        b->list[i] = subject_of("a subject", &b->fake->base, s, i + 1, 1e9);
    }
}

static void close_bench(struct bench *b)
{
    for (int i = 0; i < SUBJECTS; i++) {
        subject_clear(&b->list[i]);
        device_sequence_free(&b->fake->base, b->list[i].sequence);
    }
    device_close(&b->fake->base);
    interrupted = 0;
}

static void sample(struct bench *b)
{
    struct error e = {0};
    if (!sample_all(b->list, SUBJECTS, NULL, "sampling", &e))
        fail_msg("%s", e.text);
}

/* 0 1 2, 2 1 0, 0 1 2, ... and before each first sample an untimed one. */
static void rounds_go_to_and_fro(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0", false);
    b.fake->fixed_ns = SAMPLE_WARM_NS * 2;
    sample(&b);
    static const int first[] = {0, 0, 1, 1, 2, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        assert_int_equal(b.fake->order[i], first[i]);
    assert_int_equal(b.fake->calls, SUBJECTS * (SAMPLE_LEAST + 1));
    close_bench(&b);
}

/* As many as take as long as the limit, but one where the run itself is that long, before its first sample alone. */
static void warming_up_ends_somewhere(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=0.05GB/s,launch=0", false); /* 20, 40 and 60 ms */
    sample(&b);
    static const int runs[][2] = {{0, 4}, {1, 3}, {2, 2}, {2, 1}, {1, 3}, {0, 4}, {0, 4}};
    int at = 0;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        for (int k = 0; k < runs[i][1]; k++)
            assert_int_equal(b.fake->order[at++], runs[i][0]);
    close_bench(&b);
}

/* Cold: what empties the caches runs before each sample, the first one too, and nothing is warmed up. */
static void cold_samples_follow_an_eviction(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0", false);
    struct sequence *evict[] = {b.list[2].sequence, b.list[1].sequence};
    b.list[0].evict = evict;
    b.list[0].evict_count = 2;
    struct error e = {0};
    assert_true(sample_all(b.list, 1, NULL, "sampling", &e));
    for (int i = 0; i < b.fake->calls; i++)
        assert_int_equal(b.fake->order[i], 2 - i % 3);
    assert_int_equal(b.fake->calls, 3 * SAMPLE_LEAST);
    close_bench(&b);
}

/* A short run finds its caches emptied by the subject before it: each sample is the last of several runs. */
static void short_runs_are_warmed_each_time(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0", false);
    b.fake->fixed_ns = SAMPLE_WARM_NS / 8;
    sample(&b);
    static const int first[] = {0, 1, 2, 2, 1, 0};
    const size_t runs = SAMPLE_WARM_RUNS + 1;
    for (size_t i = 0; i < runs * sizeof first / sizeof *first; i++)
        assert_int_equal(b.fake->order[i], first[i / runs]);
    assert_int_equal(b.fake->calls, SUBJECTS * SAMPLE_LEAST * (SAMPLE_WARM_RUNS + 1));
    close_bench(&b);
}

static void precision_stops(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0", false);
    sample(&b);
    for (int i = 0; i < SUBJECTS; i++) {
        assert_int_equal(b.list[i].stop, STOP_PRECISE);
        assert_int_equal(b.list[i].n, SAMPLE_LEAST);
        for (int k = 0; k < b.list[i].n; k++)
            assert_near(b.list[i].ns[k], 1e6 * (i + 1), 1e-6);
    }
    close_bench(&b);
}

static void caps_stop(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0,noise=30%", false);
    b.list[1].rule.max_s = 0; /* time is up at once: but not before the least number of samples */
    b.list[2].rule.max_samples = 20;
    sample(&b);
    assert_int_equal(b.list[0].stop, STOP_SAMPLES);
    assert_int_equal(b.list[0].n, SAMPLE_MOST);
    assert_int_equal(b.list[1].stop, STOP_TIME);
    assert_int_equal(b.list[1].n, SAMPLE_LEAST);
    assert_int_equal(b.list[2].stop, STOP_SAMPLES);
    assert_int_equal(b.list[2].n, 20);
    close_bench(&b);
}

/* Compared subjects have samples of the same rounds, and who stops them all is what is said of all. */
static void teams_keep_step(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0,noise=30%", false);
    b.list[0].team = b.list[2].team = 4;
    b.list[2].rule.max_samples = 16;
    sample(&b);
    assert_int_equal(b.list[0].n, 16);
    assert_int_equal(b.list[2].n, 16);
    assert_int_equal(b.list[0].stop, STOP_SAMPLES);
    assert_int_equal(b.list[1].n, SAMPLE_MOST);
    close_bench(&b);

    open_bench(&b, "sim:B=1GB/s,launch=0,noise=30%", false);
    b.list[0].team = b.list[2].team = 4;
    b.list[0].rule.precision = 10; /* precise at once, but its partner is not */
    b.list[2].rule.max_samples = 30;
    sample(&b);
    assert_int_equal(b.list[0].n, 30);
    assert_int_equal(b.list[2].n, 30);
    assert_int_equal(b.list[0].stop, STOP_PRECISE);
    close_bench(&b);
}

static void stamps_between_steps_are_kept(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0,noise=1%", true);
    sample(&b);
    const struct subject *s = &b.list[2];
    assert_non_null(s->step_ns);
    for (int k = 0; k < s->n; k++)
        assert_near(s->step_ns[3 * k] + s->step_ns[3 * k + 1] + s->step_ns[3 * k + 2], s->ns[k], 1e-6);
    close_bench(&b);
}

/* A clock that is found broken on the way leaves samples without steps: then there are no steps at all, rather than some
 * that were never measured. */
static void stamps_that_are_lost_leave_none(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0,noise=30%", true);
    b.fake->lose_stamps_at = 30;
    sample(&b);
    for (int i = 0; i < SUBJECTS; i++) {
        assert_int_equal(b.list[i].n, SAMPLE_MOST);
        assert_null(b.list[i].step_ns);
    }
    close_bench(&b);
}

static void numbers_that_are_none_are_never_precise(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0", false);
    b.fake->probes_nan = true;
    sample(&b);
    assert_int_equal(b.list[0].stop, STOP_SAMPLES);
    assert_int_equal(b.list[0].n, SAMPLE_MOST);
    close_bench(&b);
}

static void an_interrupt_ends_it_with_what_there_is(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:B=1GB/s,launch=0", false);
    b.fake->interrupt_at = 4 * (SAMPLE_WARM_RUNS + 1) + 2;
    sample(&b);
    /* The sample that was being warmed up is still taken. */
    assert_int_equal(b.fake->calls, 5 * (SAMPLE_WARM_RUNS + 1));
    for (int i = 0; i < SUBJECTS; i++) {
        assert_true(b.list[i].n > 0 && b.list[i].n < SAMPLE_LEAST);
        assert_int_equal(b.list[i].stop, STOP_NOT_YET);
    }
    close_bench(&b);
}

static void a_device_that_fails_is_named(void **state)
{
    (void)state;
    struct bench b;
    struct error e = {0};
    open_bench(&b, "sim:B=1GB/s,launch=0", false);
    b.fake->fail_at = 2 * (SAMPLE_WARM_RUNS + 1) - 1;
    assert_false(sample_all(b.list, SUBJECTS, NULL, "sampling", &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "a subject: the device was lost");
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_go_to_and_fro),
        cmocka_unit_test(warming_up_ends_somewhere),
        cmocka_unit_test(cold_samples_follow_an_eviction),
        cmocka_unit_test(short_runs_are_warmed_each_time),
        cmocka_unit_test(precision_stops),
        cmocka_unit_test(caps_stop),
        cmocka_unit_test(teams_keep_step),
        cmocka_unit_test(stamps_between_steps_are_kept),
        cmocka_unit_test(stamps_that_are_lost_leave_none),
        cmocka_unit_test(numbers_that_are_none_are_never_precise),
        cmocka_unit_test(an_interrupt_ends_it_with_what_there_is),
        cmocka_unit_test(a_device_that_fails_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
