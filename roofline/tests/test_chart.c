/* Charts: names are only ever data, labels do not overlap, the same record gives the same bytes, and what is
 * drawn is where the numbers say. ROOFLAB_KEEP_CHARTS=folder keeps the pictures for a look. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "roofline/chart.h"
#include "roofline/chart_parts.h"
#include "roofline/crossover.h"
#include "roofline/tests/chart_records.h"
#include "roofline/tests/support_charts.h"

/* --- overlap ------------------------------------------------------------------------------------------- */

static void no_two_texts_overlap(void **state)
{
    (void)state;
    struct record one = {0}, many = {0}, fast = {0};
    const struct record *r_one[] = {&one}, *r_many[] = {&many}, *r_two[] = {&one, &fast};
    add_machine(&one, &software);
    add_seed(&one);
    add_machine(&many, &software);
    add_seed(&many);
    add_light(&many);
    add_depths(&many);
    add_machine(&fast, &gpu);
    add_seed(&fast);
    add_light(&fast);
    draw_as(chart_passes, r_one, 1, "passes", NULL);
    no_overlap_in("passes.svg", 1000);
    draw_as(chart_passes, r_many, 1, "passes-groups", NULL);
    no_overlap_in("passes-groups.svg", 1200);
    draw_as(chart_passes, r_two, 2, "passes-devices", "seed");
    no_overlap_in("passes-devices.svg", 1000);
    draw_as(chart_roofline, r_one, 1, "roofline", NULL);
    no_overlap_in("roofline.svg", 1060);
    draw_as(chart_roofline, r_many, 1, "roofline-groups", NULL);
    no_overlap_in("roofline-groups.svg", 1060);
    draw_as(chart_roofline, r_two, 2, "roofline-devices", NULL);
    no_overlap_in("roofline-devices.svg", 1060);
    draw_as(chart_bandwidth, r_one, 1, "bandwidth", NULL);
    no_overlap_in("bandwidth.svg", 1000);
    draw_as(chart_bandwidth, r_two, 2, "bandwidth-devices", NULL);
    no_overlap_in("bandwidth-devices.svg", 1000);
    record_clear(&one);
    record_clear(&many);
    record_clear(&fast);
}

/* A device's runs of one work at sizes from 1 KiB on, and its first runs. */
static void add_sizes(struct record *r, const char *device, const char *group, double launch_ns, double bytes_per_s, int sizes)
{
    free(r->device);
    r->device = need_string(device);
    for (int i = 0; i < sizes; i++) {
        struct run *run = record_add_run(r);
        double s = ldexp(1024, i), t = launch_ns + 2 * s / bytes_per_s * 1e9;
        run->group = need_string(group);
        run->tensor_bytes = s;
        run->bytes_compulsory = 2 * s;
        run->time_ns = (struct interval){t, t * 0.98, t * 1.05, 12};
        run->call_ns = (struct interval){t * 1.2 + 2000, t * 1.2 + 1900, t * 1.2 + 2100, 12};
        run->first_ns = t + 1e6;
    }
}

static void charts_of_sizes_and_first_runs(void **state)
{
    (void)state;
    static const char *const groups[] = {"copy", "a_name_that_is_too_long_for_its_slot", "light", "softmax", "layernorm"};
    struct record small = {0}, large = {0}, few = {0}, cold = {0};
    const struct record *both[] = {&small, &large}, *bars[] = {&few, &cold};
    for (int i = 0; i < 5; i++) {
        add_sizes(&small, "A processor, 2 threads", groups[i], 1000, 10e9, 18);
        add_sizes(&large, "A GPU (with a driver)", groups[i], 20000, 100e9, 18);
        add_sizes(&few, "A processor, 2 threads", groups[i], 1000, 10e9, 2);
        add_sizes(&cold, "A GPU (with a driver)", groups[i], 20000, 100e9, 2);
    }
    fits_find(&small);
    fits_find(&large);
    draw_as(chart_sizes, both, 2, "sizes", NULL);
    no_overlap_in("sizes.svg", 1300);
    assert_int_equal(count_in("sizes.gp", "crossover"), 5);
    draw_as(chart_sizes, both, 1, "sizes-one", "copy");
    no_overlap_in("sizes-one.svg", 1000);
    draw_as(chart_first, bars, 2, "first", NULL);
    no_overlap_in("first.svg", 1000);
    for (int i = 0; i < cold.run_count; i++) {
        cold.runs[i].cold_ns = (struct interval){2e8, 1e8, 3e8, 3};
        cold.runs[i].cached_ns = (struct interval){2e6, 1e6, 3e6, 3};
    }
    draw_as(chart_first, bars + 1, 1, "first-cold", NULL);
    no_overlap_in("first-cold.svg", 1000);
    assert_int_equal(count_in("first-cold.svg", "filled caches"), 1);
    struct chart_options o = {.stem = path_of("none")};
    struct error e = {0};
    struct record empty = {0};
    const struct record *nothing[] = {&empty};
    assert_false(chart_sizes(nothing, 1, &o, &e) || chart_first(nothing, 1, &o, &e));
    record_clear(&small);
    record_clear(&large);
    record_clear(&few);
    record_clear(&cold);
}

