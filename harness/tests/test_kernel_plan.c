/* From a kernel file to a plan: lengths, workgroups, push constants, costs, and the kernels that come with the lab. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/shader.h"
#include "harness/tests/support_kernel.h"

#define HEADER                                                                                               \
    "//! kernel op/rung\n"                                                                                   \
    "//! shape rows=100 cols=50 depth=3\n"                                                                   \
    "//! buffer x in f32[depth,rows,cols]\n"                                                                 \
    "//! buffer w in q8_0[32*cols]\n"                                                                        \
    "//! buffer z inout f16[cols]\n"                                                                         \
    "//! buffer y out f32[rows,4*cols] texel=rgba32f\n"                                                      \
    "//! passes x=cols/25 y=3\n"                                                                             \
    "//! flops 8*rows*cols\n"                                                                                \
    "//! launch groups=(cols+15)/16,rows/TM\n"                                                               \
    "//! tune TM 4 8 16\n"                                                                                   \
    "//! tune TN 7\n"

static void test_plan(void **state)
{
    (void)state;
    struct error e = {0};
    struct plan *p = house_plan(HEADER, NULL, 0, NULL, &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_string_equal(p->name, "op/rung");
    assert_string_equal(p->counts_from, "header");
    assert_null(p->reference);
    assert_int_equal(p->tensor_count, 4);
    assert_int_equal(p->tensors[0].rows, 300);
    assert_int_equal(p->tensors[0].cols, 50);
    assert_int_equal(p->tensors[1].rows, 1);
    assert_int_equal(p->tensors[3].cols, 200);
    assert_float_equal(p->tensor_bytes, 60000, 0);
    assert_int_equal(p->step_count, 1);
    const struct step *s = &p->steps[0];
    assert_string_equal(s->label, "op/rung");
    assert_string_equal(s->glsl.s, HEADER);
    assert_int_equal(s->push_count, 3);
    assert_int_equal(s->push[1], 50);
    assert_int_equal(s->spec_count, 2);
    assert_int_equal(s->spec_values[0], 4);
    assert_int_equal(s->spec_ids[1], 1);
    assert_int_equal(s->spec_values[1], 7);
    assert_int_equal(s->groups[0], 4); /* 65/16, the whole part of it */
    assert_int_equal(s->groups[1], 25);
    assert_int_equal(s->groups[2], 1);
    assert_true(s->bindings[0].reads && !s->bindings[0].writes);
    assert_true(s->bindings[2].reads && s->bindings[2].writes);
    assert_true(!s->bindings[3].reads && s->bindings[3].writes);
    assert_int_equal(s->bindings[0].slot.kind, BIND_STORAGE);
    assert_int_equal(s->bindings[3].slot.kind, BIND_TEXEL_WRITE);
    assert_int_equal(s->bindings[3].slot.format, TEXEL_RGBA32F);
    assert_int_equal(s->bindings[3].slot.binding, 3);
    /* x 2 passes of 60000 bytes, w and z what their directions say: 1 of 1700 and 2 of 100; y 3 of 80000. */
    assert_float_equal(s->cost.bytes_issued, 2 * 60000 + 1700 + 2 * 100 + 3 * 80000, 0);
    assert_float_equal(s->bindings[0].passes_declared, 2, 0);
    assert_float_equal(s->bindings[2].passes_declared, 2, 0);
    assert_float_equal(s->bindings[3].passes_declared, 3, 0);
    assert_float_equal(s->cost.bytes_read, 60000 + 1700 + 100, 0);
    assert_float_equal(s->cost.bytes_written, 100 + 80000, 0);
    assert_float_equal(ops_flops(s->cost.ops), 8 * 100 * 50, 0);
    plan_free(p);
}

/* A gather's bound counts the rows that it fetches, not the table; what is read twice is still there once. */
static void test_gather(void **state)
{
    (void)state;
    struct error e = {0};
    struct plan *p = house_plan("//! kernel op/rung\n//! shape n=10 all=1000\n//! buffer t in f32[all]\n//! buffer y out f32[n]\n"
                                "//! passes t=n/all y=1\n//! launch groups=1\n", NULL, 0, NULL, &e);
    assert_non_null(p);
    assert_float_equal(p->steps[0].cost.bytes_read, 40, 1e-9);
    assert_float_equal(p->steps[0].cost.bytes_written, 40, 0);
    assert_float_equal(p->steps[0].cost.largest_buffer_bytes, 4000, 0);
    plan_free(p);
    assert_non_null(p = house_plan("//! kernel op/rung\n//! shape n=10\n//! buffer t inout f32[n]\n//! passes t=1/2\n"
                                   "//! launch groups=1\n", NULL, 0, NULL, &e));
    assert_float_equal(p->steps[0].cost.bytes_read, 40, 0); /* in place: which half is not known */
    plan_free(p);
}

