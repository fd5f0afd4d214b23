/* Ladders: which rungs a language has, what an experiment makes of them, and what claims call them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/ladder.h"
#include "harness/kernel/shader.h"
#include "harness/measure/experiment_parts.h"
#include "harness/measure/provenance.h"
#include "harness/tests/support_experiment.h"
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

/* ---- a house with two operations ---- */

static void put(const char *path, const char *text)
{
    char name[240];
    snprintf(name, sizeof name, "kernels/%s", path);
    house_write(name, text, strlen(text));
}

/* A kernel that reads x `reads` times, as its header says. */
static void put_kernel(const char *name, const char *shape, const char *extra)
{
    char path[200];
    struct text t = {0};
    text_add(&t, "#version 450\n//! kernel     %s\n//! idea       One.\n//! shape      %s\n"
                 "//! buffer     x  in   f32[n]\n//! buffer     y  out  f32[n]\n%s//! flops      n\n//! launch     groups=1\n"
                 "layout(local_size_x = 32) in;\nlayout(push_constant) uniform Shape { uint n; };\n"
                 "layout(binding = 0) readonly buffer X { float x[]; };\nlayout(binding = 1) writeonly buffer Y { float y[]; };\n"
                 "void main() { for (uint i = gl_LocalInvocationID.x; i < n; i += 32) y[i] = 2 * x[i]; }\n",
             name, shape, extra);
    snprintf(path, sizeof path, "%s.comp", name);
    put(path, t.s);
    text_free(&t);
}

static void put_c(const char *name)
{
    char path[200], text[400];
    snprintf(path, sizeof path, "%s.c", name);
    snprintf(text, sizeof text, "//! kernel %s\n//! idea One.\n//! shape n=1000\n//! buffer x in f32[n]\n//! buffer y out f32[n]\n"
                                "#include \"kernels/native.h\"\n", name);
    put(path, text);
}

static int fill(void **state)
{
    if (house_make(state) != 0)
        return -1;
    house_own(true);
    put_kernel("toy/1-naive", "n=1000", "");
    put_kernel("toy/2-better", "n=1000", "");
    put_kernel("toy/10-whole", "n=1000 m=4", "//! buffer     z  out  f32[n/2]\n");
    put_kernel("toy/notes", "n=1000", "");
    put_kernel("toy/parts/half", "n=1000", "");
    put_kernel("toy-q4/1-naive", "n=1000", "");
    put_c("toy/2-better");
    put_c("toy/4-host");
    put_c("toy/parts/half");
    put("toy/3-two.plan", "kernel toy/3-two\nidea Two.\nshape n=1000\nbuffer x in f32[n]\nbuffer y out f32[n]\ntemp t f32[n]\n"
                          "step toy/parts/half x=x y=t\nstep toy/1-naive x=t y=y\n");
    put("toy/5-halves.plan", "kernel toy/5-halves\nidea Two.\nshape n=1000\nbuffer x in f32[n]\nbuffer y out f32[n]\ntemp t f32[n]\n"
                             "step toy/parts/half x=x y=t\nstep toy/parts/half x=t y=y\n");
    put("empty/readme.txt", "no rungs\n");
    return 0;
}

static int forget(void **state)
{
    shader_forget();
    return house_remove(state);
}

/* ---- rungs ---- */

static void assert_rungs(const char *operation, enum language language, const char *const *names)
{
    int count;
    struct error e = {0};
    struct rung *rungs = ladder_rungs(operation, language, &count, &e);
    assert_non_null(rungs);
    for (int i = 0; i < count; i++) {
        assert_non_null(names[i]);
        assert_string_equal(rungs[i].name, names[i]);
        assert_int_equal(rungs[i].number, atoi(strrchr(names[i], '/') + 1));
    }
    assert_null(names[count]);
    free(rungs);
}

static void rungs_are_in_order_of_number(void **state)
{
    (void)state;
    assert_rungs("toy", LANGUAGE_GLSL,
                 (const char *const[]){"toy/1-naive", "toy/2-better", "toy/3-two", "toy/5-halves", "toy/10-whole", NULL});
}

