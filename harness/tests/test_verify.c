/* Verification: kernels that are wrong are refused, each for its own reason, and right ones pass on every road that a
 * device may take. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/chain.h"
#include "harness/kernel/shader.h"
#include "harness/measure/verify.h"
#include "harness/tests/support_kernel.h"
#include "harness/tests/support_vulkan.h"
#include "roofline/tests/near.h"

static struct device *device;
static struct pool *pool;

static void open_with(const char *options)
{
    device = vulkan_with(options);
    pool = pool_open(device);
}

static void close_all(void)
{
    pool_close(pool);
    device_close(device);
    pool = NULL;
    device = NULL;
}

/* A test that failed leaves its device open. */
static int close_late(void **state)
{
    (void)state;
    if (device)
        close_all();
    return 0;
}

/* ---- kernels by hand: y = 2 x ---- */

enum { ROWS = 300, COLS = 37, ELEMENTS = ROWS * COLS };

static bool twice(const struct plan *p, void *context, int output, uint64_t row, double *out, struct error *e)
{
    (void)context, (void)output, (void)e;
    uint64_t cols = p->tensors[0].cols;
    for (uint64_t i = 0; i < cols; i++)
        out[i] = 2 * plan_input(p, 0, row * cols + i);
    return true;
}

static struct plan *plan_of(const char *body, enum role x_role)
{
    struct plan *p = need(sizeof *p);
    struct fill fill = {.a = -3, .b = 3, .seed = 77};
    p->name = need_string("twice");
    p->reference = twice;
    p->tolerance = 1e-4;
    int x = plan_add_tensor(p, "x", TYPE_F32, ROWS, COLS, x_role, fill);
    struct step *s = plan_add_step(p, "twice.comp");
    step_bind(s, x, BIND_STORAGE, TEXEL_NONE, true, x_role == ROLE_INOUT);
    if (x_role == ROLE_IN)
        step_bind(s, plan_add_tensor(p, "y", TYPE_F32, ROWS, COLS, ROLE_OUT, (struct fill){0}), BIND_STORAGE, TEXEL_NONE, false, true);
    text_add(&s->glsl,
             "#version 450\nlayout(local_size_x = 32) in;\n"
             "layout(std430, binding = 0) buffer X { float x[]; };\n%s"
             "const uint N = %du, COLS = %du;\n"
             "void main() {\n    uint i = gl_GlobalInvocationID.x;\n    if (i >= N) return;\n    %s\n}\n",
             x_role == ROLE_IN ? "layout(std430, binding = 1) buffer Y { float y[]; };\n" : "", ELEMENTS, COLS, body);
    s->groups[0] = (ELEMENTS + 31) / 32;
    plan_finish(p);
    return p;
}

static struct verification verify_plan(struct plan *p, int random_rows)
{
    struct error e = {0};
    struct verification v;
    struct workload *w = workload_open(pool, p, &e);
    if (!w || !verify(w, random_rows, &v, &e))
        fail_msg("%s", e.text);
    workload_close(w);
    return v;
}

static void a_right_kernel_passes(void **state)
{
    (void)state;
    open_with("");
    struct verification v = verify_plan(plan_of("y[i] = 2.0 * x[i];", ROLE_IN), VERIFY_ALL_ROWS);
    assert_true(v.passed);
    assert_int_equal(v.rows, ROWS);
    assert_int_equal(v.elements, ELEMENTS);
    assert_near(v.error_max, 0, 0);
    v = verify_plan(plan_of("y[i] = 2.0 * x[i] + 0.00005;", ROLE_IN), VERIFY_RANDOM_ROWS);
    assert_true(v.passed); /* within the tolerance, and what it was is told */
    assert_int_equal(v.rows, VERIFY_RANDOM_ROWS + 4);
    assert_true(v.error_max > 4e-5 && v.error_max < 5.1e-5);
    close_all();
}

