/* Charts of ladders: bars and lines show every rung once, names stay data, and the same record gives the same bytes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "roofline/chart.h"
#include "roofline/tests/support_charts.h"

static struct run *add_rung(struct record *r, const char *group, const char *kernel, double ms)
{
    struct run *run = record_add_run(r);
    run->group = need_string(group);
    run->kernel = need_string(kernel);
    run->variant = need_string("single");
    run->status = RUN_OK;
    run->time_ns = (struct interval){ms * 1e6, ms * 0.99e6, ms * 1.01e6, 12};
    run->tensor_bytes = 1e6;
    run->bytes_compulsory = 3e6;
    run->bytes_issued = 3e8 / ms;
    run->flops = 2e8;
    run->roof_ns = 2e6;
    run->bound_ns = 1e5;
    run->binds = need_string("arithmetic");
    return run;
}

static void add_ceilings(struct record *r)
{
    struct ceiling *c = record_add_ceiling(r);
    *c = (struct ceiling){.kind = CEILING_BANDWIDTH, .mix = MIX_COPY, .access = ACCESS_VEC4, .footprint_bytes = 2e6,
                          .value = {1e11, 0.99e11, 1.01e11, 12}};
    c = record_add_ceiling(r);
    *c = (struct ceiling){.kind = CEILING_COMPUTE, .type = "f32", .op = "fma", .width = 4, .chains = 4, .value = {2e11, 1.9e11, 2.1e11, 12}};
}

static struct record ladder_record(void)
{
    struct record r = {.device = need_string("toy"), .title = need_string("A ladder")};
    add_rung(&r, "square", "gemm/1-naive", 100);
    add_rung(&r, "square", "gemm/2-tiled", 400);
    add_rung(&r, "square", "gemm/3-'`@{evil}\n", 10);
    struct run *none = add_rung(&r, "square", "gemm/4-f16", 1);
    none->status = RUN_UNSUPPORTED;
    none->why = need_string("this device has no f16_arithmetic");
    add_rung(&r, "other", "gemm/1-naive", 7);
    add_ceilings(&r);
    return r;
}

static void bars_have_a_row_for_every_rung(void **state)
{
    (void)state;
    struct record r = ladder_record();
    const struct record *records[] = {&r};
    draw_as(chart_bars, records, 1, "bars", "square");
    assert_int_equal(count_in("bars.gp", "'1-naive'"), 1);
    assert_int_equal(count_in("bars.gp", "'2-tiled'"), 1);
    assert_int_equal(count_in("bars.gp", "'unsupported: this device has no f16_arithmetic'"), 1);
    assert_int_equal(count_in("bars.gp", "10.0 ms"), 1); /* the fastest */
    assert_int_equal(count_in("bars.gp", "`"), 0);
    assert_int_equal(count_in("bars.dat", "3 0.0666666667 10 9.9 10.1 2 0.1"), 1); /* row, axis, time, low, high, roof, bound */
    assert_int_equal(count_in("bars.gp", "other"), 0);
    no_overlap_in("bars.svg", 2000);
    record_clear(&r);
}

static void the_same_record_gives_the_same_bytes(void **state)
{
    (void)state;
    struct record r = ladder_record();
    const struct record *records[] = {&r, &r};
    draw_as(chart_bars, records, 2, "same", NULL);
    struct text first = content("same.png");
    draw_as(chart_bars, records, 2, "same", NULL);
    struct text second = content("same.png");
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.s, second.s, first.len);
    no_overlap_in("same.svg", 2000);
    text_free(&first);
    text_free(&second);
    record_clear(&r);
}

/* Rungs are numbered, named in the key, and joined in order. */
/* A rung whose weights have another format does another task: its roof is not that of the rung with the fewest bytes. */
static void a_format_has_its_own_roof(void **state)
{
    (void)state;
    struct record r = ladder_record();
    const struct record *records[] = {&r};
    struct run *f16 = add_rung(&r, "square", "gemm/5-f16", 20);
    free(f16->binds);
    f16->binds = need_string("bytes");
    for (int i = 0; i < r.run_count; i++)
        r.runs[i].roof_bytes_per_s = 1e8;
    for (int i = 0; i < r.run_count; i++)
        r.runs[i].inputs_bytes = i == r.run_count - 1 ? 1e6 : 2e6;
    r.runs[r.run_count - 1].bytes_compulsory = 2e6;
    draw_as(chart_bars, records, 1, "formats", "square");
    assert_int_equal(count_in("formats.dat", "9.9 10.1 30 0.1"), 1);
    assert_int_equal(count_in("formats.dat", "19.8 20.2 20 0.1"), 1);
    assert_int_equal(count_in("formats.svg", "GB/s") + count_in("formats.svg", "MB/s"), 0); /* one unit for all rungs */
    assert_true(count_in("formats.svg", "10.0 GFLOP/s") > 0);
    record_clear(&r);
}

