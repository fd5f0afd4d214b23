/* References: kernels/reference/ against what is known of each operation, chains as references, and
 * references that ask for what the kernel does not have. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/operator.h"
#include "harness/tests/support_kernel.h"

enum { COLS = 1000 };

/* One row of a kernel's output, and of its first input. */
static void reference_of(const char *name, int output, uint64_t row, double *x, double *out)
{
    const struct shape_entry shape[] = {{"rows", 9}, {"cols", COLS}};
    struct error e = {0};
    struct kernel *k = kernel_find(name, &e);
    struct plan *p = k ? kernel_plan(k, shape, 2, NULL, &e) : NULL;
    if (!p || !p->reference(p, p->reference_context, output, row, out, &e))
        fail_msg("%s", e.text);
    for (uint64_t i = 0; i < COLS; i++)
        x[i] = plan_input(p, 0, row * COLS + i);
    plan_free(p);
    kernel_free(k);
}

static void test_references(void **state)
{
    (void)state;
    double x[COLS], y[COLS], m[COLS], sum = 0, squares = 0, largest = -INFINITY;
    house_own(false);
    reference_of("layernorm/3-one-read", 0, 3, x, y);
    for (int i = 0; i < COLS; i++) {
        sum += y[i];
        squares += y[i] * y[i];
        assert_float_equal((y[i] - y[0]) / (y[1] - y[0]), (x[i] - x[0]) / (x[1] - x[0]), 1e-9);
    }
    assert_float_equal(sum / COLS, 0, 1e-9);
    assert_float_equal(squares / COLS, 1, 1e-3); /* not quite 1, for the 1e-5 under the root */

    reference_of("softmax/1-three-kernels", 0, 8, x, y);
    sum = 0;
    for (int i = 0; i < COLS; i++) {
        sum += y[i];
        assert_float_equal(log(y[i] / y[0]), x[i] - x[0], 1e-9);
        largest = fmax(largest, x[i]);
    }
    assert_float_equal(sum, 1, 1e-12);
    reference_of("softmax/parts/row-max", 0, 8, x, m);
    assert_float_equal(m[0], largest, 0);

    double s = 0;
    sum = 0;
    reference_of("softmax/parts/exp-sum", 0, 2, x, y);
    reference_of("softmax/parts/exp-sum", 1, 2, x, &s);
    for (int i = 0; i < COLS; i++)
        sum += y[i];
    assert_float_equal(s, sum, 1e-9);
}

#define CHAIN                                                                                                \
    "//! kernel op/rung\n//! shape rows=3 cols=70\n//! buffer x in f32[rows,cols]\n"                         \
    "//! buffer b in f32[cols]\n//! buffer r in f32[rows,cols]\n//! buffer y out f32[rows,cols]\n"           \
    "//! launch groups=1\n"

static void test_chain_reference(void **state)
{
    (void)state;
    struct error e = {0};
    double out[70];
    house_own(false);
    struct plan *p =
        house_plan(CHAIN "//! reference scale(2) | bias | add tolerance 1e-4\n", NULL, 0, NULL, &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_float_equal(p->tolerance, 1e-4, 0);
    for (uint64_t row = 0; row < 3; row++) {
        if (!p->reference(p, p->reference_context, 0, row, out, &e))
            fail_msg("%s", e.text);
        for (uint64_t i = 0; i < 70; i++) {
            uint64_t at = 70 * row + i;
            assert_float_equal(out[i], 2 * plan_input(p, 0, at) + plan_input(p, 1, i) + plan_input(p, 2, at),
                               1e-12);
        }
    }
    plan_free(p);
    operators_forget();
}

#define VAIN "//! kernel op/rung\n//! shape cols=70\n//! buffer y out f32[2,cols]\n//! launch groups=1\n"

/* A reference that asks for what the kernel does not have. The last one goes on with the NAN it is given. */
static void test_reference_in_vain(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } vain[] = {
        {VAIN "//! buffer x in f32[2,cols]\n//! reference add\n",
         "op/rung: the reference 'add' wants an input 'r', which the kernel does not have"},
        {VAIN "//! reference copy\n", "'copy' wants an input 'x'"},
        {VAIN "//! buffer x out f32[2,cols]\n//! reference copy\n", "'copy' wants an input 'x'"},
        {VAIN "//! buffer x in f32[2,cols-1]\n//! reference copy\n",
         "wants row 1 of 70 elements in input 'x'"},
        {VAIN "//! buffer x in f32[1,cols]\n//! reference copy\n", "wants row 1 of 70 elements in input 'x'"},
        {VAIN "//! buffer x in f32[2,cols]\n//! buffer z in f32[2,cols]\n//! reference triad\n",
         "'triad' wants an input 'a'"},
    };
    double out[70];
    house_own(false);
    for (size_t i = 0; i < sizeof vain / sizeof *vain; i++) {
        struct error e = {0};
        struct plan *p = house_plan(vain[i].text, NULL, 0, NULL, &e);
        if (!p)
            fail_msg("%s", e.text);
        assert_false(p->reference(p, p->reference_context, 0, 1, out, &e));
        assert_says(e.text, vain[i].says);
        plan_free(p);
    }
    operators_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_chain_reference),
        cmocka_unit_test(test_reference_in_vain),
    };
    return cmocka_run_group_tests(tests, house_make, house_remove);
}
