/* Studies on the simulated device: an honest kernel never beats its bound, one that lies always does, and nothing that
 * goes wrong with one run is lost or spoils the others. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/kernel/operator.h"
#include "harness/kernel/shader.h"
#include "harness/measure/provenance.h"
#include "harness/measure/study.h"
#include "harness/tests/support_fake.h"
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

struct bench {
    struct fake *fake;
    struct study *study;
    struct record record;
};

static void open_bench(struct bench *b, const char *spec)
{
    memset(b, 0, sizeof *b);
    b->fake = fake_open(spec);
    provenance_fill(&b->record, "chain", &b->fake->base);
    b->study = study_open(&b->fake->base, &b->record);
}

static void close_bench(struct bench *b)
{
    study_close(b->study);
    record_clear(&b->record);
    device_close(&b->fake->base);
    interrupted = 0;
}

static void add(struct bench *b, const char *group, const char *chain, double tensor_bytes)
{
    struct error e = {0};
    const char *const variants[] = {"unfused", "fused"};
    if (!study_add_chain(b->study, group, chain, variants, 2, tensor_bytes, 1024, false, &e))
        fail_msg("%s", e.text);
}

static void measure(struct bench *b)
{
    struct error e = {0};
    if (!study_measure(b->study, 1e9, &b->fake->sink, &e))
        fail_msg("%s", e.text);
}

static bool is_noted(const struct record *r, const char *words)
{
    for (int i = 0; i < r->provenance.note_count; i++)
        if (strstr(r->provenance.notes[i], words))
            return true;
    return false;
}

/* ---- the bound ---- */

enum { SEEDS = 200 };

/* One of several sizes, launch costs and noises for each seed. */
static void open_seed(struct bench *b, int seed, double *tensor_bytes)
{
    static const char *const launches[] = {"0", "1us", "20us"};
    static const double sizes[] = {256e3, 4e6, 64e6, 1e9};
    char spec[120];
    snprintf(spec, sizeof spec, "sim:B=320GB/s,launch=%s,noise=1%%,seed=%d", launches[seed % 3], seed + 1);
    *tensor_bytes = sizes[seed / 3 % 4];
    open_bench(b, spec);
    b->fake->kernel = "add";
}

static void an_honest_kernel_is_never_beaten(void **state)
{
    (void)state;
    int holds = 0, again = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        struct bench b;
        double size;
        open_seed(&b, seed, &size);
        add(&b, "honest", "add|relu", size);
        measure(&b);
        for (int i = 0; i < b.record.run_count; i++) {
            const struct run *r = &b.record.runs[i];
            assert_int_equal(r->status, RUN_OK);
            if (r->verdict == VERDICT_BEATEN)
                fail_msg("seed %d, %.0f bytes: %s is beaten", seed, size, r->variant);
            assert_int_not_equal(r->verdict, VERDICT_NONE);
            holds += r->verdict == VERDICT_HOLDS;
        }
        assert_int_equal(study_exit(&b.record), EXIT_OK);
        again += b.fake->again > 0;
        close_bench(&b);
    }
    assert_true(holds > SEEDS); /* most: a verdict that never says anything would not be beaten either */
    assert_true(again < SEEDS / 20);
}

/* add|relu reads two tensors and writes one; the liar leaves one out. */
static void a_lie_is_always_beaten(void **state)
{
    (void)state;
    for (int seed = 0; seed < SEEDS; seed++) {
        struct bench b;
        double size;
        open_seed(&b, seed, &size);
        if (size < 64e6)
            size = 64e6; /* where a launch takes longer than a pass, none can tell */
        b.fake->lies = true;
        add(&b, "liar", "add", size);
        measure(&b);
        const struct run *r = &b.record.runs[0];
        if (r->verdict != VERDICT_BEATEN)
            fail_msg("seed %d, %.0f bytes: the lie went unseen", seed, size);
        assert_true(b.fake->again > 0);
        close_bench(&b);
    }
}