static void test_overrides(void **state)
{
    (void)state;
    struct error e = {0};
    const struct shape_entry shape[] = {{"cols", 17}, {"rows", 48}};
    const uint32_t tune[] = {8, 9};
    struct plan *p = house_plan(HEADER, shape, 2, tune, &e);
    assert_non_null(p);
    assert_int_equal(p->shape[0].value, 48);
    assert_int_equal(p->steps[0].push[1], 17);
    assert_int_equal(p->steps[0].groups[0], 2);
    assert_int_equal(p->steps[0].groups[1], 6);
    assert_int_equal(p->steps[0].spec_values[1], 9);
    assert_float_equal(p->steps[0].cost.ops[OP_ADD], 8 * 48 * 17, 0);
    plan_free(p);

    const struct shape_entry unknown = {"colls", 3}, zero = {"cols", 0}, large = {"cols", 1ull << 32};
    assert_null(house_plan(HEADER, &unknown, 1, NULL, &e));
    assert_says(e.text, "op/rung has no 'colls'|did you mean 'cols'");
    assert_null(house_plan(HEADER, &zero, 1, NULL, &e));
    assert_says(e.text, "cols=0 is out of range");
    assert_null(house_plan(HEADER, &large, 1, NULL, &e));
    assert_says(e.text, "cols=4294967296 is out of range");
}

#define SMALL "//! kernel op/rung\n//! shape n=10 huge=4000000000\n"

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } faults[] = {
        {SMALL "//! buffer y out f32[n/3]\n//! launch groups=1\n", "my.comp:3:|'n/3' is 3.33|whole number"},
        {SMALL "//! buffer y out f32[n-10]\n//! launch groups=1\n", "my.comp:3:|'n-10' is 0"},
        {SMALL "//! buffer y out f32[1/0]\n//! launch groups=1\n", "my.comp:3:|'1/0' is inf"},
        {SMALL "//! buffer y out f32[0/0]\n//! launch groups=1\n", "my.comp:3:|'0/0' is"},
        {SMALL "//! buffer y out f32[huge,huge]\n//! launch groups=1\n",
         "my.comp:3:|more elements than can be counted"},
        {SMALL "//! buffer y out q4_0[n]\n//! launch groups=1\n", "my.comp:3:|y has 10 columns|blocks of 32"},
        {SMALL "//! buffer y out f32[n] texel=rgba32f\n//! launch groups=1\n",
         "my.comp:3:|10 numbers|texels of 4|4*"},
        {SMALL "//! buffer y out f32[n]\n//! launch groups=n,n/11\n",
         "my.comp:4:|groups 'n/11' is 0|1 to 4294967295"},
        {SMALL "//! buffer y out f32[n]\n//! launch groups=2*huge\n",
         "my.comp:4:|groups '2*huge' is 8000000000"},
        {SMALL "//! buffer y out f32[n]\n//! launch groups=0/0\n", "my.comp:4:|groups '0/0'"},
        {SMALL "//! buffer y out f32[n]\n//! flops n-11\n//! launch groups=1\n",
         "my.comp:4:|flops 'n-11' is -1"},
        {SMALL "//! buffer y out f32[n]\n//! passes y=1/0\n//! launch groups=1\n",
         "my.comp:4:|passes '1/0' is inf"},
        {SMALL "//! buffer y out f32[n]\n//! reference layernrm\n//! launch groups=1\n",
         "my.comp:4:|no reference 'layernrm'|did you mean 'layernorm'"},
        {SMALL "//! buffer y out f32[n]\n//! reference nothing|at|all\n//! launch groups=1\n",
         "my.comp:4:|no reference 'nothing|at|all'|as a chain"},
    };
    house_own(false);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error e = {0};
        struct plan *p = house_plan(faults[i].text, NULL, 0, NULL, &e);
        if (p)
            fail_msg("accepted: %s", faults[i].text);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, faults[i].says);
    }
}

/* ---- C ---- */

#define C_KERNEL                                                                                                        \
    "//! kernel op/1-one\n//! shape n=8\n//! tune STEP 4 8\n//! buffer y out f32[n]\n//! needs f16_storage\n"         \
    "//! reference copy tolerance 1e-7*n\n"
#define C_BODY "#include \"kernels/native.h\"\nvoid kernel(const struct launch *l) {}\n"

