/* Kernel files: what a header says is what is read; each fault is told with file, line and what to do; and
 * no file, however bad, does harm. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/tests/support_kernel.h"

static const char whole[] =
    "#version 450\n"
    "//! kernel     op/rung\n"
    "//! idea       One sentence,\n"
    "//! idea       and its end.\n"
    "//! shape      rows=4096 cols=1e3\n"
    "//! shape      depth=7\n"
    "//! buffer     x  in     f32[depth, rows,4*cols]  texel=rgba32f uniform(99.7,100.7)\n"
    "//! buffer     w  in     q8_0[32*cols]  normal(0, 1/8)\n"
    "//! buffer     k  in     f16[1]  constant(-2)\n"
    "//! buffer     z  inout  u32[max(rows,cols)]\n"
    "//! buffer     y  out    f32[rows]\n"
    "//! reference  layernorm|bias  tolerance 1e-3\n"
    "//! passes     x=3 w=cols/16\n"
    "//! passes     y=2\n"
    "//! flops      8 * rows * cols\n"
    "//! launch     groups=max(1,(cols+15)/16), rows/TM\n"
    "//! tune       TM 4 8 16\n"
    "//! tune       TN 0 4294967295\n"
    "void main() {}\n";

static void test_whole_header(void **state)
{
    (void)state;
    struct error e = {0};
    struct kernel *k = house_kernel("my.comp", whole, &e);
    if (!k)
        fail_msg("%s", e.text);
    assert_string_equal(k->name, "op/rung");
    assert_string_equal(k->idea, "One sentence, and its end.");
    assert_int_equal(k->shapes, 3);
    assert_string_equal(k->shape[1].name, "cols");
    assert_int_equal(k->shape[1].value, 1000);
    assert_int_equal(k->buffer_count, 5);
    const struct kernel_buffer *x = &k->buffers[0];
    assert_int_equal(x->dim_count, 3);
    assert_string_equal(x->dims[1], "rows");
    assert_string_equal(x->dims[2], "4*cols");
    assert_int_equal(x->texel, TEXEL_RGBA32F);
    assert_int_equal(x->fill.kind, FILL_UNIFORM);
    assert_float_equal(x->fill.a, 99.7, 0);
    assert_string_equal(x->passes, "3");
    assert_int_equal(x->line, 7);
    assert_int_equal(k->buffers[1].type, TYPE_Q8_0);
    assert_int_equal(k->buffers[1].fill.kind, FILL_NORMAL);
    assert_float_equal(k->buffers[1].fill.b, 0.125, 0);
    assert_string_equal(k->buffers[1].passes, "cols/16");
    assert_int_equal(k->buffers[2].fill.kind, FILL_CONSTANT);
    assert_int_equal(k->buffers[3].role, ROLE_INOUT);
    assert_string_equal(k->buffers[3].passes, "");
    assert_true(k->buffers[0].fill.seed != k->buffers[1].fill.seed);
    assert_int_equal(k->buffers[4].role, ROLE_OUT);
    assert_string_equal(k->reference, "layernorm|bias");
    assert_string_equal(k->tolerance, "1e-3");
    assert_string_equal(k->flops, "8 * rows * cols");
    assert_string_equal(k->launch[0], "max(1,(cols+15)/16)");
    assert_string_equal(k->launch[1], "rows/TM");
    assert_string_equal(k->launch[2], "");
    assert_int_equal(k->tune_count, 2);
    assert_int_equal(k->tune[0].count, 3);
    assert_int_equal(k->tune[1].values[1], UINT32_MAX);
    kernel_free(k);
}

/* The whole header with one line put in the place of another; what the error must then say. */
static const struct {
    int line;
    const char *with, *says;
} faults[] = {
    {2, "//! kernal op/rung", "my.comp:2:|'kernal'|did you mean 'kernel'"},
    {2, "//! step op/part x=x", "my.comp:2:|'step' belongs in .plan files"},
    {2, "", "my.comp:1:|no 'kernel' line|//! kernel"},
    {3, "//! idea", "my.comp:3:|'idea' says nothing"},
    {3, "//! kernel op/again", "my.comp:3:|second 'kernel' line"},
    {5, "//! shape rows=4096 cols", "my.comp:5:|'cols' is not name=value"},
    {5, "//! shape rows=4096 cols=x", "my.comp:5:|'x'"},
    {5, "//! shape rows=4096 cols=0", "my.comp:5:|'0' is out of range"},
    {5, "//! shape rows=4096 cols=4294967296", "my.comp:5:|out of range"},
    {5, "//! shape rows=4096 cols=1.5", "my.comp:5:|1.5"},
    {5, "//! shape rows=4096 rows=7", "my.comp:5:|'rows' is used twice"},
    {5, "//! shape rows=1 2cols=7", "my.comp:5:|'2cols' is not a name"},
    {5, "//! shape a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1", "my.comp:5:|too many shape names"},
    {5, "//! shape rows=1 a_name_that_is_far_too_long_to_be_of_use=7", "my.comp:5:|too long"},
    {11, "//! buffer y to f32[rows]", "my.comp:11:|'to' is no direction"},
    {11, "//! buffer y inuot f32[rows]", "my.comp:11:|did you mean 'inout'"},
    {11, "//! buffer x out f32[rows]", "my.comp:11:|'x' is used twice"},
    {11, "//! buffer y out f33[rows]", "my.comp:11:|no type 'f33'|did you mean 'f32'"},
    {11, "//! buffer y out f32", "my.comp:11:|'f32' is not a type with its lengths"},
    {11, "//! buffer y out", "my.comp:11:|is not a type with its lengths"},
    {11, "//! buffer y out f32[rows", "my.comp:11:|not a type with its lengths"},
    {11, "//! buffer y out f32[]", "my.comp:11:|ends too early"},
    {11, "//! buffer y out f32[row]", "my.comp:11:|no name 'row'|did you mean 'rows'"},
    {11, "//! buffer y out f32[1,1,1,1]", "my.comp:11:|more than 3 dimensions"},
    {11, "//! buffer y out f32[rows] uniform(0,1)", "my.comp:11:|written before it is read"},
    {11, "//! buffer y out f32[rows] texel=rgba32", "my.comp:11:|did you mean 'rgba32f'"},
    {11, "//! buffer y out f16[rows] texel=rgba32f", "my.comp:11:|texels of rgba32f hold f32|y is f16"},
    {9, "//! buffer k in f16[1] unifrom(0,1)", "my.comp:9:|'unifrom(0,1)'|did you mean 'uniform'"},
    {9, "//! buffer k in f16[1] uniform(1,0)", "my.comp:9:|(1,0) is no fill of k|low end first"},
    {9, "//! buffer k in f16[1] uniform(1)", "my.comp:9:|is no fill"},
    {9, "//! buffer k in f16[1] uniform(0,1,2)", "my.comp:9:|is no fill"},
    {9, "//! buffer k in f16[1] uniform", "my.comp:9:|is no fill"},
    {9, "//! buffer k in f16[1] normal(0,-1)", "my.comp:9:|is no fill"},
    {9, "//! buffer k in f16[1] constant(1/0)", "my.comp:9:|is no fill"},
    {9, "//! buffer k in f16[1] constant(raws)", "my.comp:9:|'raws'|did you mean 'rows'"},
    {9, "//! buffer k in f16[1] masked(2,1)", "my.comp:9:|is no fill of k|low end first"},
    {9, "//! buffer k in u32[1] indices(0)", "my.comp:9:|is no fill of k|from 1 to 4294967295"},
    {9, "//! verify raws=1", "my.comp:9:|no shape name 'raws'|did you mean 'rows'"},
    {9, "//! verify rows=0", "my.comp:9:|out of range"},
    {9, "//! verify rows=2 x=masked(1)", "my.comp:9:|is no fill"},
    {9, "//! verify y=masked(0,1)", "my.comp:9:|y is written|no fill"},
    {9, "//! needs subgruop", "my.comp:9:|no feature 'subgruop'|subgroup, shuffle, f16_storage"},
    {9, "//! buffer k in f16[1] constant(1) constant(1)", "my.comp:9:|filled twice"},
    {12, "//! reference layernorm tolerance", "my.comp:12:|ends too early"},
    {12, "//! reference layernorm tolerance 0", "my.comp:12:|above 0"},
    {12, "//! reference layernorm tolerance nan", "my.comp:12:|'nan'"},
    {12, "//! reference layernorm tolerance 1e-3x", "my.comp:12:|1e-3x"},
    {12, "//! reference layernorm tolerance 1-cols", "my.comp:12:|above 0"},
    {13, "//! passes xx=3", "my.comp:13:|no buffer 'xx'"},
    {13, "//! passes y=1", "my.comp:14:|passes of y are told twice"},
    {13, "//! passes x=3*colls", "my.comp:13:|'colls'|did you mean 'cols'"},
    {15, "//! flops 8*rows*", "my.comp:15:|ends too early"},
    {16, "//! launch rows", "my.comp:16:|groups=rows"},
    {16, "//! launch groups=1,1,1,1", "my.comp:16:|more than 3 parts"},
    {16, "//! launch groups=TX", "my.comp:16:|no name 'TX'"},
    {16, "", "my.comp:1:|no 'launch' line"},
    {17, "//! tune TM", "my.comp:17:|'TM' has no values"},
    {17, "//! tune TM 4 -8", "my.comp:17:|-8"},
    {17, "//! tune TM 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "my.comp:17:|too many values"},
    {17, "//! tune rows 4", "my.comp:17:|'rows' is used twice"},
    {17, "//! tune \x1b[2J 4", "my.comp:17:|'?[2J 4'"},
};

/* text with line `line` (from 1) replaced; freed by the caller. */
static char *replaced(const char *text, int line, const char *with)
{
    struct text out = {0};
    for (int at = 1; *text; at++) {
        size_t len = strcspn(text, "\n");
        text_add(&out, "%.*s\n", at == line ? (int)strlen(with) : (int)len, at == line ? with : text);
        text += len + (text[len] == '\n');
    }
    return out.s;
}

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error e = {0};
        char *text = replaced(whole, faults[i].line, faults[i].with);
        struct kernel *k = house_kernel("my.comp", text, &e);
        if (k)
            fail_msg("accepted: %s", faults[i].with);
        assert_says(e.text, faults[i].says);
        assert_int_equal(e.code, EXIT_USAGE);
        free(text);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct text t = {0};
    struct error e = {0};
    text_add(&t, "//! kernel a\n//! launch groups=1\n");
    for (int i = 0; i < KERNEL_BINDINGS_MAX; i++)
        text_add(&t, "//! buffer b%d out f32[1]\n", i);
    struct kernel *k = house_kernel("many.comp", t.s, &e);
    assert_non_null(k);
    kernel_free(k);
    text_add(&t, "//! buffer last out f32[1]\n");
    assert_null(house_kernel("many.comp", t.s, &e));
    assert_says(e.text, "many.comp:15:|too many buffers");
    text_free(&t);

    text_add(&t, "kernel a\nbuffer x inout f32[1]\n");
    for (int i = 0; i <= KERNEL_STEPS_MAX; i++)
        text_add(&t, "step part x=x\n");
    assert_null(house_kernel("many.plan", t.s, &e));
    assert_says(e.text, "many.plan:259:|too many steps");
    text_free(&t);

    text_add(&t, "//! kernel %0200d\n", 1);
    assert_null(house_kernel("many.comp", t.s, &e));
    assert_says(e.text, "many.comp:1:|too long");
    text_free(&t);
}

