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
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

/* The operators are the real ones; only the experiment lies in the temporary house. */
static struct experiment *read_text(const char *text, struct error *e)
{
    house_write("my.txt", text, strlen(text));
    return experiment_read(house_path("my.txt"), e);
}

static struct experiment *read_right(const char *text)
{
    struct error e = {0};
    struct experiment *x = read_text(text, &e);
    if (!x)
        fail_msg("%s", e.text);
    return x;
}

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

/* ---- the whole ---- */

static void an_experiment_on_paper(void **state)
{
    (void)state;
    struct record r = {0};
    struct error e = {0};
    struct experiment *x = read_right("title T\nbeyond 4\nrun g scale|relu|tanh|exp unfused 2+2 fused ablate beyond\n"
                                      "claim g.fused.speedup > 3.9\nclaim g.fused.speedup > 4.1\n"
                                      "claim g_large.fused.speedup > 1\n");
    struct device *d = device_open("sim:B=320GB/s,launch=0", &e);
    provenance_fill(&r, "experiment", d);
    if (!experiment_measure(x, d, &r, NULL, &e))
        fail_msg("%s", e.text);
    assert_string_equal(r.experiment, "my");
    assert_int_equal(r.run_count, 3);
    assert_near(r.runs[2].speedup.median, 4, 1e-6);
    assert_int_equal(r.claim_count, 2);
    assert_int_equal(r.claims[0].holds, 1);
    assert_int_equal(r.claims[1].holds, 0);
    assert_says(r.conclusion, "simulated machine|g: 8 memory passes became 2|4 kernels became one|4.00 times as fast|binds it is bytes");
    assert_int_equal(r.provenance.note_count, 2); /* no cache shows, so no larger tensor; its claim is left out */
    assert_says(r.provenance.notes[0], "no cache plateau");
    assert_int_equal(study_exit(&r), EXIT_OK);
    experiment_free(x);
    record_clear(&r);
    device_close(d);
}

static struct record measure_on(const struct experiment *x, const char *spec)
{
    struct record r = {0};
    struct error e = {0};
    struct device *d = device_open(spec, &e);
    provenance_fill(&r, "experiment", d);
    if (!experiment_measure(x, d, &r, NULL, &e))
        fail_msg("%s", e.text);
    device_close(d);
    return r;
}

/* On a machine on paper the line gives back what the machine was made of, and two machines cross where they must: at
 * 2 S/10 + 1000 = 2 S/100 + 20000 ns, S = 105556. */
static void a_series_on_paper(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 1KiB..128MiB\nseries copy copy\nseries soft softmax\nclaim copy.call.launch_ns < 2000\n"
                                      "claim soft.dispatch.bytes_per_s > 1e10 * 1.01\nchart sizes soft\n");
    assert_int_equal(x->size_count, 18);
    struct record small = measure_on(x, "sim:launch=1us,B=10GB/s"), large = measure_on(x, "sim:launch=20us,B=100GB/s");
    struct record *both[] = {&small, &large};
    assert_int_equal(small.run_count, 36);
    assert_int_equal(small.fit_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_near(small.fits[i].launch_ns.median, 1000, 1);
        assert_near(small.fits[i].bytes_per_s.median, 10e9, 10e6);
        assert_near(large.fits[i].launch_ns.median, 20000, 20);
        assert_near(large.fits[i].bytes_per_s.median, 100e9, 100e6);
    }
    assert_int_equal(small.claims[0].holds, 1);
    assert_int_equal(small.claims[1].holds, 0);
    assert_near(small.runs[0].tensor_bytes, 1024, 0);
    assert_near(small.runs[17].tensor_bytes, 128 << 20, 0);
    assert_int_equal(small.ceiling_count, 0);
    assert_says(small.conclusion, "a dispatch costs 1.000 us before its first byte; then bytes move at 10.0 GB/s");
    experiment_joint(both, 2);
    assert_int_equal(large.crossover_count, 4);
    for (int i = 0; i < 4; i++)
        assert_near(large.crossovers[i].bytes.median, 105556, 105);
    assert_says(large.joint, "copy: below 106 kB sim 10.0 GB/s wins, above it sim 100 GB/s.");
    assert_string_equal(small.joint, large.joint);
    experiment_free(x);
    record_clear(&small);
    record_clear(&large);
}

/* With noise the truth lies within the limits that the record tells, nearly always, and these are narrow. */
static void a_series_with_noise(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 1KiB..128MiB\nseries copy copy\n");
    int launch = 0, rate = 0;
    for (int seed = 1; seed <= 20; seed++) {
        char spec[80];
        snprintf(spec, sizeof spec, "sim:launch=5us,B=320GB/s,noise=2%%,seed=%d", seed);
        struct record r = measure_on(x, spec);
        const struct fit *f = &r.fits[0];
        launch += f->launch_ns.low < 5000 && 5000 < f->launch_ns.high;
        rate += f->bytes_per_s.low < 320e9 && 320e9 < f->bytes_per_s.high;
        assert_true(f->launch_ns.low > 5000 * 0.97 && f->launch_ns.high < 5000 * 1.03);
        assert_true(f->bytes_per_s.low > 320e9 * 0.97 && f->bytes_per_s.high < 320e9 * 1.03);
        record_clear(&r);
    }
    assert_in_range(launch, 16, 20);
    assert_in_range(rate, 16, 20);
    experiment_free(x);
}