/* One text for the compiler: macros, the file down to its include, native.h, the rest; lines are the file's own. */
static void test_c_source(void **state)
{
    (void)state;
    struct error e = {0};
    const uint32_t tune[] = {8};
    house_write("kernels/native.h", "int prelude;\n", 13);
    house_own(true);
    struct kernel *k = house_kernel("kernels/op/1-one.c", C_KERNEL C_BODY, &e);
    struct plan *p = k ? kernel_plan(k, NULL, 0, tune, &e) : NULL;
    if (!p)
        fail_msg("%s", e.text);
    const struct step *s = &p->steps[0];
    assert_int_equal(s->language, LANGUAGE_C);
    assert_int_equal(s->spec_count, 0);
    assert_int_equal(s->needs, plan_need("f16_storage"));
    assert_float_equal(p->tolerance, 8e-7, 1e-12);
    assert_true(strncmp(s->c.s, "#define STEP 8\n", 15) == 0);
    assert_says(s->c.s, "#line 1 \"kernels/native.h\"\nint prelude;|#line 8|1-one.c\"\nvoid kernel");
    assert_null(strstr(s->c.s, "#include"));
    plan_free(p);
    kernel_free(k);

    k = house_kernel("kernels/op/1-one.c", C_KERNEL, &e);
    assert_non_null(k);
    assert_null(kernel_plan(k, NULL, 0, NULL, &e));
    assert_says(e.text, "1-one.c: a kernel in C has the line #include \"kernels/native.h\"");
    kernel_free(k);
    assert_null(house_kernel("kernels/op/1-one.c", C_KERNEL "//! launch groups=1\n" C_BODY, &e));
    assert_says(e.text, "'launch' belongs in .comp files");
    assert_null(house_kernel("kernels/op/1-one.c", "//! kernel op/1-one\n//! buffer y in f32[4] texel=r32f\n" C_BODY, &e));
    assert_says(e.text, "no texel buffers");
    house_own(false);
}

/* Fills whose numbers are expressions, and shapes to verify at. */
static void test_fill_and_verify(void **state)
{
    (void)state;
    struct error e = {0};
    struct kernel *k = house_kernel("my.comp", "//! kernel op/1-one\n//! shape m=2 n=100\n//! buffer x in f32[m,n] masked(-n,n)\n"
                                               "//! buffer i in u32[n] indices(n*m)\n//! buffer y out f32[n]\n//! launch groups=1\n"
                                               "//! verify m=1\n//! verify n=7 m=3 x=constant(n+m)\n", &e);
    if (!k)
        fail_msg("%s", e.text);
    assert_int_equal(kernel_verify_count(k), 2);
    struct plan *p = kernel_verify_plan(k, NULL, 0, NULL, &e);
    assert_true(p && p->tensors[0].rows == 1 && p->tensors[0].cols == 100 && plan_input(p, 0, 0) <= 100);
    plan_free(p);
    p = kernel_verify_plan(k, NULL, 1, NULL, &e); /* a fill of its own */
    assert_true(p && p->tensors[0].rows == 3 && p->tensors[0].cols == 7 && plan_input(p, 0, 20) == 10);
    plan_free(p);
    p = kernel_plan(k, (const struct shape_entry[]){{"m", 14}}, 1, NULL, &e);
    assert_non_null(p);
    int rows = 0, single = 0, largest = 0;
    for (uint64_t r = 0; r < 14; r++) {
        int dead = 0;
        for (uint64_t c = 0; c < 100; c++)
            dead += plan_input(p, 0, r * 100 + c) == -INFINITY;
        rows += dead == 100;
        single += dead < 100 ? dead : 0;
    }
    assert_int_equal(rows, 6);
    assert_in_range(single, 8 * 15, 8 * 35);
    for (uint64_t c = 0; c < 100; c++) {
        int at = (int)plan_input(p, 1, c);
        assert_in_range(at, 0, 1399);
        largest = at > largest ? at : largest;
    }
    assert_true(largest > 1000);
    plan_free(p);
    kernel_free(k);
}