static void a_roofline_shows_the_climb(void **state)
{
    (void)state;
    struct record r = ladder_record();
    const struct record *records[] = {&r};
    draw_as(chart_roofline, records, 1, "climb", "square");
    assert_int_equal(count_in("climb.gp", "'1-naive'"), 1);
    assert_int_equal(count_in("climb.gp", "set label '1' "), 1);
    assert_int_equal(count_in("climb.gp", "set label '3' "), 1);
    assert_int_equal(count_in("climb.gp", "head filled"), 2);
    assert_int_equal(count_in("climb.gp", "arrows lead from rung to rung"), 1);
    no_overlap_in("climb.svg", 1060);
    record_clear(&r);
}

/* Many rungs make two passes: each is named once, beside its point and over no other, and the panels of two devices lie one above
 * the other. The fastest tells its gap, one whose gap leaves the chart has no arrow. */
static void a_crowd_at_one_k_is_legible(void **state)
{
    (void)state;
    static const double ms[] = {19, 17, 15, 14.5, 3.6, 3.1, 2, 1.8, 15.2};
    struct record r[2] = {{0}, {0}};
    const struct record *records[] = {&r[0], &r[1]};
    for (int d = 0; d < 2; d++) {
        r[d].device = need_string(d ? "a processor" : "a rasteriser");
        r[d].title = need_string("Softmax: how often is the row read?");
        for (int i = 0; i < 9; i++) {
            char name[40];
            snprintf(name, sizeof name, "softmax/%d-rung-number-%d", i + 1, i + 1);
            struct run *run = add_rung(&r[d], "short", name, d ? 1 + ms[i] / 10 : ms[i]);
            run->passes = i == 0 ? 5 : i == 8 ? 3 : 2;
            run->tensor_bytes = 67e6;
            run->bytes_compulsory = run->passes * 67e6;
            run->roof_bytes_per_s = d ? 120e9 : 100e9;
            run->roof_ns = run->bytes_compulsory / run->roof_bytes_per_s * 1e9;
            run->bound_ns = 0.8 * run->roof_ns;
            run->bound_bytes_per_s = run->bytes_compulsory / run->bound_ns * 1e9;
            run->dispatches = i == 0 || i == 8 ? 3 : 1;
        }
        add_ceilings(&r[d]);
    }
    draw_as(chart_passes, records, 2, "crowd", "short");
    no_overlap_in("crowd.svg", 1540);
    for (int i = 0; i < 9; i++) {
        char name[40];
        snprintf(name, sizeof name, "%d-rung-number-%d", i + 1, i + 1);
        assert_int_equal(count_in("crowd.svg", name), 2); /* once on each device */
    }
    assert_int_equal(count_in("crowd.svg", "2-rung-number-2  17.0 ms"), 1);
    assert_int_equal(count_in("crowd.svg", ">8-rung-number-8<"), 2);
    draw_as(chart_passes, records, 1, "crowd-alone", "short");
    no_overlap_in("crowd-alone.svg", 1000);
    record_clear(&r[0]);
    record_clear(&r[1]);
}

static struct record sweep_record(void)
{
    static const double times[2][4] = {{1, 4, 16, 64}, {4, 8, 12, 20}};
    static const char *const names[] = {"attention/1-naive", "attention/2-flash"};
    struct record r = {.device = need_string("toy")};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++) {
            char group[16];
            snprintf(group, sizeof group, "a%d", 128 << i);
            struct run *run = add_rung(&r, group, names[k], times[k][i]);
            run->sweep_of = need_string("a");
            run->sweep_over = need_string("n");
            run->shape[0] = (struct shape_entry){"n", (uint64_t)128 << i};
            run->shapes = 1;
            run->temp_bytes = k ? 0 : 1e6 * times[0][i];
        }
    return r;
}

static void lines_cross_where_the_fastest_changes(void **state)
{
    (void)state;
    struct record r = sweep_record();
    const struct record *records[] = {&r};
    draw_as(chart_lines, records, 1, "lines", "a");
    draw_as(chart_lines, records, 1, "lines-of-several", "a,c");
    assert_int_equal(count_in("lines.gp", "'from here 2-flash'"), 1);
    assert_int_equal(count_in("lines.gp", "'n = 418'"), 1); /* 256 * 2^(ln 2 / ln 8/3): straight on a logarithmic page */
    assert_int_equal(count_in("lines.gp", "'1-naive'"), 2); /* time, and temporary memory */
    assert_int_equal(count_in("lines.gp", "'2-flash'"), 1); /* it needs none */
    assert_int_equal(count_in("lines.dat", "1024 64"), 2);
    no_overlap_in("lines.svg", 1000);
    for (int i = 0; i < r.run_count; i++) /* the longest took too long for every rung */
        if (r.runs[i].shape[0].value == 1024)
            r.runs[i].status = RUN_SKIPPED;
    draw_as(chart_lines, records, 1, "lines", "a");
    record_clear(&r);
}

