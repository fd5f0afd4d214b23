/* Blocks of 32: their bytes against values worked out by hand, and no element further from its number than the format allows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/plan.h"
#include "harness/kernel/quantise.h"
#include "roofline/tests/near.h"

static uint16_t scale_of(const unsigned char *block)
{
    uint16_t half;
    memcpy(&half, block, sizeof half);
    return half;
}

static void q8_0_by_hand(void **state)
{
    (void)state;
    float v[QUANTISE_BLOCK] = {-127, 1, -1, 63.4f, 126.6f};
    unsigned char block[34];
    quantise_q8_0(v, block);
    assert_int_equal(scale_of(block), 0x3c00); /* 1 */
    static const signed char want[] = {-127, 1, -1, 63, 127, 0};
    for (int i = 0; i < 6; i++)
        assert_int_equal((signed char)block[2 + i], want[i]);
    assert_near(type_get(TYPE_Q8_0, block, 4), 127, 0);
}

static void q4_0_by_hand(void **state)
{
    (void)state;
    float v[QUANTISE_BLOCK] = {8, -8, 1, 0};
    unsigned char block[18];
    v[16] = 4;
    v[17] = -7;
    quantise_q4_0(v, block); /* the largest is positive: the scale is -1, and -8 would be +8 steps, cut to 7 */
    assert_int_equal(scale_of(block), 0xbc00);
    assert_int_equal(block[2], 0x00 | 0x40); /* 8 in the low nibble of byte 0, v[16] in the high one */
    assert_int_equal(block[3], 0x0f | 0xf0);
    assert_int_equal(block[4], 0x07 | 0x80);
    assert_int_equal(block[5], 0x88);
    assert_near(type_get(TYPE_Q4_0, block, 0), 8, 0);
    assert_near(type_get(TYPE_Q4_0, block, 1), -7, 0);
    assert_near(type_get(TYPE_Q4_0, block, 2), 1, 0);
    assert_near(type_get(TYPE_Q4_0, block, 16), 4, 0);
    assert_near(type_get(TYPE_Q4_0, block, 17), -7, 0);
}

static void zeros_stay_zero(void **state)
{
    (void)state;
    float v[QUANTISE_BLOCK] = {0};
    unsigned char block[34];
    for (enum type t = TYPE_Q8_0; t <= TYPE_Q4_0; t++) {
        t == TYPE_Q8_0 ? quantise_q8_0(v, block) : quantise_q4_0(v, block);
        for (uint64_t i = 0; i < QUANTISE_BLOCK; i++)
            assert_near(type_get(t, block, i), 0, 0);
    }
}

/* What an input holds is its fill, rounded to half a step, or to a whole one at q4_0's cut end. */
static void inputs_are_rounded_fills(void **state)
{
    (void)state;
    static const struct {
        enum type type;
        double step; /* of a block's largest */
    } formats[] = {{TYPE_F16, 1.0 / 2048}, {TYPE_Q8_0, 1.0 / 127}, {TYPE_Q4_0, 2.0 / 8}};
    for (int f = 0; f < 3; f++) {
        struct plan p = {.unrounded = true};
        int t = plan_add_tensor(&p, "w", formats[f].type, 4, 96, ROLE_IN, (struct fill){.a = -2, .b = 3, .seed = 5});
        assert_true(plan_rounds(&p));
        int differ = 0;
        for (uint64_t block = 0; block < 12; block++) {
            double exact[32], largest = 0;
            for (uint64_t i = 0; i < 32; i++) {
                exact[i] = plan_input(&p, t, block * 32 + i);
                largest = fmax(largest, fabs(exact[i]));
            }
            p.unrounded = false;
            for (uint64_t i = 0; i < 32; i++) {
                double got = plan_input(&p, t, block * 32 + i);
                assert_true(fabs(got - exact[i]) <= largest * (formats[f].step / 2 + 0.001));
                differ += got != exact[i];
            }
            p.unrounded = true;
        }
        assert_true(differ > 300);
        free(p.tensors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q8_0_by_hand),
        cmocka_unit_test(q4_0_by_hand),
        cmocka_unit_test(zeros_stay_zero),
        cmocka_unit_test(inputs_are_rounded_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