static void test_needs(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info info = {.name = "this one", .max_binding_bytes = 1000, .max_buffer_bytes = 1000, .memory_bytes = 10000};
    struct kernel *k = house_kernel("my.comp", "//! kernel op/1-one\n//! buffer y out f32[4]\n//! launch groups=1\n"
                                               "//! needs subgroup i64\n", &e);
    struct plan *p = k ? kernel_plan(k, NULL, 0, NULL, &e) : NULL;
    assert_non_null(p);
    assert_false(plan_fits(p, &info, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "op/1-one needs subgroup arithmetic, which this one does not have");
    info.subgroup_arithmetic = true;
    assert_false(plan_fits(p, &info, &e));
    assert_says(e.text, "64-bit integers");
    info.i64 = true;
    assert_true(plan_fits(p, &info, &e));
    plan_free(p);
    kernel_free(k);
}

/* ---- more than a device can bind ---- */

#define SPLIT "//! kernel op/rung\n//! shape rows=1000 cols=3\n//! buffer w in f32[rows,4*cols]\n//! buffer x in f32[cols]\n" \
              "//! buffer y out f32[rows]\n//! launch groups=rows/R\n//! flops rows*cols\n//! tune R 2\n//! tune D rows+1\n"

/* 48 bytes of w for each row: 341 fit, which are 320 in whole 64s, so that there are four parts of 256 or less. */
static void test_split(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info info = {.copy_alignment = 64, .max_binding_bytes = 16384, .max_buffer_bytes = 1 << 20, .memory_bytes = 1 << 20};
    struct kernel *k = house_kernel("my.comp", SPLIT "//! split rows\n", &e);
    struct plan *whole = k ? kernel_plan(k, NULL, 0, NULL, &e) : NULL, *p = whole ? kernel_plan_for(k, &info, NULL, 0, NULL, &e) : NULL;
    if (!p)
        fail_msg("%s", e.text);
    assert_int_equal(whole->step_count, 1);
    assert_int_equal(p->step_count, 4);
    const struct step *s = &p->steps[3];
    assert_string_equal(s->label, "op/rung (rows 768..999)");
    assert_int_equal(s->push[0], 232);
    assert_int_equal(s->push[1], 3);
    assert_int_equal(s->groups[0], 116);
    assert_int_equal(s->spec_values[1], 233); /* follows the rows of the part */
    assert_int_equal(s->bindings[0].offset, 768 * 48);
    assert_int_equal(s->bindings[0].bytes, 232 * 48);
    assert_int_equal(s->bindings[1].offset + s->bindings[1].bytes, 0); /* all of x */
    assert_int_equal(s->bindings[2].offset, 768 * 4);
    assert_int_equal(p->steps[0].bindings[0].bytes, 256 * 48);
    assert_float_equal(p->steps[0].cost.ops[OP_ADD] + 2 * p->steps[1].cost.ops[OP_ADD] + s->cost.ops[OP_ADD], 3000, 0);
    assert_float_equal(plan_bytes_compulsory(p), plan_bytes_compulsory(whole) + 3 * 12, 0);
    assert_false(plan_fits(whole, &info, &e));
    assert_says(e.text, "tensor w|largest buffer binding|Choose a smaller shape: with tensors in these proportions S can be up to 16.4 kB");
    assert_true(plan_fits(p, &info, &e));
    plan_free(p);
    info.max_binding_bytes = 1 << 20; /* nothing to do */
    p = kernel_plan_for(k, &info, NULL, 0, NULL, &e);
    assert_int_equal(p->step_count, 1);
    assert_string_equal(p->steps[0].label, "op/rung");
    plan_free(p);
    info.max_binding_bytes = 16384;
    info.memory_bytes = 40000; /* w has 48000: it is not cut into parts that nothing could hold */
    p = kernel_plan_for(k, &info, NULL, 0, NULL, &e);
    assert_int_equal(p->step_count, 1);
    plan_free(p);
    info.memory_bytes = 1 << 20;
    info.max_binding_bytes = 600; /* y's parts begin at 64 bytes, which are 16 rows: more than fit */
    p = kernel_plan_for(k, &info, NULL, 0, NULL, &e);
    assert_false(plan_fits(p, &info, &e));
    assert_says(e.text, "tensor w|largest buffer binding");
    plan_free(p);
    plan_free(whole);
    kernel_free(k);
}

/* A texel buffer may be longer than a storage buffer's binding, and has a limit of its own. */
static void test_split_texels(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info info = {.copy_alignment = 16, .max_binding_bytes = 1000, .max_texel_elements = 1000, .max_buffer_bytes = 1 << 20, .memory_bytes = 1 << 20};
    struct kernel *k = house_kernel("my.comp", "//! kernel op/rung\n//! shape rows=8 cols=64\n//! buffer x in f32[rows,4*cols] texel=rgba32f\n"
                                               "//! buffer y out f32[rows]\n//! launch groups=1\n//! split rows\n", &e);
    struct plan *p = k ? kernel_plan_for(k, &info, NULL, 0, NULL, &e) : NULL;
    if (!p)
        fail_msg("%s", e.text);
    assert_int_equal(p->step_count, 1);
    assert_true(plan_fits(p, &info, &e));
    info.max_texel_elements = 500;
    assert_false(plan_fits(p, &info, &e));
    assert_says(e.text, "tensor x|the largest texel buffer");
    plan_free(p);
    p = kernel_plan_for(k, &info, NULL, 0, NULL, &e);
    assert_int_equal(p->step_count, 2);
    assert_true(plan_fits(p, &info, &e));
    plan_free(p);
    kernel_free(k);
}

/* What cannot be cut is refused where it is written. */
static void test_split_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {SPLIT "//! split row\n", "my.comp:10:|no shape name 'row'|did you mean 'rows'"},
        {SPLIT "//! split cols\n", "my.comp:10:|w cannot be cut by cols"},
        {"//! kernel op/rung\n//! shape n=8\n//! buffer x in f32[n]\n//! buffer y inout f32[1]\n//! launch groups=1\n//! split n\n",
         "my.comp:6:|every part would write all of y"},
        {"//! kernel op/rung\n//! shape n=8\n//! buffer x in f32[4*n]\n//! buffer y out f32[n]\n//! launch groups=1\n//! split n\n",
         "my.comp:6:|x cannot be cut by n"},
        {"//! kernel op/rung\n//! shape n=64\n//! buffer x in q4_0[n]\n//! buffer y out f32[n]\n//! launch groups=1\n//! split n\n",
         "my.comp:6:|x cannot be cut by n|blocks of 32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {0};
        assert_null(house_kernel("my.comp", cases[i].text, &e));
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, cases[i].says);
    }
}

