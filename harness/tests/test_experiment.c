/* Experiments: the file is read, its faults have a line, and its claims are judged by intervals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/operator.h"
#include "harness/kernel/shader.h"
#include "harness/measure/experiment.h"
#include "harness/measure/provenance.h"
#include "harness/tests/support_experiment.h"
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

static void every_key_is_read(void **state)
{
    (void)state;
    struct experiment *x = read_right("# a comment\n"
                                      "title\tA title  with blanks \n"
                                      "ask A question?\n\n"
                                      "tensor 2MiB\n"
                                      "cols 512\n"
                                      "beyond 2.5\n"
                                      "  run one scale|relu|tanh unfused 1+2 fused ablate\n"
                                      "run two add fused beyond\n"
                                      "claim one.fused.speedup > 1\n"
                                      "claim one.g1_2.passes == 4\n"
                                      "chart passes one\n"
                                      "chart roofline\n"
                                      "chart bandwidth");
    assert_string_equal(x->name, "my");
    assert_string_equal(x->title, "A title  with blanks");
    assert_string_equal(x->ask, "A question?");
    assert_near(x->tensor_bytes, 2097152, 0);
    assert_int_equal(x->cols, 512);
    assert_near(x->beyond, 2.5, 0);
    assert_int_equal(x->run_count, 2);
    assert_string_equal(x->runs[0].group, "one");
    assert_string_equal(x->runs[0].chain, "scale|relu|tanh");
    assert_int_equal(x->runs[0].variant_count, 3);
    assert_string_equal(x->runs[0].variants[1], "1+2");
    assert_true(x->runs[0].ablate && !x->runs[0].beyond);
    assert_true(x->runs[1].beyond && !x->runs[1].ablate);
    assert_int_equal(x->claim_count, 2);
    assert_string_equal(x->claims[1].text, "one.g1_2.passes == 4");
    assert_int_equal(x->claims[1].line, 11);
    assert_int_equal(x->chart_count, 3);
    assert_string_equal(x->charts[0].group, "one");
    assert_string_equal(x->charts[1].kind, "roofline");
    assert_string_equal(x->charts[2].group, "");
    experiment_free(x);
}

static void what_is_not_said_has_a_default(void **state)
{
    (void)state;
    struct experiment *x = read_right("run g relu fused\n");
    assert_near(x->tensor_bytes, 64e6, 0);
    assert_int_equal(x->cols, 1024);
    assert_near(x->beyond, 0, 0);
    assert_null(x->title);
    experiment_free(x);
}

/* A group for each number; operators from the start again where they run out. */
static void sweeps_become_runs(void **state)
{
    (void)state;
    struct experiment *x = read_right("sweep depth 1 2 3 7 scale(1.5)|clamp(-1,1)|relu ablate unfused fused\n");
    static const char *const chains[] = {"scale(1.5)", "scale(1.5)|clamp(-1,1)", "scale(1.5)|clamp(-1,1)|relu",
                                         "scale(1.5)|clamp(-1,1)|relu|scale(1.5)|clamp(-1,1)|relu|scale(1.5)"};
    static const char *const groups[] = {"depth1", "depth2", "depth3", "depth7"};
    assert_int_equal(x->run_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(x->runs[i].group, groups[i]);
        assert_string_equal(x->runs[i].chain, chains[i]);
        assert_int_equal(x->runs[i].variant_count, 2);
        assert_string_equal(x->runs[i].variants[0], "unfused");
        assert_string_equal(x->runs[i].variants[1], "fused");
        assert_true(x->runs[i].ablate);
    }
    experiment_free(x);
}

#define RUN "run g scale|relu unfused fused\n"

