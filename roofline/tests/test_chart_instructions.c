/* The instruction roofline: sectors come from counts into records, points lie where operations and sectors
 * say, levels are of the kinds that the runs use, and names are only ever data. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/measure/traffic.h"
#include "roofline/account.h"
#include "roofline/chart.h"
#include "roofline/tests/chart_records.h"
#include "roofline/tests/support_charts.h"

/* --- records ------------------------------------------------------------------------------------------- */

/* The ceilings of all kinds of operations. */
static void add_kinds(struct record *r, const struct machine *m)
{
    add_machine(r, m);
    add_compute(r, "int_xor", m->fma * 0.27);
    add_compute(r, "int_mul", m->fma * 0.085);
    for (int i = 1; i <= 2; i++)
        snprintf(r->ceilings[r->ceiling_count - i].type, sizeof r->ceilings->type, "i32");
    add_compute(r, "div", m->exp_rate * 2.2);
    add_compute(r, "log", m->exp_rate * 0.6);
    add_compute(r, "tanh", m->exp_rate * 0.3);
    add_compute(r, "rsqrt", m->exp_rate * 1.05);
}

/* What an instrument would have counted for every run: a share of its operations is integer. */
static void count_runs(struct record *r, double integer)
{
    for (int i = 0; i < r->run_count; i++) {
        struct run *run = &r->runs[i];
        double all = run->flops / 4;
        memset(run->ops, 0, sizeof run->ops);
        run->ops[OP_FMA] = 0.3 * (1 - integer) * all;
        run->ops[OP_ADD] = 0.3 * (1 - integer) * all;
        run->ops[OP_MUL] = 0.35 * (1 - integer) * all;
        run->ops[OP_EXP] = 0.05 * (1 - integer) * all;
        run->ops[OP_INT_XOR] = 0.8 * integer * all;
        run->ops[OP_INT_MUL] = 0.2 * integer * all;
        run->bytes_sectors = run->bytes_compulsory;
    }
}

/* --- sectors ------------------------------------------------------------------------------------------- */

static void sectors_come_from_counts(void **state)
{
    (void)state;
    struct traffic_buffer buffers[] = {{.bytes_read_first = 4096, .bytes_sectors = 32768},
                                       {.bytes_written = 4096, .bytes_sectors = 4096}};
    struct traffic_step step = {.buffers = buffers, .buffer_count = 2};
    struct cost cost = {.bytes_sectors = 7};
    traffic_cost(&step, false, &cost);
    assert_true(cost.bytes_sectors == 7); /* as it was */
    traffic_cost(&step, true, &cost);
    assert_true(cost.bytes_sectors == 32768 + 4096);
}

static void sectors_add_up_over_steps(void **state)
{
    (void)state;
    struct record r = {0};
    struct cost steps[] = {{.bytes_read = 100, .bytes_issued = 100, .bytes_sectors = 128},
                           {.bytes_read = 100, .bytes_issued = 100, .bytes_sectors = 3200}};
    struct run *run = record_add_run(&r);
    run->tensor_bytes = 100;
    account_run(run, steps, 2, (struct ceilings){0});
    assert_true(run->bytes_sectors == 3328);
    steps[0].bytes_sectors = 0; /* not counted: then the sum does not exist */
    account_run(run, steps, 2, (struct ceilings){0});
    assert_true(isnan(run->bytes_sectors));
    r.schema = need_string("rooflab.bench/1");
    char *json = record_json(&r);
    assert_non_null(strstr(json, "\"bytes_sectors\": null"));
    free(json);
    record_clear(&r);
}

/* --- points and levels --------------------------------------------------------------------------------- */

