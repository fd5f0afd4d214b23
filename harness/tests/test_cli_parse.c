/* The command line: what is parsed into what, what is refused and how it is said; tables; recorded lines. */
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
#include "harness/cli/command.h"
#include "harness/cli/notebook.h"
#include "harness/cli/shape.h"
#include "harness/cli/table.h"

/* ---- arguments ---- */

struct own {
    bool fast;
    const char *name;
    double size, count;
    int mode;
};

static const char *const modes[] = {"slow", "quick", NULL};
static const struct option own_options[] = {
    {"fast", OPTION_FLAG, NULL, "a flag", .offset = offsetof(struct own, fast)},
    {"name", OPTION_STRING, "NAME", "a string", .offset = offsetof(struct own, name)},
    {"size", OPTION_QUANTITY, "SIZE", "bytes", .offset = offsetof(struct own, size), .unit = UNIT_BYTES,
     .required = true},
    {"count", OPTION_QUANTITY, "N", "a number", .offset = offsetof(struct own, count), .unit = UNIT_COUNT,
     .standard = "7"},
    {"mode", OPTION_CHOICE, "MODE", "a choice", .offset = offsetof(struct own, mode), .choices = modes},
    {0},
};
static const struct command command_try = {
    .name = "try",
    .usage = "--size SIZE WORD [WORD]",
    .word = "a word",
    .min_words = 1,
    .max_words = 2,
    .common = COMMON_DEVICE | COMMON_JSON | COMMON_OUT,
    .options = own_options,
    .own_bytes = sizeof(struct own),
};

enum { ARGS_MAX = 16 };

/* Parses a NULL-terminated list of arguments. */
static bool parse(struct arguments *a, bool *help, struct error *e, const char *const *list)
{
    char *argv[ARGS_MAX];
    int argc = 0;
    for (; list[argc]; argc++)
        argv[argc] = (char *)list[argc];
    *e = (struct error){0};
    return arguments_parse(a, &command_try, argc, argv, help, e);
}

static void parses(struct arguments *a, const char *const *list)
{
    bool help;
    struct error e;
    if (!parse(a, &help, &e, list))
        fail_msg("refused: %s", e.text);
    assert_false(help);
}