static void faults_name_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } faults[] = {
        {"", "my.txt:0: no run, sweep, ladder, epilogue or series line"},
        {"title x\n", "my.txt:1: no run, sweep, ladder, epilogue or series line|'my'"},
        {RUN "tensr 64MB\n", "my.txt:2: 'tensr' is not a key|did you mean tensor"},
        {RUN "Title x\n", "my.txt:2: 'Title' is not a key|did you mean title"},
        {RUN "\n\ntensor 64\n", "my.txt:4: |needs a unit"},
        {RUN "tensor 64GB/s\n", "my.txt:2: "},
        {RUN "tensor\n", "my.txt:2: "},
        {RUN "cols 0\n", "my.txt:2: cols is a whole number from 1"},
        {RUN "cols 12abc\n", "my.txt:2: |12abc"},
        {RUN "cols -5\n", "my.txt:2: "},
        {RUN "beyond none\n", "my.txt:2: beyond is a number above 0: 'none'"},
        {RUN "beyond 4x\n", "my.txt:2: beyond is a number above 0: '4x'"},
        {"run\n", "my.txt:1: run is 'GROUP CHAIN VARIANT...'"},
        {"run g\n", "my.txt:1: run is 'GROUP CHAIN VARIANT...'"},
        {"run g relu\n", "my.txt:1: no variant: write unfused|'g'"},
        {"run g relu ablate\n", "my.txt:1: no variant"},
        {"run g rleu fused\n", "my.txt:1: |character 1|'rleu'|'relu'"},
        {"run g scale|relu fusd\n", "my.txt:1: grouping 'fusd' does not fit the 2 operators"},
        {"run g scale|relu fused 2+2\n", "my.txt:1: grouping '2+2' does not fit the 2 operators"},
        {RUN RUN, "my.txt:2: there is a group of this name already: 'g'"},
        {"run a-name-of-more-than-thirty-one-letters relu fused\n", "my.txt:1: |at most 31 characters"},
        {"run g relu|relu 1+1 2 1+1 2 1+1 2 1+1 2 fused\n", "my.txt:1: too many variants"},
        {"sweep\n", "my.txt:1: sweep is 'NAME NUMBER... CHAIN VARIANT...'"},
        {"sweep d relu fused\n", "my.txt:1: sweep is"},
        {"sweep d 1 2\n", "my.txt:1: sweep is"},
        {"sweep d 1 65 relu fused\n", "my.txt:1: a chain has from 1 to 64 operators: '65'"},
        {"sweep d 0 relu fused\n", "my.txt:1: a chain has from 1 to 64 operators: '0'"},
        {"sweep d 1x 2 relu fused\n", "my.txt:1: "},
        {"sweep d 1 2 relu\n", "my.txt:1: no variant"},
        {"sweep d 1 2 rleu fused\n", "my.txt:1: |'rleu'"},
        {"series one relu\n", "sizes: write a line like"},
        {"sizes 1KiB\nseries one relu fused\n", "my.txt:2: series is 'GROUP CHAIN'"},
        {"sizes 1KiB\nseries one rely\n", "my.txt:2: chain 'rely', at character 1: there is no operator"},
        {"sizes 1KiB\nseries one no/kernel\n", "my.txt:2: there is no kernel 'no/kernel'"},
        {"sizes 1KiB\nseries one relu\nseries one tanh\n", "my.txt:3: there is a group of this name already: 'one'"},
        {"sizes 2KiB 1KiB\nseries one relu\n", "my.txt:1: sizes ascend"},
        {"sizes 2KiB..1KiB\nseries one relu\n", "my.txt:1: sizes ascend"},
        {"sizes 1KiB..1\nseries one relu\n", "my.txt:1: '1' needs a unit"},
        {"transfer\n", "sizes: write a line like"},
        {"transfer up\nsizes 1KiB\n", "my.txt:1: transfer stands alone"},
        {"first one\n", "my.txt:1: first is 'GROUP CHAIN'"},
        {"first one softmax/2-one-read\n", "my.txt:1: a first run is that of a chain"},
        {"first one relu\nclaim one.warm_ns > 1\n", "my.txt:2: "},
        {"sizes\nseries one relu\n", "my.txt:1: sizes are like 1KiB..128MiB"},
        {"sizes 1KiB\nseries one relu\nclaim one.calls.launch_ns > 1\n", "my.txt:3: "},
        {RUN "chart pie\n", "my.txt:2: a chart is passes, roofline, bandwidth, instructions, bars, lines, sizes, layers, layers-roofline or first: 'pie'"},
        {RUN "chart\n", "my.txt:2: a chart is passes"},
        {RUN "chart passes h\n" RUN, "my.txt:3: there is a group"},
        {RUN "chart passes gg\n", "my.txt:2: there is no group 'gg' to draw"},
        {RUN "chart passes g g\n", "my.txt:2: a chart is of one kind"},
        {RUN "chart roofline g,h\n", "my.txt:2: there is no group 'g,h' to draw"},
        {RUN "claim g.fused.speedup\n", "my.txt:2: a claim compares two numbers"},
        {RUN "claim g.fused.speedup >\n", "my.txt:2: "},
        {RUN "claim g.fused.speedpu > 1\n", "my.txt:2: |g.fused.speedpu|g.fused.speedup"},
        {RUN "claim g.g1_1.speedup > 1\n", "my.txt:2: |g.g1_1.speedup"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error e = {0};
        if (read_text(faults[i].text, &e))
            fail_msg("taken: %s", faults[i].text);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, faults[i].says);
    }
}