static void wrong_kernels_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body, *says;
    } faults[] = {
        {"if (i != 100u) y[i] = 2.0 * x[i];", "y[2,26] is|never written"},
        {"y[i] = i == 38u ? uintBitsToFloat(0x7fc00000u) : 2.0 * x[i];", "y[1,1] is nan|not a number"},
        {"y[i] = i == 11099u ? uintBitsToFloat(0x7f800000u) : 2.0 * x[i];", "y[299,36] is inf"},
        {"y[i] = 2.0 * x[i] + (i / COLS == 299u ? 0.01 : 0.0);", "y[299,0] is|the reference says|1.0e-04"},
        {"y[i] = 2.0 * x[i] + (i == N - 1u ? 0.01 : 0.0);", "y[299,36] is|the reference says"},
        {"y[i] = 2.0 * x[i] * 1.001 + 0.001;", "y[0,0] is|the reference says|tolerance"},
        {"y[i] = 2.0 * x[i == 0u ? 1u : i];", "y[0,0] is"},
        {"y[i] = 2.0 * x[i]; if (i == 0u) y[N] = 1.0;", "wrote|beyond the end of tensor y"},
        {"y[i] = 2.0 * x[i]; if (i == 0u) y[N + 1023u] = 0.0;", "beyond the end of tensor y"},
        {"y[i] = 2.0 * x[i]; if (i == 0u) y[N] = 2.0 * x[N];", "beyond the end of tensor y"}, /* a forgotten bound */
        {"y[i] = 2.0 * x[i] + 1e-30 * x[i + 1u];", "y[299,36] is nan"},
        {"y[i] = 2.0 * x[i]; if (i == 5u) x[i] = 0.0;", "tensor x"},
        {"y[i] = 2.0 * x[i]; if (i == 5u) x[N] = 0.0;", "tensor x"},
    };
    open_with("");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct verification v = verify_plan(plan_of(faults[i].body, ROLE_IN), VERIFY_ALL_ROWS);
        if (v.passed)
            fail_msg("passed: %s", faults[i].body);
        assert_says(v.why, faults[i].says);
        assert_null(strstr(v.why, "ends all loops")); /* none can be so long here */
    }
    struct verification v = verify_plan(plan_of("y[i] = 2.0 * x[i];", ROLE_IN), VERIFY_ALL_ROWS);
    assert_true(v.passed); /* what the others spoilt is whole again */
    close_all();
}

/* Of many rows not all are compared: but the edges always, and all must be finite. */
static void edges_are_always_looked_at(void **state)
{
    (void)state;
    static const uint32_t rows[] = {0, 1, ROWS - 2, ROWS - 1};
    open_with("");
    for (size_t i = 0; i < 4; i++) {
        char body[120], says[20];
        snprintf(body, sizeof body, "y[i] = 2.0 * x[i] + (i == %uu * COLS + 20u ? 0.01 : 0.0);", rows[i]);
        snprintf(says, sizeof says, "y[%u,20]", rows[i]);
        struct verification v = verify_plan(plan_of(body, ROLE_IN), 1);
        assert_false(v.passed);
        assert_says(v.why, says);
    }
    for (int row = 2; row < ROWS - 2; row += 50) {
        char body[120];
        snprintf(body, sizeof body, "if (i != %uu * COLS + 20u) y[i] = 2.0 * x[i];", row);
        assert_false(verify_plan(plan_of(body, ROLE_IN), 1).passed);
    }
    close_all();
}

/* Twice, but column 5 of every row is -inf. */
static bool twice_and_masked(const struct plan *p, void *context, int output, uint64_t row, double *out, struct error *e)
{
    bool ok = twice(p, context, output, row, out, e);
    out[5] = -INFINITY;
    return ok;
}