static void beaten_is_measured_twice_and_told(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:launch=0,noise=1%,seed=4");
    b.fake->kernel = "add";
    b.fake->lies = true;
    add(&b, "liar", "add", 64e6);
    add(&b, "honest", "scale|relu", 64e6);
    measure(&b);
    assert_true(b.fake->again > 0);
    assert_true(is_noted(&b.record, "measured again"));
    assert_int_equal(b.record.runs[0].verdict, VERDICT_BEATEN);
    assert_non_null(b.record.runs[0].cause);
    assert_int_not_equal(b.record.runs[1].verdict, VERDICT_BEATEN);
    assert_null(b.record.runs[1].cause);
    assert_int_equal(study_exit(&b.record), EXIT_BEATEN);
    assert_near(b.record.runs[0].time_ns.median, 0.4e6, 0.4e4); /* never clamped to the bound */
    close_bench(&b);
}

/* Ceilings that were measured in a slow minute: the second look finds them higher, and takes that over. */
static void a_roof_that_rises_is_taken_over(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:launch=0,noise=1%,seed=9");
    b.fake->kernel = "scale";
    b.fake->probe_factor = 1.5;
    add(&b, "honest", "scale|relu", 64e6);
    measure(&b);
    assert_true(b.fake->again > 0);
    assert_true(is_noted(&b.record, "measured again"));
    int copies = 0;
    for (int i = 0; i < b.record.ceiling_count; i++) {
        const struct ceiling *c = &b.record.ceilings[i];
        if (c->kind == CEILING_BANDWIDTH)
            assert_near(c->value.median / 320e9, 1, 0.02);
        copies += c->kind == CEILING_BANDWIDTH && c->mix == MIX_COPY && c->via == VIA_COMMAND;
    }
    assert_int_equal(copies, 1); /* in the old one's place, not beside it */
    assert_int_not_equal(b.record.runs[1].verdict, VERDICT_BEATEN);
    assert_near(b.record.runs[1].bound_ns, 0.4e6, 0.4e6 * 0.02);
    assert_int_equal(study_exit(&b.record), EXIT_OK);
    close_bench(&b);
}

/* ---- comparing ---- */

/* Every call takes half a percent longer than the one before: variants are compared as if none did. */
static void drift_cancels(void **state)
{
    (void)state;
    struct error e = {0};
    struct bench b;
    const char *const variants[] = {"unfused", "2+2", "1+3", "3+1", "fused"};
    open_bench(&b, "sim:launch=0");
    b.fake->drift = 0.005;
    assert_true(study_add_chain(b.study, "drift", "scale|relu|gelu|tanh", variants, 5, 64e6, 1024, false, &e));
    measure(&b);
    static const double want[] = {NAN, 2, 2, 2, 4};
    for (int i = 1; i < 5; i++) {
        const struct run *r = &b.record.runs[i];
        assert_string_equal(r->speedup_over, "unfused");
        assert_near(r->speedup.median / want[i], 1, 0.002);
        assert_true(r->speedup.low <= r->speedup.median && r->speedup.median <= r->speedup.high);
        assert_near(r->speedup_predicted, want[i], want[i] * 0.05);
    }
    /* The drift was there, by a quarter: untimed runs make each sample start from longer ones. */
    assert_true(b.record.runs[0].time_ns.high > b.record.runs[0].time_ns.low * 1.25);
    close_bench(&b);
}

static void groups_are_compared_with_their_own_first(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim:launch=0");
    add(&b, "a", "scale|relu", 64e6);
    add(&b, "b", "scale|relu|tanh|gelu", 16e6);
    measure(&b);
    assert_null(b.record.runs[0].speedup_over);
    assert_near(b.record.runs[1].speedup.median, 2, 1e-6);
    assert_null(b.record.runs[2].speedup_over);
    assert_near(b.record.runs[3].speedup.median, 4, 1e-6);
    close_bench(&b);
}

static void it_says_why_it_stopped(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *stop;
        double budget_s;
        int n;
    } rows[] = {
        {"sim:launch=0", "interval", 1e9, 12},
        {"sim:launch=0,noise=40%", "max samples", 1e9, 100},
        {"sim:launch=0,noise=40%", "max time", 0, 12},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench b;
        struct error e = {0};
        open_bench(&b, rows[i].spec);
        add(&b, "g", "scale", 64e6);
        assert_true(study_measure(b.study, rows[i].budget_s, NULL, &e));
        assert_string_equal(b.record.runs[0].stop, rows[i].stop);
        assert_int_equal(b.record.runs[0].samples, rows[i].n);
        assert_false(isnan(b.record.runs[0].first_ns));
        close_bench(&b);
    }
}