/* A network of 14 steps of three kernels, one of them with a hostile name, and a slower run that is not shown. */
static struct record network_record(void)
{
    static const char *const kernels[] = {"net/parts/wide", "net/parts/'`@{evil}\n", "net/parts/add"};
    struct record r = {.device = need_string("toy"), .title = need_string("A network")};
    for (int i = 0; i < 2; i++) {
        struct run *run = add_rung(&r, "net", i ? "net/2-fused" : "net/1-unfused", i ? 10 : 30);
        for (int k = 0; k < 14; k++) {
            struct run *s = run_add_step(run);
            s->kernel = need_string(kernels[k % 3]);
            s->time_ns = (struct interval){(k + 1) * 1e5, (k + 1) * 0.9e5, (k + 1) * 1.1e5, 12};
            s->bytes_compulsory = 1e5;
            s->flops = k % 3 == 2 ? 0 : 1e6;
        }
    }
    add_ceilings(&r);
    return r;
}

/* The colour of kernels for which none is left is explained as theirs, not as that of the sixth. */
static void more_kernels_than_colours(void **state)
{
    (void)state;
    struct record r = network_record();
    const struct record *records[] = {&r};
    char name[16];
    for (int k = 0; k < 8; k++) {
        snprintf(name, sizeof name, "net/kernel-%d", k);
        free(r.runs[1].steps[k].kernel);
        r.runs[1].steps[k].kernel = need_string(name);
    }
    draw_as(chart_layers, records, 1, "many-kernels", "other,net");
    assert_true(count_in("many-kernels.svg", "kernel-4") > 0 && count_in("many-kernels.svg", "others") > 0);
    assert_int_equal(count_in("many-kernels.svg", "kernel-5"), 0);
    record_clear(&r);
}

static void layers_are_the_steps_of_the_fastest_run(void **state)
{
    (void)state;
    struct error e = {0};
    struct record r = network_record();
    const struct record *records[] = {&r, &r};
    draw_as(chart_layers, records, 2, "layers", "net");
    assert_int_equal(count_in("layers.dat", "\n14 1.4 1.26 1.54"), 2);
    assert_int_equal(count_in("layers.dat", "\n13 1.3 1.17 1.43"), 2);
    assert_int_equal(count_in("layers.gp", "2-fused, 10.0 ms"), 2);
    assert_int_equal(count_in("layers.gp", "1-unfused"), 0);
    assert_int_equal(count_in("layers.gp", "`"), 0);
    no_overlap_in("layers.svg", 2000);
    draw_as(chart_layers_roofline, records, 1, "layers-roofline", "net");
    assert_int_equal(count_in("layers-roofline.gp", "4 steps left out"), 1); /* 3, 6, 9 and 12 do no arithmetic */
    no_overlap_in("layers-roofline.svg", 1060);

    struct chart_options o = {.stem = path_of("none"), .group = "net"};
    r.runs[0].step_count = r.runs[1].step_count = 3;
    assert_false(chart_layers(records, 1, &o, &e));
    assert_non_null(strstr(e.text, "no layers: no run of group 'net' has 12 timed steps"));
    assert_false(chart_layers_roofline(records, 1, &o, &e));
    r.runs[0].step_count = r.runs[1].step_count = 14;
    record_clear(&r);
}

static void records_without_ladders_say_so(void **state)
{
    (void)state;
    struct record r = {.device = need_string("toy")};
    const struct record *records[] = {&r};
    struct chart_options o = {.stem = path_of("none"), .group = "g"};
    struct error e = {0};
    assert_false(chart_bars(records, 1, &o, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_non_null(strstr(e.text, "group 'g'"));
    assert_false(chart_lines(records, 1, &o, &e));
    assert_non_null(strstr(e.text, "sweep 'g'"));
    for (int i = 0; i < CHART_KINDS; i++) {
        assert_string_equal(chart_kinds[i].name, chart_kind_names[i]);
        assert_ptr_equal(chart_kind(chart_kind_names[i]), &chart_kinds[i]);
        assert_false(chart_kinds[i].has_data(&r));
    }
    assert_null(chart_kind("pie"));
    record_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_have_a_row_for_every_rung),      cmocka_unit_test(the_same_record_gives_the_same_bytes),
        cmocka_unit_test(a_crowd_at_one_k_is_legible),
        cmocka_unit_test(a_format_has_its_own_roof),
        cmocka_unit_test(more_kernels_than_colours),
        cmocka_unit_test(a_roofline_shows_the_climb),          cmocka_unit_test(lines_cross_where_the_fastest_changes),
        cmocka_unit_test(layers_are_the_steps_of_the_fastest_run), cmocka_unit_test(records_without_ladders_say_so),
    };
    return cmocka_run_group_tests(tests, folder_start, folder_end);
}
