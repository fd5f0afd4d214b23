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
    assert_int_equal(count_in("lines.gp", "'from here 2-flash'"), 1);
    assert_int_equal(count_in("lines.gp", "'n = 418'"), 1); /* 256 * 2^(ln 2 / ln 8/3): straight on a logarithmic page */
    assert_int_equal(count_in("lines.gp", "'1-naive'"), 2); /* time, and temporary memory */
    assert_int_equal(count_in("lines.gp", "'2-flash'"), 1); /* it needs none */
    assert_int_equal(count_in("lines.dat", "1024 64"), 2);
    no_overlap_in("lines.svg", 1000);
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
        cmocka_unit_test(a_roofline_shows_the_climb),          cmocka_unit_test(lines_cross_where_the_fastest_changes),
        cmocka_unit_test(records_without_ladders_say_so),
    };
    return cmocka_run_group_tests(tests, folder_start, folder_end);
}