/* An infinity is right where the reference says the same, also in rows that are not compared otherwise. */
static void infinities_may_be_wanted(void **state)
{
    (void)state;
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"y[i] = i % COLS == 5u ? uintBitsToFloat(0xff800000u) : 2.0 * x[i];", NULL},
        {"y[i] = i % COLS == 5u || i == 151u * COLS ? uintBitsToFloat(0xff800000u) : 2.0 * x[i];", "y[151,0] is -inf"},
        {"y[i] = i % COLS == 5u ? uintBitsToFloat(i / COLS == 151u ? 0x7f800000u : 0xff800000u) : 2.0 * x[i];", "y[151,5] is inf"},
        {"if (i != 151u * COLS + 5u) y[i] = i % COLS == 5u ? uintBitsToFloat(0xff800000u) : 2.0 * x[i];", "y[151,5] is nan"},
        {"y[i] = i % COLS == 5u && i > 5u ? uintBitsToFloat(0xff800000u) : 2.0 * x[i];", "y[0,5] is|the reference says -inf"},
    };
    open_with("");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan *p = plan_of(cases[i].body, ROLE_IN);
        p->reference = twice_and_masked;
        struct verification v = verify_plan(p, 1);
        if (v.passed != !cases[i].says)
            fail_msg("%s: %s", cases[i].body, v.why);
        if (cases[i].says)
            assert_says(v.why, cases[i].says);
    }
    close_all();
}

static bool row_and_column(const struct plan *p, void *context, int output, uint64_t row, double *out, struct error *e)
{
    (void)context, (void)output, (void)e;
    for (uint64_t i = 0; i < p->tensors[0].cols; i++)
        out[i] = row == 7 && i == 7 ? -1 : (double)(row * p->tensors[0].cols + i);
    return true;
}

/* Integers have no NaN: one that was never written is known by the poison, unless that is what was wanted. */
static void integers_must_be_written_too(void **state)
{
    (void)state;
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"n[i] = i == 7u * COLS + 7u ? -1 : int(i);", NULL},
        {"if (i != 155u * COLS + 3u) n[i] = i == 7u * COLS + 7u ? -1 : int(i);", "y[155,3] is -1: never written"},
        {"n[i] = int(i);", "the reference says -1"},
    };
    open_with("");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan *p = plan_of(cases[i].body, ROLE_IN);
        char *buffer = strstr(p->steps[0].glsl.s, "float y[]");
        memcpy(buffer, "int   n[]", 9);
        p->tensors[1].type = TYPE_I32;
        p->reference = row_and_column;
        struct verification v = verify_plan(p, i == 2 ? VERIFY_ALL_ROWS : 1);
        if (v.passed != !cases[i].says)
            fail_msg("%s: %s", cases[i].body, v.why);
        if (cases[i].says)
            assert_says(v.why, cases[i].says);
    }
    close_all();
}

/* Read and written in place: each run begins with the input as it was. */
static void in_place_is_filled_again(void **state)
{
    (void)state;
    open_with("");
    for (int i = 0; i < 2; i++) {
        struct verification v = verify_plan(plan_of("x[i] = 2.0 * x[i];", ROLE_INOUT), VERIFY_ALL_ROWS);
        assert_true(v.passed);
    }
    struct verification v = verify_plan(plan_of("x[i] = 2.0 * x[i]; if (i == 0u) x[N + 3u] = 0.0;", ROLE_INOUT), VERIFY_ALL_ROWS);
    assert_false(v.passed);
    assert_says(v.why, "beyond the end of tensor x");
    v = verify_plan(plan_of("if (i != 7u) x[i] = 2.0 * x[i];", ROLE_INOUT), VERIFY_ALL_ROWS);
    assert_false(v.passed);
    assert_says(v.why, "x[0,7]");
    close_all();
}

/* What lies between two steps is poisoned too, and has its guard. */
static void intermediates_are_guarded(void **state)
{
    (void)state;
    static const char *const first[] = {"y[i] = x[i];", "if (i != 9u) y[i] = x[i];", "y[i] = x[i]; if (i == 0u) y[N] = 0.0;"};
    static const char *const says[] = {NULL, "z[0,9]", "beyond the end of tensor y"};
    open_with("");
    for (int i = 0; i < 3; i++) {
        struct plan *p = plan_of(first[i], ROLE_IN), *q = plan_of("y[i] = 2.0 * x[i];", ROLE_IN);
        int z = plan_add_tensor(p, "z", TYPE_F32, ROWS, COLS, ROLE_OUT, (struct fill){0});
        struct step *s = plan_add_step(p, "second");
        text_add(&s->glsl, "%s", q->steps[0].glsl.s);
        s->groups[0] = q->steps[0].groups[0];
        step_bind(s, 1, BIND_STORAGE, TEXEL_NONE, true, false);
        step_bind(s, z, BIND_STORAGE, TEXEL_NONE, false, true);
        p->tensors[1].role = ROLE_TEMP;
        struct verification v = verify_plan(p, VERIFY_ALL_ROWS);
        assert_int_equal(v.passed, says[i] == NULL);
        if (says[i])
            assert_says(v.why, says[i]);
        plan_free(q);
    }
    close_all();
}

