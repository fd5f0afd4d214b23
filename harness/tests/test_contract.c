/* A header that lies about its module is refused, whichever line it is. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_two_blocks),
    };
    int failed = cmocka_run_group_tests(tests, house_make, house_remove);
    shader_forget();
    return failed;
}
