/* From a kernel file to a plan: lengths, workgroups, push constants and costs; .plan files; and a header that
 * lies about its module is refused. */
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

/* ---- .plan files ---- */

#define PART                                                                                                 \
    "//! kernel op/part\n//! shape n=5 m=2\n//! buffer a in f32[n]\n//! buffer b out f32[n]\n"               \
    "//! launch groups=m\n"
#define PLAN                                                                                                 \
    "kernel op/plan\n# a comment\nshape n=20\nbuffer x in f32[n] uniform(0,1)\nbuffer y out f32[n]\n"        \
    "temp t f32[n]\n"

static void test_plan_file(void **state)
{
    (void)state;
    struct error e = {0};
    house_own(true);
    kernel_free(house_kernel("kernels/op/part.comp", PART, &e));
    struct kernel *k = house_kernel("kernels/op/plan.plan",
                                    PLAN "step op/part a=x b=t m=n/2\n  step op/part a=t b=y m=3\n", &e);
    if (!k)
        fail_msg("%s", e.text);
    struct plan *p = kernel_plan(k, NULL, 0, NULL, &e);
    if (!p)
        fail_msg("%s", e.text);
    kernel_free(k);
    assert_int_equal(p->tensor_count, 3);
    assert_int_equal(p->tensors[2].role, ROLE_TEMP);
    assert_int_equal(p->step_count, 2);
    assert_string_equal(p->steps[0].label, "op/part");
    assert_string_equal(p->steps[0].glsl.s, PART);
    assert_int_equal(p->steps[0].bindings[1].tensor, 2);
    assert_int_equal(p->steps[1].bindings[0].tensor, 2);
    assert_int_equal(p->steps[0].push[0], 20);
    assert_int_equal(p->steps[0].push[1], 10);
    assert_int_equal(p->steps[0].groups[0], 10);
    assert_int_equal(p->steps[1].groups[0], 3);
    assert_float_equal(plan_bytes_compulsory(p), 4 * 80, 0);
    plan_free(p);
}

static void test_plan_file_faults(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *says;
    } faults[] = {
        {"step op/prat a=x b=y m=1\n", "plan.plan:7:|'op/prat'|did you mean 'op/part'"},
        {"step op/plan a=x b=y m=1\n", "plan.plan:7:|is a plan itself"},
        {"step op/part a=x b=t\n", "plan.plan:7:|wants a value for m|m=..."},
        {"step op/part a=x b=t m=0\n", "plan.plan:7:|m '0' is 0|whole number"},
        {"step op/part a=x b=t m=k\n", "plan.plan:7:|'k'"},
        {"step op/part a=x m=1\n", "plan.plan:7:|wants a tensor for b|b=..."},
        {"step op/part a=x b=t c=x m=1\n", "plan.plan:7:|no shape name 'c'"},
        {"step op/part a=x a=t b=y m=1\n", "plan.plan:7:|'a' is bound twice"},
        {"step op/part a=x b=z m=1\n", "plan.plan:7:|no tensor 'z'"},
        {"step op/part a=x b=t m=1 n=19\n", "plan.plan:7:|a of op/part is 19 elements|tensor x is 20"},
        {"temp h f16[n]\nstep op/part a=x b=h m=1\n",
         "plan.plan:8:|b of op/part is 20 elements of f32|h is 20 of f16"},
        {"step op/part a=t b=y m=1\n", "plan.plan:7:|reads a|no step before it has written tensor t"},
        {"step op/part a=x b=x m=1\n", "plan.plan:7:|writes b|tensor x is `in`"},
        {"step op/part a=x b=y m=1\n", "plan.plan:6:|no step writes tensor t"},
        {"step op/part a=x b=t m=1\nstep op/part a=x b=y m=1\n", "plan.plan:6:|no step reads tensor t"},
        {"buffer u in f32[n]\nstep op/part a=x b=t m=1\nstep op/part a=t b=y m=1\n",
         "plan.plan:7:|no step reads tensor u"},
        {"step op/part a=x b=t m=1\n", "plan.plan:5:|no step writes tensor y"},
        {"launch groups=1\n", "plan.plan:7:|'launch' belongs in .comp files"},
        {"", "plan.plan:1:|no 'step' line"},
        {"buffer u in f32[n] texel=r32f\nstep op/part a=x b=t m=1\n", "plan.plan:7:|texel= says how"},
    };
    house_own(true);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error e = {0};
        struct text t = {0};
        text_add(&t, "%s%s", PLAN, faults[i].steps);
        struct kernel *k = house_kernel("kernels/op/plan.plan", t.s, &e);
        struct plan *p = k ? kernel_plan(k, NULL, 0, NULL, &e) : NULL;
        if (p)
            fail_msg("accepted: %s", faults[i].steps);
        assert_says(e.text, faults[i].says);
        kernel_free(k);
        text_free(&t);
    }
    house_own(false);
}