static void without_a_reference_numbers_must_be_finite(void **state)
{
    (void)state;
    open_with("");
    struct plan *right = plan_of("y[i] = 5.0 * x[i];", ROLE_IN), *wrong = plan_of("if (i != 5u) y[i] = 1.0;", ROLE_IN);
    right->reference = wrong->reference = NULL;
    struct verification v = verify_plan(right, VERIFY_RANDOM_ROWS);
    assert_true(v.passed);
    assert_int_equal(v.rows, 0);
    v = verify_plan(wrong, VERIFY_RANDOM_ROWS);
    assert_false(v.passed);
    close_all();
}

static void a_plan_that_does_not_compile_names_its_line(void **state)
{
    (void)state;
    struct error e = {0};
    open_with("");
    assert_null(workload_open(pool, plan_of("y[i] = z;", ROLE_IN), &e));
    assert_int_equal(e.code, EXIT_CHECK);
    assert_says(e.text, "twice.comp:9:|'z'");
    close_all();
}

/* A right result on rounded inputs: no error against them, and that of the format against the numbers before. */
static void the_cost_of_a_format_is_told(void **state)
{
    (void)state;
    open_with("");
    struct verification v = verify_plan(plan_of("y[i] = 2.0 * x[i];", ROLE_IN), VERIFY_ALL_ROWS);
    assert_true(isnan(v.error_quantised));
    struct plan *p = plan_of("y[i] = 2.0 * unpackHalf2x16(floatBitsToUint(x[i / 2u]))[i % 2u];", ROLE_IN);
    p->tensors[0].type = TYPE_F16;
    plan_finish(p);
    v = verify_plan(p, VERIFY_ALL_ROWS);
    assert_true(v.passed);
    assert_near(v.error_max, 0, 0);
    assert_true(v.error_quantised > 1e-4 && v.error_quantised < 1.0 / 2048);
    close_all();
}

/* ---- chains ---- */

static void check_chain(const char *text, const char *grouping, uint64_t cols)
{
    struct error e = {0};
    int sizes[CHAIN_MAX];
    struct chain *c = chain_parse(text, &e);
    struct chain_options o = {.rows = 5, .cols = cols};
    int groups = c ? chain_grouping(c, grouping, sizes, &e) : 0;
    struct plan *p = groups ? chain_plan(c, sizes, groups, &device->info, &o, &e) : NULL;
    if (!p)
        fail_msg("%s: %s", text, e.text);
    struct verification v = verify_plan(p, VERIFY_ALL_ROWS);
    if (!v.passed)
        fail_msg("%s, %s, 5 rows of %d: %s", text, grouping, (int)cols, v.why);
    assert_int_equal(v.elements, 5 * cols);
    chain_free(c);
}

static const struct {
    const char *chain, *grouping;
    uint64_t cols;
} chains[] = {
    {"layernorm", "fused", 1},
    {"layernorm", "fused", 300},  /* vectors that do not fill the team */
    {"layernorm", "fused", 8196}, /* a row that no team holds in registers */
    {"softmax|bias", "fused", 37},
    {"bias|softmax", "fused", 1024},
    {"add|layernorm|softmax|mul", "fused", 8193},
    {"rmsnorm_affine|dropout(0.2)|layernorm_affine|add", "fused", 37},
    {"rmsnorm|dropout(0.2)|softmax|add", "fused", 256},
    {"scale(0.5)|add|bias|dropout(0.3,9)|mul|clamp(-0.5,0.5)", "fused", 37},
    {"scale(0.5)|add|bias|dropout(0.3,9)|mul|clamp(-0.5,0.5)", "2+2+2", 64},
    {"gelu|to_f16|relu|silu|to_f32|tanh", "unfused", 37},
    {"gelu|to_f16|layernorm|tanh", "unfused", 64},
};

