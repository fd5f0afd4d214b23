/* What tensors hold: halves, and the numbers that inputs are filled with. No device is needed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/expr.h"
#include "harness/kernel/plan.h"
#include "roofline/tests/near.h"

static void halves_survive_the_round_trip(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float f = half_to_float((uint16_t)h);
        uint16_t back = half_from_float(f);
        if (isnan(f))
            assert_true((h & 0x7fff) > 0x7c00 && (back & 0x7fff) > 0x7c00);
        else
            assert_int_equal(back, h);
    }
    assert_near(half_to_float(0x3c00), 1, 0);
    assert_near(half_to_float(0xc000), -2, 0);
    assert_near(half_to_float(0x7bff), 65504, 0);
    assert_near(half_to_float(0x0001), 0x1p-24, 0);
    assert_true(signbit(half_to_float(0x8000)));
}

static void halves_round_to_even(void **state)
{
    (void)state;
    static const struct {
        float from;
        uint16_t to;
    } rows[] = {
        {1 + 0x1p-11f, 0x3c00},           /* a tie: to the even one, below */
        {1 + 3 * 0x1p-11f, 0x3c02},       /* and above */
        {1 + 0x1p-11f + 0x1p-20f, 0x3c01}, /* past the tie */
        {1 + 0x1p-11f - 0x1p-20f, 0x3c00},
        {65504, 0x7bff},
        {65519.996f, 0x7bff},
        {65520, 0x7c00}, /* the tie at the end goes to infinity */
        {1e10f, 0x7c00},
        {-1e10f, 0xfc00},
        {INFINITY, 0x7c00},
        {0x1p-24f, 0x0001},
        {0x1p-25f, 0x0000}, /* a tie between zero and the smallest */
        {0x1.8p-24f, 0x0002},
        {0x1.000002p-25f, 0x0001},
        {0x1.ffcp-15f, 0x0400}, /* a subnormal that rounds to a normal */
        {0x1p-14f, 0x0400},
        {0x1p-149f, 0x0000},
        {-0.0f, 0x8000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(half_from_float(rows[i].from), rows[i].to);
}

/* Any element comes out the same, whatever piece of the tensor it is filled with: verification asks for one at a time. */
static void fills_do_not_depend_on_the_piece(void **state)
{
    (void)state;
    static const enum type types[] = {TYPE_F32, TYPE_F16, TYPE_I8, TYPE_Q8_0, TYPE_Q4_0, TYPE_U32, TYPE_I32};
    static const uint64_t starts[] = {0, 4096, (1ull << 32) - 512, (1ull << 32) - 1024, 1ull << 33};
    static const struct fill fills[] = {{.a = 99.7, .b = 100.7, .seed = 5}, {.kind = FILL_NORMAL, .b = 20, .seed = 5}, {.kind = FILL_CONSTANT, .a = 3},
                                        {.kind = FILL_MASKED, .b = 1, .seed = 5, .cols = 8}, {.kind = FILL_INDICES, .a = 100, .seed = 5}};
    enum { N = 1024 };
    unsigned char whole[4 * N], piece[4 * N];
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
            for (size_t f = 0; f < sizeof fills / sizeof *fills; f++) {
                struct tensor x = {.type = types[t], .rows = 1, .cols = 1ull << 34, .fill = fills[f]};
                tensor_fill(&x, starts[s], N, whole);
                for (uint64_t at = 0; at < N; at += 32)
                    tensor_fill(&x, starts[s] + at, 32, piece + type_bytes(types[t], at));
                assert_memory_equal(whole, piece, type_bytes(types[t], N));
            }
}

static void inputs_are_what_was_filled(void **state)
{
    (void)state;
    struct plan p = {0};
    float filled[64];
    int x = plan_add_tensor(&p, "x", TYPE_F32, 4, 16, ROLE_IN, (struct fill){.a = -3, .b = 3, .seed = 9});
    tensor_fill(&p.tensors[x], 0, 64, filled);
    double low = INFINITY, high = -INFINITY;
    for (uint64_t i = 0; i < 64; i++) {
        assert_near(plan_input(&p, x, i), filled[i], 0);
        low = fmin(low, filled[i]);
        high = fmax(high, filled[i]);
    }
    assert_true(low >= -3 && low < -2 && high > 2 && high <= 3);
    free(p.tensors);
}

static void normal_fills_are_normal(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct tensor t = {.type = TYPE_F32, .rows = 1, .cols = N, .fill = {.kind = FILL_NORMAL, .a = 10, .b = 2, .seed = 4}};
    float *x = need(N * sizeof *x);
    double sum = 0, squares = 0;
    tensor_fill(&t, 0, N, x);
    for (int i = 0; i < N; i++) {
        sum += (x[i] - 10) / 2;
        squares += (x[i] - 10.0) * (x[i] - 10.0) / 4;
    }
    assert_near(sum / N, 0, 4 / sqrt(N));
    assert_near(squares / N, 1, 4 * sqrt(2.0 / N));
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_survive_the_round_trip),
        cmocka_unit_test(halves_round_to_even),
        cmocka_unit_test(fills_do_not_depend_on_the_piece),
        cmocka_unit_test(inputs_are_what_was_filled),
        cmocka_unit_test(normal_fills_are_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