static void refuses(const char *says, const char *const *list)
{
    struct arguments a;
    bool help;
    struct error e;
    assert_false(parse(&a, &help, &e, list));
    assert_int_equal(e.code, EXIT_USAGE);
    if (!strstr(e.text, says))
        fail_msg("'%s' does not say '%s'", e.text, says);
    arguments_free(&a);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_values(void **state)
{
    (void)state;
    struct arguments a;
    parses(&a, LIST("one", "--size=64MB", "--fast", "--name", "x y", "--mode", "quick", "two", "--json"));
    const struct own *o = a.own;
    assert_true(o->fast);
    assert_string_equal(o->name, "x y");
    assert_true(o->size == 64e6);
    assert_true(o->count == 7);
    assert_int_equal(o->mode, 1);
    assert_true(a.json);
    assert_null(a.out);
    assert_int_equal(a.word_count, 2);
    assert_string_equal(a.words[0], "one");
    assert_string_equal(a.words[1], "two");
    arguments_free(&a);
}

static void test_not_given(void **state)
{
    (void)state;
    struct arguments a;
    parses(&a, LIST("--size", "1KiB", "-"));
    const struct own *o = a.own;
    assert_false(o->fast);
    assert_null(o->name);
    assert_int_equal(o->mode, -1);
    assert_true(o->size == 1024);
    assert_string_equal(a.words[0], "-");
    arguments_free(&a);
}

static void test_words_after_dashes(void **state)
{
    (void)state;
    struct arguments a;
    parses(&a, LIST("--size", "1B", "--", "--fast", "--"));
    assert_false(((const struct own *)a.own)->fast);
    assert_int_equal(a.word_count, 2);
    assert_string_equal(a.words[0], "--fast");
    assert_string_equal(a.words[1], "--");
    arguments_free(&a);
}

static void test_refusals(void **state)
{
    (void)state;
    refuses("did you mean --size?", LIST("w", "--siez", "1B"));
    refuses("did you mean --json?", LIST("w", "--jsn"));
    refuses("there is no option --csv", LIST("w", "--csv", "--size=1B"));
    refuses("--size needs a value", LIST("w", "--size"));
    refuses("--fast takes no value", LIST("w", "--fast=yes"));
    refuses("--size SIZE is missing", LIST("w"));
    refuses("a word is missing", LIST("--size", "1B"));
    refuses("'c' is one word too many", LIST("--size", "1B", "a", "b", "c"));
    refuses("--size: '64' needs a unit", LIST("w", "--size", "64"));
    refuses("--size: '64s'", LIST("w", "--size", "64s"));
    refuses("did you mean 'quick'?", LIST("w", "--size=1B", "--mode=quik"));
    refuses("there is no option -x", LIST("w", "-x"));
}

/* Help is asked for by people who do not know yet what is missing. */
static void test_help_wins(void **state)
{
    (void)state;
    struct arguments a;
    bool help;
    struct error e;
    assert_true(parse(&a, &help, &e, LIST("--help")));
    assert_true(help);
    arguments_free(&a);
    assert_true(parse(&a, &help, &e, LIST("w", "-h", "--nonsense")));
    assert_true(help);
    arguments_free(&a);
}

static void test_command_find(void **state)
{
    (void)state;
    struct error e = {0};
    assert_ptr_equal(command_find("bound", &e), &command_bound);
    assert_null(command_find("bouned", &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_non_null(strstr(e.text, "did you mean 'bound'?"));
    command_find("hlep", &e);
    assert_non_null(strstr(e.text, "did you mean 'help'?"));
}

static void test_shape(void **state)
{
    (void)state;
    struct shape_entry shape[RUN_SHAPE_MAX];
    struct error e = {0};
    int count;
    char *good[] = {"rows=1000", "cols=7"}, *bad[] = {"rows"}, *unit[] = {"rows=1MB"};
    assert_true(shape_parse(NULL, good, 2, shape, &count, &e));
    assert_int_equal(count, 2);
    assert_string_equal(shape[1].name, "cols");
    assert_int_equal(shape[1].value, 7);
    assert_true(shape_parse("m=3,rows=9", good, 2, shape, &count, &e)); /* words come behind, and win */
    assert_int_equal(count, 4);
    assert_string_equal(shape[1].name, "rows");
    assert_int_equal(shape[2].value, 1000);
    assert_false(shape_parse("m=3,,n=4", NULL, 0, shape, &count, &e));
    assert_false(shape_parse("a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,q=1", NULL, 0, shape, &count, &e));
    assert_non_null(strstr(e.text, "a shape has at most"));
    assert_false(shape_parse(NULL, bad, 1, shape, &count, &e));
    assert_false(shape_parse(NULL, unit, 1, shape, &count, &e));
}

/* --threads is a setting of the native device, wherever that was named. */
static void threads_name_the_native_device(void **state)
{
    (void)state;
    static const struct {
        const char *device, *wanted;
    } cases[] = {{NULL, "native:threads=2"},
                 {"--device=native", "native:threads=2"},
                 {"--device=native:stream=1MB", "native:stream=1MB,threads=2"}};
    unsetenv("ROOFLAB_DEVICE");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arguments a;
        const char *const list[] = {"--size=1B", "word", "--threads", "2", cases[i].device, NULL};
        parses(&a, list);
        assert_string_equal(a.device, cases[i].wanted);
        arguments_free(&a);
    }
    const char *const gpu[] = {"--size=1B", "word", "--threads=2", "--device=vulkan:0", NULL};
    refuses("vulkan:0", gpu);
    setenv("ROOFLAB_DEVICE", "vulkan", 1);
    const char *const environment[] = {"--size=1B", "word", "--threads=2", NULL};
    refuses("--threads is a setting", environment);
    unsetenv("ROOFLAB_DEVICE");
    const char *const none[] = {"--size=1B", "word", NULL};
    struct arguments a;
    parses(&a, none);
    assert_null(a.device);
    arguments_free(&a);
}

/* ---- tables ---- */

static const struct table_column columns[] = {{"name", TABLE_WRAP, NULL},
                                              {"time", TABLE_RIGHT, "time_s"},
                                              {"rate", TABLE_RIGHT | TABLE_SPARE, "bytes_per_s"},
                                              {0}};

/* What a table prints at this width; NULL: as CSV. Freed by the caller. */
static char *printed(const char *width)
{
    char *out = NULL;
    size_t len;
    FILE *f = open_memstream(&out, &len);
    struct cli_table *t = table_new(columns);
    table_row(t, TABLE_BEST);
    table_cell(t, "µ-kernel \"a\" of many words");
    table_quantity(t, UNIT_SECONDS, 1.6e-3);
    table_quantity(t, UNIT_BYTES_PER_S, 320e9);
    table_row(t, TABLE_PLAIN);
    table_cell(t, "b");
    table_quantity(t, UNIT_SECONDS, NAN);
    if (width)
        setenv("COLUMNS", width, 1);
    (width ? table_print : table_csv)(t, f);
    unsetenv("COLUMNS");
    table_end(t);
    fclose(f);
    return out;
}

static void prints(const char *width, const char *wanted)
{
    char *out = printed(width);
    assert_string_equal(out, wanted);
    free(out);
}

static void test_table_wide(void **state)
{
    (void)state;
    prints("100", "name                            time      rate\n"
                  "µ-kernel \"a\" of many words  1.600 ms  320 GB/s\n"
                  "b                                  -\n");
}

static void test_table_narrow(void **state)
{
    (void)state;
    prints("40", "name                      time      rate\n"
                 "µ-kernel \"a\" of many  1.600 ms  320 GB/s\n"
                 "words\n"
                 "b                            -\n");
    prints("25", "name              time\n"
                 "µ-kernel \"a\"  1.600 ms\n"
                 "of many\n"
                 "words\n"
                 "b                    -\n");
}

static void test_table_csv(void **state)
{
    (void)state;
    prints(NULL, "name,time_s,bytes_per_s\n"
                 "\"µ-kernel \"\"a\"\" of many words\",0.0016,3.2e+11\n"
                 "b,,\n");
}

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(text_columns("abc"), 3);
    assert_int_equal(text_columns("µs"), 2);
    assert_int_equal(text_columns("e\u0301"), 1);
    assert_int_equal(text_columns("核"), 2);
    assert_int_equal(text_columns("\xff\xc3"), 2);
    assert_int_equal(text_fitting("µs核", 3), 3);
}

/* ---- recorded lines ---- */

/* Matches, and the capture named `name` has this value. */
static void captures(const char *recorded, const char *got, const char *name, double value,
                     const char *rewritten)
{
    struct captures c = {0};
    struct text out = {0};
    if (!notebook_match(recorded, got, &c, &out))
        fail_msg("'%s' does not fit '%s'", got, recorded);
    for (int i = 0; i < c.count; i++)
        if (strcmp(c.list[i].name, name) == 0 && !(isnan(value) && isnan(c.list[i].value)))
            assert_true(fabs(c.list[i].value - value) <= 1e-9 * fabs(value));
    assert_true(c.count > 0);
    assert_string_equal(text_get(&out), rewritten);
    captures_free(&c);
    text_free(&out);
}

static void fits(const char *recorded, const char *got, bool wanted)
{
    if (notebook_match(recorded, got, NULL, NULL) != wanted)
        fail_msg("'%s' and '%s' should %sfit", recorded, got, wanted ? "" : "not ");
}

static void test_lines(void **state)
{
    (void)state;
    fits("a  b", "a b", true);
    fits("a b", "a\t b  ", true);
    fits("a b", "ab", false);
    fits("a b", "a b c", false);
    fits("a b c", "a b", false);
    fits("", "x", false);
    fits("1.60 ms", "1.6 ms", false);
    fits("x < y = z > w", "x < y = z > w", true);
}

static void test_captures(void **state)
{
    (void)state;
    captures("took <t=75.1> ms.", "took 812 us.", "t", 812e-6, "took <t=812> us.");
    captures("took <t=75.1ms>", "took 1.5s", "t", 1.5, "took <t=1.5s>");
    captures("k  <k=8> passes", "k 9 passes", "k", 9, "k <k=9> passes");
    captures("<r=320> GB/s, <s=2>x", "1.5 TB/s, 3.25x", "r", 1.5e12, "<r=1.5> TB/s, <s=3.25>x");
    captures("<p=12> %", "50 %", "p", 0.5, "<p=50> %");
    captures("on <d=some device> now", "on another one now", "d", NAN, "on <d=another one> now");
    captures("<x=1>", "-2.5e-3", "x", -2.5e-3, "<x=-2.5e-3>");
    fits("<t=75.1> ms", "12 MB", false);
    fits("<t=75.1> ms", "fast ms", false);
    fits("<n=3> runs", "4 walks", false);
    fits("<n=3>", "", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_name_the_native_device),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_not_given),
        cmocka_unit_test(test_words_after_dashes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_help_wins),
        cmocka_unit_test(test_command_find),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_table_wide),
        cmocka_unit_test(test_table_narrow),
        cmocka_unit_test(test_table_csv),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_captures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