/* ---- hostile files ---- */

static void test_strange_files(void **state)
{
    (void)state;
    struct error e = {0};
    assert_null(kernel_read(house_path("none.comp"), &e));
    assert_says(e.text, "none.comp|check the name");
    assert_null(kernel_read(house_path("none.txt"), &e));
    assert_says(e.text, "end in .comp, .plan or .c");
    assert_int_equal(mkdir(house_path("folder.comp"), 0777), 0);
    assert_null(kernel_read(house_path("folder.comp"), &e));
    assert_says(e.text, "folder.comp is not a file");
    assert_int_equal(mkfifo(house_path("pipe.comp"), 0666), 0);
    assert_null(kernel_read(house_path("pipe.comp"), &e));
    assert_says(e.text, "pipe.comp is not a file");
    assert_null(house_kernel("empty.comp", "", &e));
    assert_says(e.text, "empty.comp:1:|no 'kernel' line");
    house_write("nul.comp", "//! kernel a\n//! idea\0b\n", 24);
    assert_null(kernel_read(house_path("nul.comp"), &e));
    assert_says(e.text, "nul.comp:2:|NUL");
    char *large = need((2 << 20) + 1);
    memset(large, '/', 2 << 20);
    assert_null(house_kernel("large.comp", large, &e));
    assert_says(e.text, "large.comp has more than");
    free(large);
}