/* A plan is there where each of its steps is. */
static void a_language_has_rungs_of_its_own(void **state)
{
    (void)state;
    assert_rungs("toy", LANGUAGE_C, (const char *const[]){"toy/2-better", "toy/4-host", "toy/5-halves", NULL});
    assert_rungs("empty", LANGUAGE_C, (const char *const[]){NULL});
}

static void unknown_operations_say_the_nearest(void **state)
{
    (void)state;
    int count;
    struct error e = {0};
    assert_null(ladder_rungs("tyo", LANGUAGE_GLSL, &count, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_says(e.text, "no operation 'tyo'|did you mean 'toy'?");
    assert_null(ladder_rungs("", LANGUAGE_GLSL, &count, &e));
    assert_null(ladder_rungs("..", LANGUAGE_GLSL, &count, &e));
}

static void names_say_whether_they_are_rungs(void **state)
{
    (void)state;
    assert_string_equal(rung_of("toy/12-a-b"), "12-a-b");
    assert_int_equal(rung_number("toy/12-a-b"), 12);
    assert_null(rung_of("toy/notes"));
    assert_null(rung_of("1-naive"));
    assert_null(rung_of("toy/1naive"));
    assert_null(rung_of("layernorm|bias"));
}

/* ---- the line ---- */

static void a_ladder_line_is_read(void **state)
{
    (void)state;
    struct experiment *x = read_right("ladder a toy\nladder b toy only 1 10-whole n=64e3 m=2\nladder b toy-q4 n=5\n"
                                      "claim a.r1.time_ns > 0\nclaim  hardware  b.toy.r10.speedup > 1\n"
                                      "claim software b.toy_q4.best.roof_share < 2\nclaim native a.r4.peak_share < 1\nchart roofline b\n");
    assert_int_equal(x->ladder_count, 3);
    assert_string_equal(x->ladders[0].group, "a");
    assert_int_equal(x->ladders[0].only_count + x->ladders[0].shapes, 0);
    assert_string_equal(x->ladders[1].operation, "toy");
    assert_int_equal(x->ladders[1].only_count, 2);
    assert_string_equal(x->ladders[1].only[1], "10-whole");
    assert_int_equal(x->ladders[1].shapes, 2);
    assert_string_equal(x->ladders[1].shape[0].name, "n");
    assert_int_equal(x->ladders[1].shape[0].value, 64000);
    assert_int_equal(x->claims[0].where, WHERE_ANY);
    assert_int_equal(x->claims[1].where, WHERE_HARDWARE);
    assert_string_equal(x->claims[1].text, "b.toy.r10.speedup > 1");
    assert_int_equal(x->claims[2].where, WHERE_SOFTWARE);
    assert_int_equal(x->claims[3].where, WHERE_NATIVE);
    experiment_free(x);
}

static void a_sweep_is_a_ladder_for_each_value(void **state)
{
    (void)state;
    struct experiment *x = read_right("ladder s toy only 1 m=2 sweep n=100,2000\nladder s toy-q4 sweep n=100,2000\n"
                                      "claim s2000.toy_q4.r1.temp_bytes == 0\n");
    assert_int_equal(x->ladder_count, 4);
    assert_string_equal(x->ladders[1].group, "s2000");
    assert_string_equal(x->ladders[1].sweep, "s");
    assert_string_equal(x->ladders[1].over, "n");
    assert_int_equal(x->ladders[1].shapes, 2);
    assert_string_equal(x->ladders[1].shape[1].name, "n");
    assert_int_equal(x->ladders[1].shape[1].value, 2000);
    assert_int_equal(x->ladders[1].only_count, 1);
    assert_string_equal(x->ladders[2].group, "s100");
    experiment_free(x);
}

static void faults_of_a_ladder_name_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } faults[] = {
        {"ladder\n", "my.txt:1: ladder is 'GROUP OPERATION"},
        {"ladder a\n", "my.txt:1: ladder is 'GROUP OPERATION"},
        {"ladder a n=1\n", "my.txt:1: ladder is 'GROUP OPERATION"},
        {"\nladder a tyo n=1\n", "my.txt:2: there is no operation 'tyo'|'toy'"},
        {"ladder a empty\n", "my.txt:1: the operation has no rungs|'empty'"},
        {"ladder a toy rows=1\n", "my.txt:1: no rung has a shape of this name: 'rows'"},
        {"ladder a toy n=x\n", "my.txt:1: n: "},
        {"ladder a toy n=0\n", "my.txt:1: a length is at least 1: 'n=0'"},
        {"ladder a toy olny 1\n", "my.txt:1: before the shape there is nothing but 'only RUNG...', 'patience TIME' and 'samples N': 'olny'"},
        {"ladder a toy only 1 patience\n", "my.txt:1: after patience comes a time: 'a'"},
        {"ladder a toy patience 5\n", "my.txt:1: |unit"},
        {"ladder a toy patience 0s\n", "my.txt:1: patience is a time above 0: '0s'"},
        {"ladder a toy samples 3 n=5\n", "my.txt:1: samples are from 4 to 1000: '3'"},
        {"ladder a toy samples\n", "my.txt:1: samples are from 4 to 1000: 'a'"},
        {"ladder a toy only 7\n", "my.txt:1: the ladder has no such rung: '7'"},
        {"ladder a toy only 1-nave\n", "my.txt:1: the ladder has no such rung: '1-nave'"},
        {"ladder a toy\nladder a toy n=5\n", "my.txt:2: the group has a ladder of this operation already: 'toy'"},
        {"ladder a toy\nclaim a.r7.speedup > 1\n", "my.txt:2: |a.r7.speedup"},
        {"ladder a toy only 1\nclaim a.r2.speedup > 1\n", "my.txt:2: |a.r2.speedup"},
        {"ladder a toy\nladder a toy-q4\nclaim a.r1.speedup > 1\n", "my.txt:3: |a.r1.speedup"},
        {"ladder a toy sweep\n", "my.txt:1: one sweep name=value,value is enough: 'sweep'"},
        {"ladder a toy sweep n\n", "my.txt:1: after sweep comes name=value,value: 'n'"},
        {"ladder a toy sweep n=\n", "my.txt:1: after sweep comes name=value,value"},
        {"ladder a toy sweep n=1 sweep m=1\n", "my.txt:1: one sweep name=value,value is enough"},
        {"ladder a toy sweep n=5,x\n", "my.txt:1: n: "},
        {"ladder a toy sweep n=5,5\n", "my.txt:1: the group has a ladder of this operation already"},
        {"ladder a toy sweep rows=5\n", "my.txt:1: no rung has a shape of this name: 'rows'"},
        {"ladder a toy\nclaim hardwear a.r1.speedup > 1\n", "my.txt:2: "},
        {"ladder a toy\nchart roofline aa\n", "my.txt:2: there is no group 'aa'"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error e = {0};
        if (read_text(faults[i].text, &e))
            fail_msg("taken: %s", faults[i].text);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, faults[i].says);
    }
}