/* The test of the test above: it must see an overlap where there is one. */
static void boxes_touch_where_they_do(void **state)
{
    (void)state;
    struct quad a = quad_box((struct spot){0, 0}, 100, 20, 0),
                b = quad_box((struct spot){60, 25}, 100, 20, M_PI / 6);
    struct quad c = quad_box((struct spot){60, 45}, 100, 20, M_PI / 6);
    struct quad line = quad_segment((struct spot){-60, 5}, (struct spot){60, 9});
    assert_true(quads_touch(&a, &b));
    assert_false(quads_touch(&a, &c));
    assert_true(quads_touch(&a, &line));
    assert_false(quads_touch(&c, &line));
}

/* --- data that looks like a program ----------------------------------------------------------------------
 */

static const char hostile[] =
    "`touch x`.comp \"`touch y`\" 'q' $(touch z) @self %s%d {/Bold b}_2^2 \\n\\\n!touch w\n é<&";
static void replace(char **s, const char *with)
{
    free(*s);
    *s = need_string(with);
}

static void names_are_drawn_and_never_run(void **state)
{
    (void)state;
    struct record r = {0};
    const struct record *list[] = {&r};
    add_machine(&r, &software);
    add_seed(&r);
    replace(&r.device, hostile);
    replace(&r.title, "`touch x` \xff\xc0\x80 100% @data");
    replace(&r.provenance.driver, "|touch v; system('touch u')");
    for (int i = 0; i < r.run_count; i++) {
        replace(&r.runs[i].kernel, "`touch x`.comp");
        replace(&r.runs[i].variant, "single");
        replace(&r.runs[i].group, hostile);
    }
    draw_as(chart_roofline, list, 1, "'; `touch s` @x \\ {h} %d", NULL);
    const char *svg = "'; `touch s` @x \\ {h} %d.svg";
    assert_int_equal(count_in(svg, ">`touch x`.comp</text>"), 3);
    assert_int_equal(count_in(svg, "`touch x` ??? 100% @data"), 1);
    assert_true(count_in(svg, "(touch z) @self %s%d {/Bold b}_2^2 \\n\\ !touch w") >= 1);
    assert_int_equal(count_in("'; `touch s` @x \\ {h} %d.gp", "`"), 0);
    for (const char *c = "xyzwvus"; *c; c++) {
        char name[2] = {*c, 0};
        assert_false(file_exists(path_of(name)));
        assert_false(file_exists(name));
    }
    record_clear(&r);
}

static void strings_hold_nothing_that_expands(void **state)
{
    (void)state;
    struct text t = {0};
    put_string(&t, "a`b'c@d\\e\nf%g\"h");
    assert_string_equal(text_get(&t), "'a'.\"\\140\".'b'.\"\\047\".'c'.\"\\100\".'d'.\"\\134\".'e'.\"\\012\".'f%g\"h'");
    text_free(&t);
    t = (struct text){0};
    put_string(&t, "'a"); /* gnuplot 5.4 reads a doubled quote at the beginning as an empty string */
    assert_string_equal(text_get(&t), "\"\\047\".'a'");
    text_free(&t);
    t = (struct text){0};
    put_string(&t, "");
    assert_string_equal(text_get(&t), "''");
    text_free(&t);
    static const char *const pairs[][2] = {{"a\tb\nc", "a b c"},    {"\xe2\x82", "??"},
                                           {"\xed\xa0\x80", "???"}, {"caf\xc3\xa9", "caf\xc3\xa9"},
                                           {"\xc0\xaf", "??"},      {"\xff", "?"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *shown = shown_text(pairs[i][0], 0, 0);
        assert_string_equal(shown, pairs[i][1]);
        free(shown);
    }
    char *cut = shown_text("wwwwwwwwwwwwwwwwwwww", 100, 20);
    assert_true(text_width(cut, 20, false) <= 100 && ends_with(cut, "…"));
    free(cut);
}

/* --- the same bytes, the right numbers -------------------------------------------------------------------
 */

static void same_record_same_bytes_anywhere(void **state)
{
    (void)state;
    static const char *const kinds[] = {".gp", ".dat"};
    struct record r = {0};
    const struct record *list[] = {&r};
    struct error e = {0};
    add_machine(&r, &software);
    add_seed(&r);
    assert_true(folder_make(path_of("here"), &e) && folder_make(path_of("there"), &e));
    draw_as(chart_roofline, list, 1, "here/same", NULL);
    draw_as(chart_roofline, list, 1, "there/same", NULL);
    for (int i = 0; i < 2; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "here/same%s", kinds[i]);
        snprintf(b, sizeof b, "there/same%s", kinds[i]);
        struct text ta = content(a), tb = content(b);
        assert_string_equal(text_get(&ta), text_get(&tb));
        assert_null(strstr(text_get(&ta), folder));
        text_free(&ta);
        text_free(&tb);
    }
    struct text png = content("here/same.png");
    assert_true(png.len > 10000 && memcmp(png.s, "\x89PNG\r\n\x1a\n", 8) == 0);
    text_free(&png);
    record_clear(&r);
}