/* ---- headers against modules ---- */

static const char *const honest[] = {
    "#version 450",
    "//! kernel op/rung",
    "//! shape rows=4 cols=4",
    "//! buffer x in f32[rows,cols]",
    "//! buffer t in f32[4*cols] texel=rgba32f",
    "//! buffer z inout f32[rows]",
    "//! buffer y out f32[rows,cols]",
    "//! launch groups=rows",
    "//! tune A 1",
    "//! tune B 2",
    "layout(local_size_x_id = 1) in;",
    "layout(push_constant) uniform Shape { uint rows, cols; };",
    "layout(constant_id = 0) const uint A = 1;",
    "layout(constant_id = 1) const uint B = 1;",
    "layout(binding = 0) readonly buffer X { float x[]; };",
    "layout(binding = 1) uniform samplerBuffer t;",
    "layout(binding = 2) buffer Z { float z[]; };",
    "layout(binding = 3) buffer Y { float y[]; };",
    "void main() {",
    "    uint i = gl_GlobalInvocationID.x;",
    "    y[i] = x[i] * texelFetch(t, int(i)).x + float(A * B * rows * cols);",
    "    z[i] += 1.0;",
    "}",
};

/* One line put in the place of another (from 1), and what is then said of it; NULL: nothing. */
static const struct {
    int line;
    const char *with, *says;
} lies[] = {
    {1, "#version 450", NULL},
    {4, "//! buffer x out f32[rows,cols]",
     "my.comp: |buffer x is `out` in the header, but the module reads it"},
    {4, "//! buffer x inout f32[rows,cols]", "buffer x is `inout`|never writes it"},
    {7, "//! buffer y in f32[rows,cols]", "buffer y is `in` in the header, but the module writes it"},
    {7, "//! buffer y inout f32[rows,cols]", "buffer y is `inout`|never reads it"},
    {6, "//! buffer z in f32[rows]", "buffer z is `in`|writes it"},
    {6, "//! buffer z out f32[rows]", "buffer z is `out`|reads it"},
    {21, "    y[i] = texelFetch(t, int(i)).x + float(A * B * rows * cols);",
     "buffer x is `in`|never reads it"},
    {21, "    float v = x[i] * texelFetch(t, int(i)).x + float(A * B * rows * cols);",
     "buffer y is `out`|never writes it"},
    {22, "    z[i] += y[i];", "buffer y is `out`|reads it"},
    {4, "//! buffer x in f32[rows,4*cols] texel=rgba32f",
     "buffer x is `in` texel=rgba32f|binding 0|storage buffer"},
    {5, "//! buffer t in f32[4*cols]", "buffer t is `in`|binding 1|texel buffer"},
    {5, "//! buffer t in u32[4*cols] texel=r32ui", "buffer t has texel=r32ui|another format"},
    {7, "", "binding 3|header has 3 buffers"},
    {8, "//! buffer w out f32[1]\n//! launch groups=1", "buffer w is number 4|nothing at set 0, binding 4"},
    {18, "layout(set = 1, binding = 3) buffer Y { float y[]; };",
     "buffer y is number 3|nothing at set 0, binding 3"},
    {3, "//! shape rows=4 cols=4 depth=1", "3 names|12 bytes|8 bytes"},
    {3, "//! shape cols=4 rows=4", "rows is shape name number 1|number 0 of the module"},
    {12, "layout(push_constant) uniform Shape { uint rows; float cols; };", "cols is a uint|f32"},
    {12, "layout(push_constant) uniform Shape { uint r, cols; };\nuint rows = 1;", NULL},
    {10, "//! tune B 2\n//! tune C 3", "tune C is specialisation constant 2|constant_id = 2"},
    {13, "layout(constant_id = 5) const uint A = 1;",
     "tune A is specialisation constant 0|none of that number"},
    {9, "//! tune B 1\n//! tune A 2\n//!", "tune B is number 0|constant 0 of the module is called A"},
    {11, "layout(local_size_x = 64, local_size_y = 32) in;", "64 x 32 x 1|1024"},
    {10, "//! tune B 1025", "1025 x 1 x 1|make it smaller"},
    {20, "    uint i = gl_GlobalInvocationID.x", "my.comp:|error"},
};

static void test_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct error e = {0};
        struct text t = {0};
        for (int line = 1; line <= (int)(sizeof honest / sizeof *honest); line++) {
            bool second_tune = line == 10 && lies[i].line == 9; /* which that lie has put before it */
            text_add(&t, "%s\n", line == lies[i].line ? lies[i].with : second_tune ? "" : honest[line - 1]);
        }
        struct kernel *k = house_kernel("my.comp", t.s, &e);
        if (!k)
            fail_msg("%s", e.text);
        bool ok = kernel_check_module(k, &e);
        if (ok != !lies[i].says)
            fail_msg("%s: %s", lies[i].with, ok ? "accepted" : e.text);
        if (!ok)
            assert_int_equal(e.code, EXIT_CHECK);
        if (!ok)
            assert_says(e.text, lies[i].says);
        kernel_free(k);
        text_free(&t);
    }
}