static void points_lie_where_they_should(void **state)
{
    (void)state;
    struct record r = {0};
    const struct record *list[] = {&r};
    char row[96];
    add_kinds(&r, &software);
    add_seed(&r);
    count_runs(&r, 0.62);
    r.runs[0].bytes_sectors *= 2; /* of each sector one half is used */
    r.runs[2].bytes_sectors /= 2; /* in place: each sector is read, and written back */
    draw_as(chart_instructions, list, 1, "numbers", NULL);
    for (int i = 0; i < r.run_count; i++) {
        const struct run *run = &r.runs[i];
        double ops = 0, sectors = run->bytes_compulsory * (i == 0 ? 2 : 1) / 32;
        for (int op = 0; op < OP_COUNT; op++)
            ops += run->ops[op];
        snprintf(row, sizeof row, "\n%.9g %.9g %.9g %.9g\n", ops / sectors, ops / run->time_ns.median,
                 ops / run->time_ns.high, ops / run->time_ns.low);
        assert_int_equal(count_in("numbers.dat", row), 1);
        /* The mix: fma at 80e9 flops/s, additions and multiplications at 60e9/s, and so on. */
        double floats = 0.38 * run->flops / 4, ints = 0.62 * run->flops / 4;
        double seconds = 0.3 * floats / 40e9 + 0.65 * floats / 60e9 + 0.05 * floats / 3e9 +
                         0.8 * ints / 21.6e9 + 0.2 * ints / 6.8e9;
        snprintf(row, sizeof row, "\n%.9g %.9g\n", ops / sectors, ops / seconds / 1e9);
        assert_int_equal(count_in("numbers.dat", row), 1);
    }
    assert_int_equal(count_in("numbers.svg", ">most operations: 62 % integer in 3 runs</text>"), 1);
    assert_int_equal(count_in("numbers.svg", "seed: 2.42x measured"), 1);
    r.runs[0].ops[OP_DIV] = 2 * r.runs[0].flops; /* once they differ, every label tells its own */
    draw_as(chart_instructions, list, 1, "numbers", NULL);
    assert_int_equal(count_in("numbers.svg", ">62 % integer</text>"), 2);
    assert_int_equal(count_in("numbers.svg", ">89 % division</text>"), 1);
    assert_int_equal(count_in("numbers.svg", "most operations"), 0);
    record_clear(&r);
}

static void levels_are_of_the_kinds_in_use(void **state)
{
    (void)state;
    struct record r = {0};
    const struct record *list[] = {&r};
    add_kinds(&r, &software);
    add_seed(&r);
    count_runs(&r, 0.5);
    draw_as(chart_instructions, list, 1, "levels", NULL);
    const char *svg = "levels.svg";
    assert_int_equal(count_in(svg, ">add, mul f32: 60.0 Gop/s</text>"), 1);
    assert_int_equal(count_in(svg, ">fma f32: 40.0 Gop/s</text>"), 1); /* 80 GFLOP/s */
    assert_int_equal(count_in(svg, ">integer: 21.6 Gop/s</text>"), 1);
    assert_int_equal(count_in(svg, ">integer multiply: 6.80 Gop/s</text>"), 1);
    assert_int_equal(count_in(svg, ">exp: 3.00 Gop/s</text>"), 1);
    assert_int_equal(count_in(svg, "tanh") + count_in(svg, "1/sqrt") + count_in(svg, "division"), 0);
    assert_int_equal(count_in(svg, ">copy kernel (vec4): 225 Msector/s"), 1); /* 7.2 GB/s */
    assert_int_equal(count_in(svg, ">read kernel (texel):"), 1);
    assert_int_equal(count_in(svg, "command"), 0);
    for (int i = 0; i < r.run_count; i++) { /* one in a thousand is no reason to draw its level */
        r.runs[i].ops[OP_TANH] = 1e-3 * r.runs[i].ops[OP_INT_XOR];
        r.runs[i].ops[OP_EXP] = 0;
        r.runs[i].ops[OP_LOG] = r.runs[i].ops[OP_INT_XOR];
    }
    draw_as(chart_instructions, list, 1, "levels", NULL);
    assert_int_equal(count_in(svg, ">log: 1.80 Gop/s</text>"), 1);
    assert_int_equal(count_in(svg, "exp") + count_in(svg, "tanh"), 0);
    record_clear(&r);
}

static void what_is_left_out_is_said(void **state)
{
    (void)state;
    struct record r = {0};
    const struct record *list[] = {&r};
    add_kinds(&r, &software);
    add_seed(&r);
    count_runs(&r, 0.5);
    add_light(&r); /* declared, not counted */
    draw_as(chart_instructions, list, 1, "left-out", NULL);
    assert_int_equal(count_in("left-out.svg", "2 runs left out: without counted sectors"), 1);
    assert_int_equal(count_in("left-out.svg", ">light"), 0);
    draw_as(chart_instructions, list, 1, "left-out", "seed");
    assert_int_equal(count_in("left-out.svg", "left out"), 0);
    record_clear(&r);
}

/* --- texts --------------------------------------------------------------------------------------------- */

static void no_two_texts_overlap(void **state)
{
    (void)state;
    struct record one = {0}, many = {0}, fast = {0};
    const struct record *r_one[] = {&one}, *r_many[] = {&many}, *r_two[] = {&one, &fast};
    add_kinds(&one, &software);
    add_seed(&one);
    count_runs(&one, 0.6);
    add_kinds(&many, &software);
    add_seed(&many);
    add_light(&many);
    add_depths(&many);
    count_runs(&many, 0.4);
    add_kinds(&fast, &gpu);
    add_seed(&fast);
    add_light(&fast);
    count_runs(&fast, 0.6);
    draw_as(chart_instructions, r_one, 1, "instructions", NULL);
    no_overlap_in("instructions.svg", 1060);
    draw_as(chart_instructions, r_many, 1, "instructions-groups", NULL);
    no_overlap_in("instructions-groups.svg", 1060);
    draw_as(chart_instructions, r_two, 2, "instructions-devices", NULL);
    no_overlap_in("instructions-devices.svg", 1060);
    struct run *run = one.runs; /* every kind at once */
    for (int op = 0; op < OP_COUNT; op++)
        run->ops[op] = 0.2 * run->flops;
    draw_as(chart_instructions, r_one, 1, "instructions-kinds", NULL);
    no_overlap_in("instructions-kinds.svg", 1060);
    record_clear(&one);
    record_clear(&many);
    record_clear(&fast);
}