static void check_chains(const char *options)
{
    open_with(options);
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        check_chain(chains[i].chain, chains[i].grouping, chains[i].cols);
    close_all();
}

static void chains_are_right_here(void **state)
{
    (void)state;
    check_chains("");
}

static void chains_are_right_as_on_hardware(void **state)
{
    (void)state;
    check_chains("hardware");
}

static void chains_are_right_without_subgroups(void **state)
{
    (void)state;
    check_chains("hardware,no-subgroups");
}

static void chains_are_right_through_staging(void **state)
{
    (void)state;
    open_with("staging");
    check_chain("layernorm|bias|gelu|dropout(0.1)", "unfused", 37);
    check_chain("layernorm|bias|gelu|dropout(0.1)", "fused", 64);
    close_all();
}

static void every_operator_is_right_alone(void **state)
{
    (void)state;
    struct error e = {0};
    int count;
    const struct operator *const *all = operators_all(&count, &e);
    assert_non_null(all);
    open_with("hardware");
    for (int i = 0; i < count; i++)
        check_chain(all[i]->name, "fused", 36);
    close_all();
}

/* A wrong body does not slip through: the reference is another text. */
static void a_wrong_operator_is_refused(void **state)
{
    (void)state;
    struct error e = {0};
    int sizes[CHAIN_MAX] = {1};
    static const char wrong[] = "//! operator wrong\n//! kind map\n//! ops mul=1\n//! reference x * 2\n"
                                "float op_wrong(float x)\n{\n    return x * 2.001f;\n}\n";
    operators_forget();
    house_own(true);
    house_write("kernels/elementwise/wrong.glsl", wrong, strlen(wrong));
    struct chain *c = chain_parse("wrong", &e);
    struct chain_options o = {.rows = 5, .cols = 8};
    if (!c)
        fail_msg("%s", e.text);
    open_with("");
    struct verification v = verify_plan(chain_plan(c, sizes, 1, &device->info, &o, &e), VERIFY_ALL_ROWS);
    assert_false(v.passed);
    assert_says(v.why, "y[0,|the reference says");
    chain_free(c);
    close_all();
    operators_forget();
    house_own(false);
}

static int forget(void **state)
{
    operators_forget();
    shader_forget();
    return house_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_right_kernel_passes, close_late),
        cmocka_unit_test_teardown(wrong_kernels_are_refused, close_late),
        cmocka_unit_test_teardown(edges_are_always_looked_at, close_late),
        cmocka_unit_test_teardown(in_place_is_filled_again, close_late),
        cmocka_unit_test_teardown(intermediates_are_guarded, close_late),
        cmocka_unit_test_teardown(infinities_may_be_wanted, close_late),
        cmocka_unit_test_teardown(integers_must_be_written_too, close_late),
        cmocka_unit_test_teardown(without_a_reference_numbers_must_be_finite, close_late),
        cmocka_unit_test_teardown(a_plan_that_does_not_compile_names_its_line, close_late),
        cmocka_unit_test_teardown(the_cost_of_a_format_is_told, close_late),
        cmocka_unit_test_teardown(chains_are_right_here, close_late),
        cmocka_unit_test_teardown(chains_are_right_as_on_hardware, close_late),
        cmocka_unit_test_teardown(chains_are_right_without_subgroups, close_late),
        cmocka_unit_test_teardown(chains_are_right_through_staging, close_late),
        cmocka_unit_test_teardown(every_operator_is_right_alone, close_late),
        cmocka_unit_test_teardown(a_wrong_operator_is_refused, close_late),
        cmocka_unit_test_teardown(nothing_was_complained_of, close_late),
    };
    return cmocka_run_group_tests(tests, house_make, forget);
}