static void bound_and_points_lie_where_they_should(void **state)
{
    (void)state;
    struct record r = {0};
    const struct record *list[] = {&r};
    char row[96];
    add_machine(&r, &software);
    add_seed(&r);
    draw_as(chart_passes, list, 1, "numbers", NULL);
    for (int i = 0; i < r.run_count; i++) {
        const struct run *run = &r.runs[i];
        snprintf(row, sizeof row, "\n%.9g %.9g\n", run->passes,
                 run->passes * 64e6 / run->bound_bytes_per_s * 1e3);
        assert_int_equal(count_in("numbers.dat", row), 1);
        snprintf(row, sizeof row, "\n%.9g %.9g %.9g %.9g\n", run->passes, run->time_ns.median / 1e6,
                 run->time_ns.low / 1e6, run->time_ns.high / 1e6);
        assert_int_equal(count_in("numbers.dat", row), 1);
    }
    assert_int_equal(count_in("numbers.svg", "worth 3.4 passes (+1.4)"),
                     1); /* fused: 1.72 times its roof of 2 passes */
    draw_as(chart_roofline, list, 1, "numbers", NULL);
    snprintf(row, sizeof row, "\n%.9g %.9g ", r.runs[2].flops / r.runs[2].bytes_compulsory,
             r.runs[2].flops / r.runs[2].time_ns.median);
    assert_int_equal(count_in("numbers.dat", row), 1);
    assert_int_equal(count_in("numbers.svg", "seed: 2.42x measured"), 1);
    assert_int_equal(count_in("numbers.svg", "4.00x predicted"), 1);
    assert_int_equal(count_in("numbers.svg", "ridge: 11.1 flop/byte"), 1);
    record_clear(&r);
}

static void what_is_left_out_is_said(void **state)
{
    (void)state;
    struct record r = {0};
    const struct record *list[] = {&r};
    add_machine(&r, &software);
    add_seed(&r);
    add_light(&r);
    add_run(&r, "copy", "single", 1, 2, 1.0, 0);
    draw_as(chart_roofline, list, 1, "left-out", NULL);
    assert_int_equal(count_in("left-out.svg", "1 run left out: without arithmetic"), 1);
    draw_as(chart_passes, list, 1, "one-group", "light");
    assert_int_equal(count_in("one-group.svg", "grouped"), 0);
    assert_true(count_in("one-group.svg", "light") > 0);
    draw_as(chart_passes, list, 1, "two-groups", "seed,light");
    assert_true(count_in("two-groups.svg", "light") > 0 && count_in("two-groups.svg", "grouped") > 0);
    struct error e = {0};
    assert_true(chart_knows_groups(list, 1, "light", &e) && chart_knows_groups(list, 1, "seed,light", &e));
    assert_false(chart_knows_groups(list, 1, "seed,lihgt", &e)); /* a roofline without marks was drawn of it */
    assert_int_equal(e.code, EXIT_USAGE);
    assert_non_null(strstr(e.text, "no run is of a group 'lihgt'"));
    draw_as(chart_passes, list, 1, "no-seed", "see,light"); /* no part of a name is one */
    assert_int_equal(count_in("no-seed.svg", "grouped"), 0);
    record_clear(&r);
}