/* Deep brackets and long words reach every reader of lists, names and expressions. */
static void test_long_words(void **state)
{
    (void)state;
    static const char *const lines[] = {"kernel %s",
                                        "shape %s=1",
                                        "shape a=%s",
                                        "buffer %s in f32[1]",
                                        "buffer x %s",
                                        "buffer x in %s",
                                        "buffer x in f32[%s]",
                                        "buffer x in f32[1] %s",
                                        "buffer x in f32[1] uniform(%s)",
                                        "reference %s tolerance %s",
                                        "passes %s=1",
                                        "flops %s",
                                        "launch groups=%s",
                                        "tune %s 1",
                                        "tune T %s",
                                        "%s"};
    static const char fills[] = "(a[,)=]\x80";
    char *word = need(100001);
    for (size_t f = 0; fills[f]; f++) {
        memset(word, fills[f], 100000);
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            struct text t = {0};
            struct error e = {0};
            text_add(&t, "//! ");
            const char *mark = strstr(lines[i], "%s");
            text_add(&t, "%.*s%s%s\n", (int)(mark - lines[i]), lines[i], word, mark + 2);
            assert_null(house_kernel("long.comp", t.s, &e));
            assert_true(strlen(e.text) < sizeof e.text);
            text_free(&t);
        }
    }
    free(word);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Whatever is accepted must also be ready to become a plan, or say why not. */