static void too_much_is_refused(void **state)
{
    (void)state;
    struct text runs = {0}, claims = {0}, charts = {0};
    struct error e = {0};
    text_add(&claims, RUN);
    text_add(&charts, RUN);
    for (int i = 0; i <= EXPERIMENT_RUNS_MAX; i++)
        text_add(&runs, "run g%d relu fused\n", i);
    for (int i = 0; i <= EXPERIMENT_CLAIMS_MAX; i++)
        text_add(&claims, "claim 1 < %d\n", i);
    for (int i = 0; i <= EXPERIMENT_CHARTS_MAX; i++)
        text_add(&charts, "chart roofline\n");
    assert_null(read_text(runs.s, &e));
    assert_says(e.text, "my.txt:25: too many runs");
    assert_null(read_text(claims.s, &e));
    assert_says(e.text, "my.txt:50: too many claims");
    assert_null(read_text(charts.s, &e));
    assert_says(e.text, "my.txt:14: too many charts");
    text_free(&runs);
    text_free(&claims);
    text_free(&charts);
}

static void unknown_experiments_say_the_nearest(void **state)
{
    (void)state;
    struct error e = {0};
    assert_null(experiment_read("fusoin", &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_says(e.text, "no experiment 'fusoin'|did you mean 'fusion'?");
    assert_null(experiment_read("/nonexistent/x.txt", &e));
    assert_int_equal(e.code, EXIT_USAGE);
}

static void the_house_has_experiments_that_are_right(void **state)
{
    (void)state;
    struct error e = {0};
    size_t n;
    char **names = experiment_names(&n, &e);
    assert_true(names && n >= 1);
    for (size_t i = 0; i < n; i++) {
        struct experiment *x = experiment_read(names[i], &e);
        if (!x)
            fail_msg("%s", e.text);
        assert_non_null(x->title);
        assert_true(x->claim_count > 0);
        experiment_free(x);
    }
    names_free(names);
}

static void a_chain_replaces_the_runs(void **state)
{
    (void)state;
    struct error e = {0};
    struct experiment *x = read_right(RUN "run h tanh|relu fused\nclaim g.fused.speedup > 1\nchart passes h\nchart roofline\n");
    assert_false(experiment_override(x, "scale|rleu", &e));
    assert_int_equal(x->run_count, 2); /* as it was */
    assert_true(experiment_override(x, "scale|relu|tanh|exp|bias", &e));
    assert_int_equal(x->run_count, 1);
    assert_string_equal(x->runs[0].chain, "scale|relu|tanh|exp|bias");
    assert_int_equal(x->runs[0].variant_count, 3);
    assert_string_equal(x->runs[0].variants[1], "2+3");
    assert_true(x->runs[0].ablate);
    assert_string_equal(x->charts[0].group, "chain");
    assert_string_equal(x->charts[1].group, "");
    assert_true(experiment_override(x, "scale|relu", &e));
    assert_int_equal(x->runs[0].variant_count, 2);
    experiment_free(x);
}

/* ---- claims ---- */

static struct run *add_run(struct record *r, const char *group, const char *variant)
{
    struct run *run = record_add_run(r);
    run->group = need_string(group);
    run->variant = need_string(variant);
    run->status = RUN_OK;
    return run;
}

static void claims_are_judged_by_intervals(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        int holds;
    } rows[] = {
        {"g.fused.speedup > 1.5", 1},  /* all of 1.8 to 2.2 is above */
        {"g.fused.speedup > 1.8", -1}, /* an end touches: not told */
        {"g.fused.speedup >= 1.8", 1},
        {"g.fused.speedup > 2", -1},
        {"g.fused.speedup > 2.3", 0},
        {"g.fused.speedup < 1.7", 0},
        {"g.fused.time_ns >= g.fused.bound_ns", 1},
        {"g.fused.time_ns < g.unfused.time_ns", 1},
        {"g.fused.time_ns > 95", -1},
        {"g.g1_2.passes == 4", 1},
        {"g.fused.speedup > g.g1_2.speedup", -1},
    };
    struct record r = {0};
    struct error e = {0};
    struct run *unfused = add_run(&r, "g", "unfused");
    unfused->time_ns = (struct interval){200, 190, 210, 12};
    struct run *grouped = add_run(&r, "g", "grouped");
    grouped->grouping = need(2 * sizeof *grouped->grouping);
    grouped->grouping[0] = 1;
    grouped->grouping[1] = 2;
    grouped->groupings = 2;
    grouped->passes = 4;
    grouped->speedup = (struct interval){1.5, 1.3, 1.9, 12};
    struct run *fused = add_run(&r, "g", "fused");
    fused->time_ns = (struct interval){100, 90, 110, 12};
    fused->speedup = (struct interval){2, 1.8, 2.2, 12};
    fused->bound_ns = 80;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, "run g scale|relu|tanh unfused 1+2 fused\nclaim %s\n", rows[i].claim);
        struct experiment *x = read_right(text);
        assert_true(experiment_claims(x, &r, &e));
        assert_int_equal(r.claim_count, i + 1);
        if (r.claims[i].holds != rows[i].holds)
            fail_msg("%s: %d", rows[i].claim, r.claims[i].holds);
        assert_string_equal(r.claims[i].text, rows[i].claim);
        experiment_free(x);
    }
    assert_int_equal(r.provenance.note_count, 0);
    record_clear(&r);
}