/* ---- the kernels that come with the lab ---- */

/* Its header makes sense, there and at every shape that it is verified at. */
static void own_kernel(struct kernel *k)
{
    struct error e = {0};
    struct plan *p = kernel_plan(k, NULL, 0, NULL, &e);
    if (!p || !kernel_check_module(k, &e))
        fail_msg("%s", e.text);
    /* A part of a plan may leave partial results that only the plan can judge. */
    assert_true(p->reference || strstr(k->name, "/parts/"));
    assert_non_null(k->idea);
    plan_free(p);
    for (int at = 0; at < kernel_verify_count(k); at++) {
        p = kernel_verify_plan(k, NULL, at, NULL, &e);
        if (!p)
            fail_msg("%s: %s", k->name, e.text);
        plan_free(p);
    }
    kernel_free(k);
}

static void test_own_kernels(void **state)
{
    (void)state;
    struct error e = {0};
    size_t count = 0;
    house_own(false);
    char **names = kernel_names(&count, &e);
    assert_non_null(names);
    assert_true(count >= 11);
    for (size_t i = 0; i < count; i++) {
        static const enum language languages[] = {LANGUAGE_GLSL, LANGUAGE_C};
        int files = 0;
        for (int n = 0; n < 2; n++)
            if (kernel_speaks(names[i], languages[n])) {
                own_kernel(kernel_find_for(names[i], languages[n], &e));
                files++;
            }
        if (!files)
            fail_msg("%s cannot be read", names[i]);
    }
    names_free(names);
}

/* A constant that follows the shape, and shapes that a kernel is not for. */
static void test_shape_follows(void **state)
{
    (void)state;
    struct error e = {0};
    const char *text = "//! kernel op/rung\n//! shape d=64 n=1\n//! only d%4==0\n//! only d<=128\n"
                       "//! buffer y out f32[n,d]\n//! launch groups=W\n//! tune D d\n//! tune W d/4\n";
    struct shape_entry shape[] = {{"d", 96}};
    struct plan *p = house_plan(text, shape, 1, NULL, &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_int_equal(p->steps[0].spec_values[0], 96);
    assert_int_equal(p->steps[0].spec_values[1], 24);
    assert_int_equal(p->steps[0].groups[0], 24);
    plan_free(p);
    shape[0].value = 98;
    assert_null(house_plan(text, shape, 1, NULL, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "op/rung|only|d%4==0");
    shape[0].value = 132;
    assert_null(house_plan(text, shape, 1, NULL, &e));
    assert_says(e.text, "d<=128");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_gather),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_c_source),
        cmocka_unit_test(test_fill_and_verify),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_shape_follows),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_split_texels),
        cmocka_unit_test(test_split_refused),
        cmocka_unit_test(test_own_kernels),
    };
    int failed = cmocka_run_group_tests(tests, house_make, house_remove);
    shader_forget();
    return failed;
}