/* A ladder without a group is one panel, and its rungs go by their own names. */
static void a_ladder_is_one_panel(void **state)
{
    (void)state;
    static const char *const kernels[] = {"layernorm/1-naive", "layernorm/3-one-read"};
    struct record r = {0};
    const struct record *list[] = {&r};
    add_machine(&r, &software);
    for (int i = 0; i < 2; i++) {
        struct run *run = add_run(&r, "", "single", 1, 3 - i, 1.1, 8 * 16e6);
        replace(&run->kernel, kernels[i]);
        free(run->group);
        run->group = NULL;
    }
    draw_as(chart_passes, list, 1, "ladder", NULL);
    assert_int_equal(count_in("ladder.gp", "plot data"), 1);
    assert_int_equal(count_in("ladder.svg", ">1-naive<"), 1);
    draw_as(chart_roofline, list, 1, "ladder", NULL);
    assert_int_equal(count_in("ladder.svg", ">3-one-read<"), 1);
    record_clear(&r);
}

/* --- what can go wrong -------------------------------------------------------------------------------------
 */

static void missing_gnuplot_is_said(void **state)
{
    (void)state;
    struct record r = {0};
    const struct record *list[] = {&r};
    struct chart_options o = {.stem = path_of("undrawn"), .draw = true};
    struct error e = {0};
    add_machine(&r, &software);
    setenv("ROOFLAB_GNUPLOT", "/no/such/gnuplot", 1);
    assert_false(chart_available(&e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_false(chart_bandwidth(list, 1, &o, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(e.text, "apt-get install gnuplot"));
    assert_true(file_exists(path_of("undrawn.gp")) && file_exists(path_of("undrawn.dat")));

    static const char script[] = "#!/bin/sh\necho no such terminal >&2\nexit 3\n";
    assert_true(file_write(path_of("broken"), script, sizeof script - 1, &e));
    assert_int_equal(chmod(path_of("broken"), 0755), 0);
    setenv("ROOFLAB_GNUPLOT", path_of("broken"), 1);
    assert_false(chart_bandwidth(list, 1, &o, &e));
    assert_non_null(strstr(e.text, "ended with 3: no such terminal"));
    unsetenv("ROOFLAB_GNUPLOT");
    assert_true(chart_available(&e));
    record_clear(&r);
}

static void nothing_to_draw_is_an_error(void **state)
{
    (void)state;
    static drawer *const drawers[] = {chart_passes, chart_roofline, chart_bandwidth};
    struct record r = {0};
    const struct record *list[] = {&r};
    struct chart_options o = {.stem = path_of("nothing"), .draw = true};
    for (size_t i = 0; i < sizeof drawers / sizeof *drawers; i++) {
        struct error e = {0};
        assert_false(drawers[i](list, 1, &o, &e));
        assert_int_equal(e.code, EXIT_USAGE);
    }
    assert_false(file_exists(path_of("nothing.gp")));
    record_clear(&r);
}

/* Records from elsewhere lack this or that: whatever is missing, the chart is drawn without it. */
static void gaps_in_a_record_do_not_stop_a_chart(void **state)
{
    (void)state;
    struct record bare = {0}, roofs = {0};
    const struct record *list[] = {&bare}, *list_roofs[] = {&roofs};
    struct run *run = record_add_run(&bare);
    run->status = RUN_OK;
    run->time_ns = around(1e6, 0.01, 12);
    run->tensor_bytes = 1e6;
    run->passes = 2;
    run->bytes_compulsory = 2e6;
    run->flops = 1e6;
    draw_as(chart_passes, list, 1, "bare-passes", NULL);
    add_compute(&bare, "fma", 1e9);
    draw_as(chart_roofline, list, 1, "bare-roofline", NULL);
    add_machine(&roofs, &gpu);
    draw_as(chart_roofline, list_roofs, 1, "only-roofs", NULL);
    assert_int_equal(count_in("bare-passes.gp", "nan") + count_in("bare-roofline.gp", "nan"), 0);
    assert_int_equal(count_in("bare-passes.dat", "nan") + count_in("bare-roofline.dat", "nan"), 0);
    assert_int_equal(count_in("bare-passes.dat", "inf") + count_in("bare-roofline.dat", "inf"), 0);
    record_clear(&bare);
    record_clear(&roofs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_touch_where_they_do),
        cmocka_unit_test(no_two_texts_overlap),
        cmocka_unit_test(charts_of_sizes_and_first_runs),
        cmocka_unit_test(strings_hold_nothing_that_expands),
        cmocka_unit_test(names_are_drawn_and_never_run),
        cmocka_unit_test(same_record_same_bytes_anywhere),
        cmocka_unit_test(bound_and_points_lie_where_they_should),
        cmocka_unit_test(what_is_left_out_is_said),
        cmocka_unit_test(a_ladder_is_one_panel),
        cmocka_unit_test(missing_gnuplot_is_said),
        cmocka_unit_test(nothing_to_draw_is_an_error),
        cmocka_unit_test(gaps_in_a_record_do_not_stop_a_chart),
    };
    return cmocka_run_group_tests(tests, folder_start, folder_end);
}