static void test_mutants(void **state)
{
    (void)state;
    uint32_t seed = 20240607;
    static const char marks[] = "()[]=,|/ \n\t#!0123456789.-x\x00\xff";
    int refused = 0;
    for (int round = 0; round < 4000; round++) {
        char *text = need_string(whole);
        size_t len = sizeof whole - 1;
        for (uint32_t n = 1 + next_random(&seed) % 4; n > 0; n--) {
            uint32_t r = next_random(&seed), at = next_random(&seed) % len;
            if (r % 4 == 0) /* a piece of the text over another */
                memmove(text + at, text + next_random(&seed) % (at + 1), (len - at) % 9);
            else
                text[at] = marks[(r >> 3) % sizeof marks];
        }
        house_write("mutant.comp", text, len);
        struct error e = {0};
        struct kernel *k = kernel_read(house_path("mutant.comp"), &e);
        struct plan *p = k ? kernel_plan(k, NULL, 0, NULL, &e) : NULL;
        refused += !p;
        if (!p && (e.code != EXIT_USAGE || !strstr(e.text, "mutant.comp")))
            fail_msg("an error without a place: %s", e.text);
        plan_free(p);
        kernel_free(k);
        free(text);
    }
    assert_in_range(refused, 1000, 3999);
}

/* ---- finding ---- */

#define SMALL "//! buffer y out f32[1]\n//! launch groups=1\n"