/* ---- what goes wrong ---- */

static void unsupported_runs_do_not_stop_the_others(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim");
    b.fake->base.info.max_binding_bytes = 32000000;
    add(&b, "large", "scale|relu", 64e6);
    add(&b, "small", "scale|relu", 16e6);
    measure(&b);
    assert_int_equal(b.record.run_count, 4);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(b.record.runs[i].status, RUN_UNSUPPORTED);
        assert_says(b.record.runs[i].why, "64.0 MB|largest buffer binding|32000000 bytes|--tensor 32000000B");
        assert_int_equal(b.record.runs[i].time_ns.n, 0);
        assert_int_equal(b.record.runs[i + 2].status, RUN_OK);
        assert_int_equal(b.record.runs[i + 2].verdict, VERDICT_HOLDS);
    }
    assert_near(b.record.runs[3].speedup.median, 2, 0.05);
    assert_int_equal(study_exit(&b.record), EXIT_OK);
    close_bench(&b);
}

/* A variant whose plan cannot even be made: sixteen tensors beside input and output are too many buffers for one kernel. */
static void plans_that_cannot_be_made_are_unsupported(void **state)
{
    (void)state;
    struct bench b;
    struct error e = {0};
    struct text chain = {0};
    const char *const variants[] = {"unfused", "8+8", "fused"};
    for (int i = 0; i < 16; i++)
        text_add(&chain, "%sadd", i ? "|" : "");
    open_bench(&b, "sim:launch=0");
    assert_true(study_add_chain(b.study, "g", chain.s, variants, 3, 4e6, 1024, false, &e));
    measure(&b);
    assert_int_equal(b.record.runs[1].status, RUN_OK);
    assert_int_equal(b.record.runs[2].status, RUN_UNSUPPORTED);
    assert_string_equal(b.record.runs[2].variant, "fused");
    assert_says(b.record.runs[2].why, "more than 16 buffers|--fuse");
    assert_near(b.record.runs[1].speedup.median, 48.0 / 20, 0.01);
    close_bench(&b);
    text_free(&chain);
}

static void a_study_of_nothing_measures_nothing(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim");
    b.fake->base.info.max_binding_bytes = 1000;
    add(&b, "large", "scale|relu", 64e6);
    measure(&b);
    assert_int_equal(b.record.runs[1].status, RUN_UNSUPPORTED);
    assert_int_equal(b.record.ceiling_count, 0);
    assert_int_equal(b.fake->calls, 0);
    close_bench(&b);
}

/* Writes the record and reads it again: a number that is none would not be read. */
static void write_and_read(const struct record *r)
{
    char path[] = "/tmp/rooflab-study-XXXXXX";
    struct error e = {0};
    struct record back = {0};
    int fd = mkstemp(path);
    close(fd);
    if (!record_write(r, path, &e) || !record_read(&back, path, &e))
        fail_msg("%s", e.text);
    unlink(path);
    char *json = record_json(r), *again = record_json(&back);
    assert_string_equal(json, again);
    record_clear(&back);
    free(json);
    free(again);
}

static void an_interrupt_before_measuring_skips(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim");
    add(&b, "g", "scale|relu", 64e6);
    interrupted = 1;
    measure(&b);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(b.record.runs[i].status, RUN_SKIPPED);
        assert_says(b.record.runs[i].why, "interrupted");
        assert_int_equal(b.record.runs[i].verdict, VERDICT_NONE);
    }
    write_and_read(&b.record);
    close_bench(&b);
}

/* In each of the calls that a study makes, Ctrl-C leaves a record that can be read. */
static void an_interrupt_anywhere_leaves_a_record(void **state)
{
    (void)state;
    for (int at = 1; at < 120; at += 7) {
        struct bench b;
        open_bench(&b, "sim");
        b.fake->interrupt_at = at;
        add(&b, "g", "scale|relu", 64e6);
        measure(&b);
        for (int i = 0; i < b.record.run_count; i++) {
            const struct run *r = &b.record.runs[i];
            assert_true(r->status == RUN_OK ? r->samples > 0 : r->status == RUN_SKIPPED);
        }
        write_and_read(&b.record);
        close_bench(&b);
    }
}