/* What is sent comes back, at every size, and there is a sentence on it; a machine on paper holds nothing. */
static void transfers_come_back(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 4KiB 64KiB\ntransfer\nseries scale scale(2)\n");
    x->seconds = 0.1;
    struct record host = measure_on(x, "native:threads=1"), paper = measure_on(x, "sim:B=100GB/s");
    assert_int_equal(host.run_count, 6);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(host.runs[i].group, i < 2 ? "upload" : "readback");
        assert_true(host.runs[i].verified);
        assert_int_equal(host.runs[i].status, RUN_OK);
        assert_true(host.runs[i].call_ns.median > 0 && host.runs[i].call_ns.n >= 12);
        assert_int_equal(host.runs[i].time_ns.n, 0);
    }
    assert_near(experiment_round_trip_ns(&host, 4096), host.runs[0].call_ns.median + host.runs[2].call_ns.median, 1e-6);
    assert_true(isnan(experiment_round_trip_ns(&host, 4000)));
    assert_says(host.conclusion, "bringing 65.5 kB to the device and back|dispatches of scale(2)|fusion pays for a round trip where");
    assert_says(host.provenance.notes[0], "the host's own memory");
    assert_int_equal(paper.runs[0].status, RUN_UNSUPPORTED);
    assert_says(paper.runs[0].why, "holds no data");
    experiment_free(x);
    record_clear(&host);
    record_clear(&paper);
}

/* Sending 64 KiB takes 2 us each way; a call takes 10 us there and 16 us here: 4 us of way against 6 us of gain. */
static void sending_work_away_is_weighed(void **state)
{
    (void)state;
    struct record far = {0}, host = {0};
    struct record *both[] = {&far, &host};
    far.device = need_string("far device");
    host.device = need_string("host");
    host.provenance.device_kind = need_string("CPU");
    for (int i = 0; i < 2; i++) {
        static const char *const groups[] = {"upload", "readback", "scale"};
        for (int k = 0; k < 3; k++) {
            struct run *r = record_add_run(both[i]);
            double ns = k < 2 ? 2000 : i ? 16000 : 10000;
            r->group = need_string(groups[k]);
            r->kernel = need_string(groups[k]);
            r->chain = k == 2 ? need_string("scale") : NULL;
            r->tensor_bytes = 65536;
            r->call_ns = (struct interval){ns, ns, ns, 12};
        }
    }
    experiment_joint(both, 2);
    assert_says(far.joint, "Sending 65.5 kB to far device for one call of scale takes 14.00 us|16.00 us on the host|from 1 such calls");
    assert_int_equal(far.crossover_count, 0);
    record_clear(&far);
    record_clear(&host);
}

/* 30 ms and then 1 ms a call, against 200 ms and 0.5 ms: caught up after 340 calls. */
static void compiling_is_paid_back(void **state)
{
    (void)state;
    struct record quick = {0}, slow = {0};
    struct record *both[] = {&slow, &quick};
    const double cold[] = {200e6, 30e6}, later[] = {0.5e6, 1e6};
    quick.device = need_string("quick");
    slow.device = need_string("slow");
    for (int i = 0; i < 2; i++) {
        struct run *r = record_add_run(both[i]);
        r->group = need_string("relu");
        r->tensor_bytes = 65536;
        r->call_ns = (struct interval){later[i], later[i], later[i], 12};
        r->cold_ns = (struct interval){cold[i], cold[i], cold[i], 3};
    }
    experiment_joint(both, 2);
    assert_says(slow.joint, "With empty caches quick is the first|30.00 ms against 200.0 ms of slow|faster on slow, which has caught up after 340");
    record_clear(&quick);
    record_clear(&slow);
}

/* Once, in this process: what the children do. */
static void first_runs_are_seen_once(void **state)
{
    (void)state;
    struct record r = {0};
    struct error e = {0};
    struct experiment *x = read_right("tensor 64KiB\nfirst a copy\nfirst b relu|tanh\n");
    struct device *d = device_open("native:threads=1", &e);
    assert_true(experiment_once(x, d, &r, &e));
    assert_int_equal(r.run_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(r.runs[i].first_ns >= r.runs[i].compile_ns && r.runs[i].compile_ns > 0);
        assert_true(r.runs[i].time_ns.median > 0);
    }
    device_close(d);
    experiment_free(x);
    record_clear(&r);
}

/* Two sizes make no line, but an order: 1 us and 20 us of launch decide at 4 KiB, bytes at 16 MiB. */
static void an_order_of_devices(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 4KiB 16MiB\nseries copy copy\nseries relu relu\n");
    struct record slow = measure_on(x, "sim:launch=30us,B=10GB/s"), fast = measure_on(x, "sim:launch=20us,B=100GB/s");
    struct record *both[] = {&slow, &fast};
    experiment_joint(both, 2);
    assert_int_equal(slow.fit_count, 0);
    assert_says(slow.joint, "should use sim 100 GB/s first: it is the fastest for 4 of 4 works; then sim 10.0 GB/s, which takes");
    assert_null(slow.crossovers[0].above);
    experiment_free(x);
    record_clear(&slow);
    record_clear(&fast);
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
        cmocka_unit_test(an_experiment_on_paper),
        cmocka_unit_test(a_series_on_paper),
        cmocka_unit_test(a_series_with_noise),
        cmocka_unit_test(an_order_of_devices),
        cmocka_unit_test(transfers_come_back),
        cmocka_unit_test(sending_work_away_is_weighed),
        cmocka_unit_test(compiling_is_paid_back),
        cmocka_unit_test(first_runs_are_seen_once),
    };
    return cmocka_run_group_tests(tests, house_make, forget);
}
