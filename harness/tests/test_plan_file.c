/* .plan files: steps over named tensors, their faults, and what is repeated with a part of a tensor each time. */
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

/* A step that is given a part of a tensor may be cut within it. */
static void test_split_part(void **state)
{
    (void)state;
    struct error e = {0};
    house_own(true);
    kernel_free(house_kernel("kernels/op/part.comp", "//! kernel op/part\n//! shape n=8\n//! buffer x in f32[n,16]\n//! buffer y out f32[n,16]\n"
                                                     "//! launch groups=n\n//! split n\n", &e));
    struct kernel *k = house_kernel("kernels/op/1-all.plan",
                                    "kernel op/1-all\nidea i\nbuffer w in f32[4,64]\nbuffer y out f32[64]\nstep op/part x=w[2] y=y n=4\n", &e);
    struct device_info info = {.copy_alignment = 64, .max_binding_bytes = 192, .max_buffer_bytes = 10000, .memory_bytes = 10000};
    struct plan *p = k ? kernel_plan_for(k, &info, NULL, 0, NULL, &e) : NULL;
    if (!p)
        fail_msg("%s", e.text);
    assert_int_equal(p->step_count, 2);
    assert_string_equal(p->steps[1].label, "op/part (n 2..3)");
    assert_int_equal(p->steps[1].bindings[0].offset, 2 * 256 + 2 * 64);
    assert_int_equal(p->steps[1].bindings[0].bytes, 2 * 64);
    assert_int_equal(p->steps[1].bindings[1].offset, 2 * 64);
    assert_true(plan_fits(p, &info, &e));
    plan_free(p);
    info.max_binding_bytes = 50; /* not even one row */
    p = kernel_plan_for(k, &info, NULL, 0, NULL, &e);
    assert_false(plan_fits(p, &info, &e));
    assert_says(e.text, "a part of tensor w of op/1-all is 256 B,|is 50 B|S can be up to 200 B");
    plan_free(p);
    kernel_free(k);
    remove(house_path("kernels/op/1-all.plan"));
    remove(house_path("kernels/op/part.comp"));
    house_own(false);
}

/* A step chooses what its kernel leaves to be tuned, by an expression over the plan's shape and its own tune lines. */
static void test_tuned_steps(void **state)
{
    (void)state;
    struct error e = {0};
    uint32_t tune[KERNEL_TUNE_MAX] = {16};
    house_own(true);
    const char *part = "//! kernel op/part\n//! shape n=8\n//! buffer x in f32[n]\n//! buffer y inout f32[n]\n"
                       "//! launch groups=n/R\n//! tune R 1 2\n//! tune C 3 4\n//! tune D n+1\n";
    kernel_free(house_kernel("kernels/op/part.comp", part, &e));
    struct kernel *k = house_kernel("kernels/op/1-all.plan",
                                    "kernel op/1-all\nidea i\nshape n=32\nbuffer x in f32[n]\nbuffer y inout f32[n]\n"
                                    "tune ROWS 8 software=16\nstep op/part x=x y=y\nstep op/part x=x y=y R=ROWS C=n/4\n", &e);
    if (!k)
        fail_msg("%s", e.text);
    assert_int_equal(k->tune[0].software, 16);
    struct plan *p = kernel_plan(k, NULL, 0, tune, &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_int_equal(p->steps[0].spec_count, 3);
    assert_int_equal(p->steps[0].spec_values[0], 1);
    assert_int_equal(p->steps[0].spec_values[1], 3);
    assert_int_equal(p->steps[1].spec_values[0], 16);
    assert_int_equal(p->steps[1].spec_values[1], 8);
    assert_int_equal(p->steps[1].spec_values[2], 33);
    assert_int_equal(p->steps[1].groups[0], 2);
    plan_free(p);
    kernel_free(k);
    static const char *const faults[][2] = {{"R=x", "1-all.plan:6:|'x'"}, {"Q=1", "1-all.plan:6:|no shape name 'Q'"}, {"D=1", "1-all.plan:6:|'D'"}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct text t = {0};
        text_add(&t, "kernel op/1-all\nidea i\nshape n=32\nbuffer x in f32[n]\nbuffer y inout f32[n]\nstep op/part x=x y=y %s\n",
                 faults[i][0]);
        k = house_kernel("kernels/op/1-all.plan", t.s, &e);
        assert_non_null(k);
        assert_null(kernel_plan(k, NULL, 0, NULL, &e));
        assert_says(e.text, faults[i][1]);
        kernel_free(k);
        text_free(&t);
    }
    remove(house_path("kernels/op/1-all.plan"));
    remove(house_path("kernels/op/part.comp"));
    house_own(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_file),
        cmocka_unit_test(test_plan_file_faults),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_split_part),
        cmocka_unit_test(test_tuned_steps),
    };
    int failed = cmocka_run_group_tests(tests, house_make, house_remove);
    shader_forget();
    return failed;
}