static void times_that_are_no_numbers_never_pass(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b, "sim");
    b.fake->kernel = "scale";
    b.fake->kernel_nan = true;
    add(&b, "g", "scale|relu", 64e6);
    add(&b, "h", "tanh", 64e6);
    measure(&b);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(b.record.runs[i].status, RUN_ERROR);
        assert_says(b.record.runs[i].why, "not a number");
        assert_int_equal(b.record.runs[i].verdict, VERDICT_NONE);
        assert_int_equal(b.record.runs[i].time_ns.n, 0);
        assert_int_equal(b.record.runs[i].speedup.n, 0);
    }
    assert_int_equal(b.record.runs[2].status, RUN_OK);
    assert_int_equal(study_exit(&b.record), EXIT_CHECK);
    write_and_read(&b.record);
    close_bench(&b);

    open_bench(&b, "sim"); /* without ceilings there is no bound, and none that holds */
    b.fake->kernel = "tanh";
    b.fake->probes_nan = true;
    add(&b, "h", "tanh", 64e6);
    measure(&b);
    assert_int_equal(b.record.runs[0].status, RUN_OK);
    assert_int_equal(b.record.runs[0].verdict, VERDICT_NONE);
    assert_true(isnan(b.record.runs[0].bound_ns));
    write_and_read(&b.record);
    close_bench(&b);
}

static void a_wrong_chain_is_an_error_at_once(void **state)
{
    (void)state;
    struct bench b;
    struct error e = {0};
    const char *const variants[] = {"unfused", "3+3"};
    open_bench(&b, "sim");
    assert_false(study_add_chain(b.study, "g", "scale|rleu", variants, 2, 64e6, 1024, false, &e));
    assert_says(e.text, "'rleu'|'relu'");
    assert_false(study_add_chain(b.study, "g", "scale|relu", variants, 2, 64e6, 1024, false, &e));
    assert_says(e.text, "grouping '3+3' does not fit");
    assert_int_equal(e.code, EXIT_USAGE);
    close_bench(&b);
}

static void the_worst_run_decides_the_exit(void **state)
{
    (void)state;
    struct record r = {0};
    assert_int_equal(study_exit(&r), EXIT_OK);
    record_add_run(&r)->verdict = VERDICT_UNRESOLVED;
    record_add_run(&r)->status = RUN_UNSUPPORTED;
    record_add_run(&r)->status = RUN_SKIPPED;
    assert_int_equal(study_exit(&r), EXIT_OK);
    record_add_run(&r)->status = RUN_ERROR;
    assert_int_equal(study_exit(&r), EXIT_CHECK);
    record_add_run(&r)->verdict = VERDICT_BEATEN;
    record_add_run(&r)->status = RUN_ERROR;
    assert_int_equal(study_exit(&r), EXIT_BEATEN);
    record_clear(&r);
}

static int forget(void **state)
{
    (void)state;
    operators_forget();
    shader_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_kernel_is_never_beaten),
        cmocka_unit_test(a_lie_is_always_beaten),
        cmocka_unit_test(beaten_is_measured_twice_and_told),
        cmocka_unit_test(a_roof_that_rises_is_taken_over),
        cmocka_unit_test(drift_cancels),
        cmocka_unit_test(groups_are_compared_with_their_own_first),
        cmocka_unit_test(it_says_why_it_stopped),
        cmocka_unit_test(unsupported_runs_do_not_stop_the_others),
        cmocka_unit_test(plans_that_cannot_be_made_are_unsupported),
        cmocka_unit_test(a_study_of_nothing_measures_nothing),
        cmocka_unit_test(an_interrupt_before_measuring_skips),
        cmocka_unit_test(an_interrupt_anywhere_leaves_a_record),
        cmocka_unit_test(times_that_are_no_numbers_never_pass),
        cmocka_unit_test(a_wrong_chain_is_an_error_at_once),
        cmocka_unit_test(the_worst_run_decides_the_exit),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