static const char hostile[] = "`touch i1` \"$(touch i2)\" 'q' @self %s {/Bold b}_2^2 \\\n!touch i3\n é<&";

static void names_are_drawn_and_never_run(void **state)
{
    (void)state;
    static const char *const files[] = {"i1", "i2", "i3"};
    struct record r = {0};
    const struct record *list[] = {&r};
    add_kinds(&r, &software);
    add_seed(&r);
    count_runs(&r, 0.6);
    free(r.device);
    r.device = need_string(hostile);
    for (int i = 0; i < r.run_count; i++) {
        free(r.runs[i].group);
        r.runs[i].group = need_string(hostile);
        free(r.runs[i].variant);
        r.runs[i].variant = need_string("single");
    }
    draw_as(chart_instructions, list, 1, "hostile", NULL);
    assert_int_equal(count_in("hostile.gp", "`"), 0);
    assert_true(count_in("hostile.svg", "{/Bold b}_2^2 \\ !touch i3") >= 1);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_false(file_exists(path_of(files[i])) || file_exists(files[i]));
    record_clear(&r);
}

/* --- gaps ---------------------------------------------------------------------------------------------- */

static void same_record_same_bytes(void **state)
{
    (void)state;
    static const char *const kinds[] = {".gp", ".dat"};
    struct record r = {0};
    const struct record *list[] = {&r};
    struct error e = {0};
    add_kinds(&r, &gpu);
    add_seed(&r);
    count_runs(&r, 0.6);
    assert_true(folder_make(path_of("here"), &e) && folder_make(path_of("there"), &e));
    draw_as(chart_instructions, list, 1, "here/same", NULL);
    draw_as(chart_instructions, list, 1, "there/same", NULL);
    for (int i = 0; i < 2; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "here/same%s", kinds[i]);
        snprintf(b, sizeof b, "there/same%s", kinds[i]);
        struct text ta = content(a), tb = content(b);
        assert_string_equal(text_get(&ta), text_get(&tb));
        text_free(&ta);
        text_free(&tb);
    }
    record_clear(&r);
}

static void gaps_in_a_record_do_not_stop_a_chart(void **state)
{
    (void)state;
    static const char *const names[] = {"bare.gp", "bare.dat", "roofs.gp", "roofs.dat"};
    struct record bare = {0}, roofs = {0}, nothing = {0};
    const struct record *r_bare[] = {&bare}, *r_roofs[] = {&roofs}, *r_nothing[] = {&nothing};
    struct chart_options o = {.stem = path_of("nothing")};
    struct error e = {0};
    struct run *run = record_add_run(&bare);
    run->status = RUN_OK;
    run->time_ns = around(1e6, 0.01, 12);
    run->bytes_sectors = 2e6;
    run->ops[OP_INT_XOR] = 1e6; /* the others are NAN, and so is its time by the ceilings */
    draw_as(chart_instructions, r_bare, 1, "bare", NULL);
    assert_int_equal(count_in("bare.svg", "100 % integer"), 1);
    add_kinds(&roofs, &gpu);
    add_compute(&roofs, "exp", INFINITY); /* a model's, where it takes no time */
    draw_as(chart_instructions, r_roofs, 1, "roofs", NULL);
    no_overlap_in("roofs.svg", 1060);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(count_in(names[i], "nan") + count_in(names[i], "inf"), 0);
    assert_false(chart_instructions(r_nothing, 1, &o, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_false(file_exists(path_of("nothing.gp")));
    record_clear(&bare);
    record_clear(&roofs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sectors_come_from_counts),
        cmocka_unit_test(sectors_add_up_over_steps),
        cmocka_unit_test(points_lie_where_they_should),
        cmocka_unit_test(levels_are_of_the_kinds_in_use),
        cmocka_unit_test(what_is_left_out_is_said),
        cmocka_unit_test(no_two_texts_overlap),
        cmocka_unit_test(names_are_drawn_and_never_run),
        cmocka_unit_test(same_record_same_bytes),
        cmocka_unit_test(gaps_in_a_record_do_not_stop_a_chart),
    };
    return cmocka_run_group_tests(tests, folder_start, folder_end);
}