static void test_find(void **state)
{
    (void)state;
    struct error e = {0};
    house_own(true);
    kernel_free(house_kernel("kernels/op/1-one.comp", "//! kernel op/1-one\n" SMALL, &e));
    kernel_free(house_kernel("kernels/op/2-two.comp", "//! kernel op/2-two\n" SMALL, &e));
    kernel_free(house_kernel("kernels/op/parts/p.comp", "//! kernel op/parts/p\n" SMALL, &e));
    house_write("kernels/elementwise/no.comp", "", 0);
    house_write("kernels/reference/no.comp", "", 0);
    house_write("kernels/op/notes.txt", "", 0);
    assert_int_equal(symlink(".", house_path("kernels/op/round")), 0);

    size_t count = 0;
    char **names = kernel_names(&count, &e);
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "op/1-one");
    assert_string_equal(names[1], "op/2-two");
    assert_string_equal(names[2], "op/parts/p");
    assert_null(names[3]);
    names_free(names);

    struct kernel *k = kernel_find("op/2-two", &e);
    assert_non_null(k);
    assert_string_equal(k->name, "op/2-two");
    kernel_free(k);
    k = kernel_find(house_path("kernels/op/1-one.comp"), &e);
    assert_non_null(k);
    kernel_free(k);
    assert_null(kernel_find("op/2-tow", &e));
    assert_says(e.text, "'op/2-tow'|did you mean 'op/2-two'");
    assert_null(kernel_find("op", &e));
    assert_says(e.text, "choose one of op/1-one, op/2-two");
    assert_null(kernel_find("", &e));
    assert_null(kernel_find("matrix", &e));
    assert_says(e.text, "rooflab list");
    assert_null(house_kernel("kernels/op/3-three.comp", "//! kernel op/1-one\n" SMALL, &e));
    assert_says(e.text, "op/3-three.comp:1:|'op/1-one'|write 'kernel op/3-three'");
    remove(house_path("kernels/op/3-three.comp"));
}

/* One name, two languages. */
static void test_languages(void **state)
{
    (void)state;
    struct error e = {0};
    kernel_free(house_kernel("kernels/op/1-one.c", "//! kernel op/1-one\n//! buffer y out f32[1]\n", &e));
    kernel_free(house_kernel("kernels/op/3-host.c", "//! kernel op/3-host\n//! buffer y out f32[1]\n", &e));
    size_t count = 0;
    char **names = kernel_names(&count, &e);
    assert_int_equal(count, 4);
    assert_string_equal(names[0], "op/1-one");
    assert_string_equal(names[2], "op/3-host");
    names_free(names);
    struct kernel *k = kernel_find_for("op/1-one", LANGUAGE_C, &e);
    assert_true(k && k->language == LANGUAGE_C);
    kernel_free(k);
    k = kernel_find_for("op/1-one", LANGUAGE_GLSL, &e);
    assert_true(k && k->language == LANGUAGE_GLSL);
    kernel_free(k);
    k = kernel_find("op/3-host", &e);
    assert_true(k && k->language == LANGUAGE_C);
    kernel_free(k);
    assert_null(kernel_find_for("op/2-two", LANGUAGE_C, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "op/2-two is written in GLSL|runs kernels in C");
    assert_null(kernel_find_for("op/2-tow", LANGUAGE_C, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_says(e.text, "did you mean 'op/2-two'");
    remove(house_path("kernels/op/1-one.c"));
    remove(house_path("kernels/op/3-host.c"));
}

static void test_home(void **state)
{
    (void)state;
    struct error e = {0};
    setenv("ROOFLAB_HOME", house_path("nowhere"), 1);
    assert_null(kernels_folder(&e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "ROOFLAB_HOME is|nowhere|unset it");
    assert_null(kernel_find("op/1-one", &e));
    assert_null(kernel_names(NULL, &e));
    unsetenv("ROOFLAB_HOME"); /* found from this program upwards, or from the folder it was started in */
    assert_non_null(kernels_folder(&e));
    assert_true(file_exists(kernels_folder(&e)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_header), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_strange_files),
        cmocka_unit_test(test_long_words),   cmocka_unit_test(test_mutants),
        cmocka_unit_test(test_find),         cmocka_unit_test(test_languages),
        cmocka_unit_test(test_home),
    };
    return cmocka_run_group_tests(tests, house_make, house_remove);
}