/* ---- measuring ---- */

static void measure_on(const char *device, const char *text, struct record *r)
{
    struct error e = {0};
    struct experiment *x = read_right(text);
    struct device *d = device_open(device, &e);
    provenance_fill(r, "experiment", d);
    if (!experiment_measure(x, d, r, NULL, &e))
        fail_msg("%s", e.text);
    experiment_free(x);
    device_close(d);
}

static void measure(const char *text, struct record *r)
{
    measure_on("sim:B=320GB/s,P=1TFLOP/s,launch=0", text, r);
}

/* Rung 10 has a buffer of n/2 elements: of an odd n there is none. */
static void a_ladder_on_paper(void **state)
{
    (void)state;
    struct record r = {0};
    measure("ladder a toy n=1000001 m=3\nclaim a.r3.speedup < 0.51\nclaim a.r10.speedup > 1\nclaim a.best.speedup == 1\n"
            "claim a.toy.r2.roof_share > 0.99\nclaim hardware a.r1.time_ns < 0\nclaim native a.r4.time_ns < 0\n",
            &r);
    assert_int_equal(r.run_count, 5);
    assert_string_equal(r.runs[0].kernel, "toy/1-naive");
    assert_int_equal(r.runs[0].shapes, 1);
    assert_int_equal(r.runs[0].shape[0].value, 1000001);
    assert_near(r.runs[1].speedup.median, 1, 1e-6);
    assert_string_equal(r.runs[1].speedup_over, "toy/1-naive");
    assert_near(r.runs[2].speedup.median, 0.5, 1e-6);
    assert_int_equal(r.runs[4].status, RUN_UNSUPPORTED);
    assert_says(r.runs[4].why, "n/2");
    assert_string_equal(r.runs[4].group, "a");
    assert_int_equal(r.claim_count, 3); /* rung 10 has no time, and a model is none of the kinds */
    for (int i = 0; i < 3; i++)
        assert_int_equal(r.claims[i].holds, 1);
    assert_int_equal(r.provenance.note_count, 2);
    assert_says(r.provenance.notes[0], "a.r10.speedup > 1|left out");
    assert_says(r.provenance.notes[1], "2 claims about other kinds of device were not tried here");
    record_clear(&r);
}