/* Of a group that was not run, or could not be, nothing is claimed; a note says so. */
static void claims_about_what_was_not_run_are_left_out(void **state)
{
    (void)state;
    struct record r = {0};
    struct error e = {0};
    struct experiment *x = read_right(RUN "run h relu|tanh unfused fused\nclaim g.fused.speedup > 1\nclaim h.fused.speedup > 1\n");
    struct run *fused = add_run(&r, "g", "fused"), *other;
    fused->speedup = (struct interval){2, 1.8, 2.2, 12};
    other = add_run(&r, "h", "fused");
    other->status = RUN_UNSUPPORTED;
    other->speedup = (struct interval){2, 1.8, 2.2, 12};
    assert_true(experiment_claims(x, &r, &e));
    assert_int_equal(r.claim_count, 1);
    assert_int_equal(r.provenance.note_count, 1);
    assert_says(r.provenance.notes[0], "h.fused.speedup > 1|left out");
    experiment_free(x);
    record_clear(&r);
}

static int forget(void **state)
{
    operators_forget();
    shader_forget();
    return house_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(sweeps_become_runs),
        cmocka_unit_test(faults_name_file_and_line),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(unknown_experiments_say_the_nearest),
        cmocka_unit_test(the_house_has_experiments_that_are_right),
        cmocka_unit_test(a_chain_replaces_the_runs),
        cmocka_unit_test(claims_are_judged_by_intervals),
        cmocka_unit_test(claims_about_what_was_not_run_are_left_out),
    };
    return cmocka_run_group_tests(tests, house_make, forget);
}