/* Two blocks over one buffer are one buffer, whichever is used first; a write through either is a write. */
static void test_two_blocks(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool write = i / 2;
        const char *uses[] = {"y[0] = x4[0].x;", write ? "x[1] = 1.0;" : "y[1] = x[1];"};
        struct error e = {0};
        struct text t = {0};
        text_add(&t,
                 "#version 450\n//! kernel op/rung\n//! buffer x in f32[4]\n//! buffer y out f32[4]\n"
                 "//! launch groups=1\n"
                 "layout(binding = 0) readonly buffer X4 { vec4 x4[]; };\n"
                 "layout(binding = 0) buffer X { float x[]; };\n"
                 "layout(binding = 1) buffer Y { float y[]; };\n"
                 "void main() { %s %s }\n",
                 uses[i % 2], uses[!(i % 2)]);
        struct kernel *k = house_kernel("my.comp", t.s, &e);
        assert_non_null(k);
        assert_int_equal(kernel_check_module(k, &e), !write);
        if (write)
            assert_says(e.text, "buffer x is `in`|writes it");
        kernel_free(k);
        text_free(&t);
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
    struct plan *p = kernel_verify_plan(k, 0, NULL, &e);
    assert_true(p && p->tensors[0].rows == 1 && p->tensors[0].cols == 100 && plan_input(p, 0, 0) <= 100);
    plan_free(p);
    p = kernel_verify_plan(k, 1, NULL, &e); /* a fill of its own */
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

/* What a plan repeats, with a part of a tensor each time. */
static void test_repeat(void **state)
{
    (void)state;
    struct error e = {0};
    house_own(true);
    const char *part = "//! kernel op/part\n//! shape n=8\n//! buffer x in f32[n]\n//! buffer y inout f32[n]\n"
                       "//! launch groups=n\n";
    kernel_free(house_kernel("kernels/op/part.comp", part, &e));
    struct kernel *k = house_kernel("kernels/op/1-all.plan",
                                    "kernel op/1-all\nidea i\nshape layers=3 n=8\nbuffer w in f32[layers,2*n]\n"
                                    "buffer y inout f32[n]\nrepeat layer layers\nstep op/no|op/part x=w[layer] y=y n=2*n+0*layer\n"
                                    "end layer\n", &e);
    assert_non_null(k);
    assert_null(kernel_plan(k, NULL, 0, NULL, &e)); /* y is half of what the part wants */
    assert_says(e.text, "op/1-all.plan:7:|16 elements|tensor y is 8");
    kernel_free(k);
    k = house_kernel("kernels/op/1-all.plan",
                     "kernel op/1-all\nidea i\nshape layers=3 n=8\nbuffer w in f32[2*layers,n/2]\nbuffer y inout f32[n]\n"
                     "repeat layer layers\nstep op/no|op/part x=w[2*layer,2] y=y\nend layer\n", &e);
    assert_non_null(k);
    struct plan *p = kernel_plan(k, NULL, 0, NULL, &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_int_equal(p->step_count, 3);
    assert_int_equal(p->steps[2].bindings[0].offset, 64);
    assert_int_equal(p->steps[2].bindings[0].bytes, 32);
    assert_int_equal(p->steps[2].bindings[1].bytes, 0);
    assert_float_equal(p->steps[1].cost.bytes_read, 64, 0);
    struct device_info info = {.copy_alignment = 64, .max_binding_bytes = 32, .max_buffer_bytes = 1000, .memory_bytes = 1000};
    assert_false(plan_fits(p, &info, &e)); /* the second part begins at byte 32 */
    assert_says(e.text, "op/part|a part of w|byte 32");
    info.copy_alignment = 4;
    assert_true(plan_fits(p, &info, &e)); /* the whole of w is more than can be bound, but no step binds it */
    plan_free(p);
    kernel_free(k);
    assert_null(house_kernel("kernels/op/1-all.plan", "kernel op/1-all\nidea i\nbuffer y inout f32[1]\nend layer\nstep a y=y\n", &e));
    assert_says(e.text, "op/1-all.plan:4:|no 'repeat layer'");
    remove(house_path("kernels/op/1-all.plan"));
    remove(house_path("kernels/op/part.comp"));
    house_own(false);
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
        p = kernel_verify_plan(k, at, NULL, &e);
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
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_plan_file),
        cmocka_unit_test(test_plan_file_faults),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_two_blocks),
        cmocka_unit_test(test_c_source),
        cmocka_unit_test(test_fill_and_verify),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_shape_follows),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_own_kernels),
    };
    int failed = cmocka_run_group_tests(tests, house_make, house_remove);
    shader_forget();
    return failed;
}