/* Where the first rung does not run the second is what the others are compared with. */
static void the_first_that_runs_is_the_base(void **state)
{
    (void)state;
    struct record r = {0};
    put_kernel("odd/1-even-only", "n=1000", "//! buffer     z  out  f32[n/2]\n");
    put_kernel("odd/2-any", "n=1000", "");
    put_kernel("odd/3-any-too", "n=1000", "");
    measure("ladder a odd n=1000001\nclaim a.r2.speedup == 1\nclaim a.r3.speedup > 0.99\n", &r);
    assert_int_equal(r.runs[0].status, RUN_UNSUPPORTED);
    assert_int_equal(r.runs[1].speedup.n, 0);
    assert_string_equal(r.runs[2].speedup_over, "odd/2-any");
    assert_int_equal(r.claims[0].holds, 1);
    assert_int_equal(r.claims[1].holds, 1);
    record_clear(&r);
}

/* Temporary memory is what lies between a plan's steps. A rung that the value before tells to be too slow is not tried. */
static void a_sweep_on_paper(void **state)
{
    (void)state;
    struct record r = {0};
    measure_on("sim:B=1GB/s,P=1TFLOP/s,launch=0", "patience 1s\nladder s toy only 1 5 sweep n=1000000,150e6,800e6\nclaim s1000000.r5.temp_bytes == 4000000\n"
            "claim s1000000.r1.temp_bytes == 0\n",
            &r);
    assert_int_equal(r.run_count, 6);
    assert_string_equal(r.runs[2].group, "s150e6");
    assert_int_equal(r.runs[2].status, RUN_SKIPPED);
    assert_says(r.runs[2].why, "one run takes 1.2|here it may take 1");
    assert_string_equal(r.runs[0].sweep_of, "s");
    assert_string_equal(r.runs[0].sweep_over, "n");
    assert_near(r.runs[1].temp_bytes, 4e6, 0);
    assert_int_equal(r.runs[4].status, RUN_SKIPPED);
    assert_says(r.runs[4].why, "by its operations one run would take 6.4");
    assert_int_equal(r.runs[4].shape[0].value, 800000000);
    assert_near(r.runs[5].temp_bytes, 3.2e9, 0); /* its time is not known, its memory is */
    assert_int_equal(r.claims[0].holds, 1);
    assert_int_equal(r.claims[1].holds, 1);
    record_clear(&r);
}

/* With an `each` line a run is a model: it has memory of its own, and reading is what it is held against. */
static void a_model_on_paper(void **state)
{
    (void)state;
    struct record r = {0};
    measure_on("sim:B=1GB/s,P=1TFLOP/s,launch=0", "each token\nladder a toy only 1 5 n=1000000\nclaim a.r1.read_share > 0.99\n"
               "claim a.r1.each_per_s > 124\nclaim a.r5.steady_bytes == 12000000+3*4096\n", &r);
    assert_string_equal(r.each, "token");
    assert_near(r.runs[0].inputs_bytes, 4e6, 0);
    assert_near(r.runs[0].inout_bytes, 0, 0);
    assert_near(r.runs[0].steady_bytes, 8e6 + 2 * 4096, 0); /* x, y and their guard zones */
    assert_near(r.runs[0].peak_bytes, 8e6 + 2 * 4096, 0);
    assert_near(r.runs[0].each_per_s, 125, 1e-6); /* 8 MB at 1 GB/s */
    assert_near(r.runs[0].read_bytes_per_s, 1e9, 1e-6);
    assert_near(r.runs[0].read_footprint_bytes, 4e6, 0);
    assert_near(r.runs[0].read_share, 1, 1e-6);
    assert_true(isnan(r.runs[0].ready_ns)); /* paper needs none */
    for (int i = 0; i < 3; i++)
        assert_int_equal(r.claims[i].holds, 1);
    record_clear(&r);
    measure("ladder a toy only 1 n=1000000\n", &r); /* without that line nothing is said of it */
    assert_null(r.each);
    assert_true(isnan(r.runs[0].steady_bytes) && isnan(r.runs[0].each_per_s) && isnan(r.runs[0].read_share));
    record_clear(&r);
}

/* A line that goes on with a sweep has patience and samples of its own, which --patience overrides. */
static void a_sweep_goes_on_with_few_samples(void **state)
{
    (void)state;
    struct record r = {0};
    const char *text = "patience 1s\nladder s toy only 1 5 sweep n=1000000\n"
                       "ladder s toy only 1 patience 9s samples 4 sweep n=800e6\nclaim s800e6.r1.time_ns > 6*s1000000.r1.time_ns\n";
    struct experiment *x = read_right(text);
    assert_near(x->ladders[0].patience_s, 0, 0);
    assert_near(x->ladders[1].patience_s, 9, 0);
    assert_int_equal(x->ladders[1].samples, 4);
    assert_int_equal(x->ladders[1].only_count, 1);
    assert_string_equal(x->ladders[1].sweep, "s");
    experiment_patience(x, 3);
    assert_near(x->patience_s, 3, 0);
    assert_near(x->ladders[1].patience_s, 0, 0);
    experiment_free(x);
    measure_on("sim:B=1GB/s,P=1TFLOP/s,launch=0,noise=20%", text, &r);
    assert_int_equal(r.run_count, 3);
    assert_true(r.runs[0].time_ns.n >= 12);
    assert_int_equal(r.runs[2].status, RUN_OK); /* 6.4 s: more than the experiment's patience */
    assert_int_equal(r.runs[2].time_ns.n, 4);
    assert_string_equal(r.runs[2].stop, "max samples");
    assert_int_equal(r.claims[0].holds, 1);
    record_clear(&r);
}

static void ladders_share_a_group(void **state)
{
    (void)state;
    struct record r = {0};
    measure("ladder a toy only 1 2 n=1000000\nladder a toy-q4 n=500000\nclaim a.toy_q4.r1.speedup > 1.99\n"
            "claim a.toy.best.speedup == 1\n",
            &r);
    assert_int_equal(r.run_count, 3);
    assert_string_equal(r.runs[2].speedup_over, "toy/1-naive");
    assert_int_equal(r.claims[0].holds, 1);
    assert_int_equal(r.claims[1].holds, 1);
    record_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rungs_are_in_order_of_number),
        cmocka_unit_test(a_language_has_rungs_of_its_own),
        cmocka_unit_test(unknown_operations_say_the_nearest),
        cmocka_unit_test(names_say_whether_they_are_rungs),
        cmocka_unit_test(a_ladder_line_is_read),
        cmocka_unit_test(a_sweep_is_a_ladder_for_each_value),
        cmocka_unit_test(faults_of_a_ladder_name_the_line),
        cmocka_unit_test(a_ladder_on_paper),
        cmocka_unit_test(the_first_that_runs_is_the_base),
        cmocka_unit_test(a_sweep_on_paper),
        cmocka_unit_test(a_sweep_goes_on_with_few_samples),
        cmocka_unit_test(a_model_on_paper),
        cmocka_unit_test(ladders_share_a_group),
    };
    return cmocka_run_group_tests(tests, fill, forget);
}
