/* Counts by hand against counts by the instrument, on the default device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "harness/tests/support_spirv.h"

/* Allocates what the run's buffers hold: hashed numbers between 0 and 1. */
static void fill(struct support_run *r)
{
    for (int i = 0; i < SUPPORT_BUFFERS && r->bytes[i]; i++) {
        float *f = need(r->bytes[i]);
        for (uint64_t k = 0; k < r->bytes[i] / 4; k++)
            f[k] = (float)(k * 2654435761u % 1000) / 1000.0f;
        r->data[i] = f;
    }
}

static void finish(struct support_run *r)
{
    support_clear(r);
    for (int i = 0; i < SUPPORT_BUFFERS; i++)
        free(r->data[i]);
}

/* Runs, or skips the test where there is no device; nothing that is counted may change a result. */
static void execute(struct support_run *r)
{
    struct error e = {0};
    if (!support_device())
        skip();
    if (!r->data[0])
        fill(r);
    if (!support_execute(r, &e))
        fail_msg("%s: %s", r->shader, e.text);
    assert_true(r->same);
    assert_int_equal(r->in.mix.not_counted_count, 0);
}

static void copy_counts(void **state)
{
    (void)state;
    uint64_t n = 1000;
    struct support_run r = {.shader = "copy",
                            .bytes = {4 * n, 4 * n},
                            .push = {(uint32_t)n},
                            .push_words = 1,
                            .groups = {16, 1, 1}};
    execute(&r);
    const struct totals *t = &r.totals;
    assert_int_equal(t->invocations, 1024);
    assert_int_equal(t->resources[0].loads, n);
    assert_int_equal(t->resources[0].bytes_loaded, 4 * n);
    assert_int_equal(t->resources[0].stores, 0);
    assert_int_equal(t->resources[1].stores, n);
    assert_int_equal(t->resources[1].bytes_stored, 4 * n);
    assert_int_equal(t->resources[1].loads, 0);
    assert_int_equal(t->bytes_loaded + t->bytes_stored, 8 * n);
    assert_int_equal(t->resources[r.in.mix.push].bytes_loaded, 4 * 1024);
    assert_int_equal(t->flops[1], 0);
    assert_int_equal(t->branches, 1024);
    assert_int_equal(t->int_ops, 1024); /* the one comparison */
    finish(&r);
}

static void naive_gemm_counts(void **state)
{
    (void)state;
    uint64_t n = 60; /* does not divide the workgroup */
    struct support_run r = {.shader = "gemm_naive",
                            .bytes = {4 * n * n, 4 * n * n, 4 * n * n},
                            .push = {(uint32_t)n},
                            .push_words = 1,
                            .groups = {8, 8, 1}};
    execute(&r);
    assert_int_equal(r.totals.invocations, 64 * 64);
    assert_int_equal(r.totals.flops[1], 2 * n * n * n);
    /* The optimiser may join multiplication and addition; either way there are two flops. */
    assert_int_equal(r.totals.ops[OP_FMA] + r.totals.ops[OP_MUL], n * n * n);
    assert_int_equal(r.totals.ops[OP_FMA] + r.totals.ops[OP_ADD], n * n * n);
    assert_int_equal(r.totals.resources[0].loads, n * n * n);
    assert_int_equal(r.totals.resources[1].bytes_loaded, 4 * n * n * n);
    assert_int_equal(r.totals.resources[2].bytes_stored, 4 * n * n);
    /* Exactly n^3 executions of the block that multiplies. */
    uint64_t *blocks = need((r.in.module.block_count + 1) * sizeof *blocks), inner = 0;
    instrument_blocks(&r.in, r.lab, blocks);
    for (uint32_t i = 0; i < r.in.mix.item_count; i++)
        if (r.in.mix.items[i].kind == COUNT_FLOAT32)
            inner = blocks[r.in.mix.items[i].block];
    assert_int_equal(inner, n * n * n);
    free(blocks);
    finish(&r);
}

static void tiled_gemm_counts(void **state)
{
    (void)state;
    uint64_t n = 64;
    struct support_run r = {.shader = "gemm_tiled",
                            .bytes = {4 * n * n, 4 * n * n, 4 * n * n},
                            .push = {(uint32_t)n},
                            .push_words = 1,
                            .groups = {4, 4, 1}};
    execute(&r);
    assert_int_equal(r.totals.flops[1], 2 * n * n * n);
    assert_int_equal(r.totals.resources[0].loads, n * n * n / 16); /* of the naive one's n^3 */
    assert_int_equal(r.totals.resources[1].loads, n * n * n / 16);
    assert_int_equal(r.totals.resources[2].stores, n * n);
    assert_int_equal(r.totals.shared_stores, 2 * n * n * n / 16);
    assert_int_equal(r.totals.shared_loads, 2 * n * n * n);
    assert_int_equal(r.totals.shared_bytes, 4 * (2 * n * n * n + 2 * n * n * n / 16));
    assert_int_equal(r.totals.barriers, n * n * (n / 16) * 2);
    finish(&r);
}

static void layer_norm_counts(void **state)
{
    (void)state;
    uint64_t rows = 8, columns = 1024, s = 4 * rows * columns;
    struct support_run three = {.shader = "layernorm_three",
                                .bytes = {s, s},
                                .push = {(uint32_t)columns},
                                .push_words = 1,
                                .groups = {(uint32_t)rows, 1, 1}};
    execute(&three);
    assert_int_equal(three.totals.resources[0].bytes_loaded, 3 * s);
    assert_int_equal(three.totals.resources[1].bytes_stored, s);
    /* Two sums of 64: each adds 32 + 16 + .. + 1 = 63 pairs, and passes 2 + 6 barriers. */
    uint64_t each = rows * 64;
    assert_int_equal(three.totals.barriers, each * 2 * 8);
    assert_int_equal(three.totals.special, each);
    /* add; subtract, multiply, add; subtract, multiply; the trees; two divisions, +epsilon and the root. */
    assert_int_equal(three.totals.flops[1], rows * columns * 6 + rows * 63 * 2 + each * 4);
    assert_int_equal(three.totals.conversions, each); /* float(columns), once */
    finish(&three);
    struct support_run once = {.shader = "layernorm_once", .bytes = {s, s}, .groups = {(uint32_t)rows, 1, 1}};
    execute(&once);
    assert_int_equal(once.totals.resources[0].bytes_loaded, s);
    assert_int_equal(once.totals.resources[1].bytes_stored, s);
    finish(&once);
}

static void online_softmax_counts(void **state)
{
    (void)state;
    uint64_t rows = 100, columns = 50, s = 4 * rows * columns;
    struct support_run r = {.shader = "softmax_online",
                            .bytes = {s, s},
                            .push = {(uint32_t)rows, (uint32_t)columns},
                            .push_words = 2,
                            .groups = {2, 1, 1}};
    execute(&r);
    assert_int_equal(r.totals.resources[0].bytes_loaded, 2 * s);
    assert_int_equal(r.totals.resources[1].bytes_stored, s);
    assert_int_equal(r.totals.special, 3 * rows * columns);
    assert_int_equal(r.totals.ops[OP_EXP], 3 * rows * columns);
    assert_int_equal(r.totals.ops[OP_DIV], rows * columns);
    /* max, 2 subtractions, 2 exp, multiply, add; subtract, exp, divide. */
    assert_int_equal(r.totals.flops[1], 10 * rows * columns);
    finish(&r);
}

/* The same walk in C. */
static void divergent_model(uint32_t n, uint32_t *x, uint64_t *loads, uint64_t *stores)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i % 3 == 0) {
            x[i] = 1;
            ++*stores;
            continue;
        }
        if (i & 1) {
            for (uint32_t k = 0; k < i % 5; k++, ++*loads, ++*stores)
                x[i] += k;
            continue;
        }
        bool returned = false;
        for (uint32_t k = 0; k < 100; k++, ++*loads, ++*stores) {
            if (k == i % 7)
                break;
            returned = k == 4;
            if (returned)
                break;
            x[i] += 2;
        }
        if (returned)
            continue;
        x[i] += 1000;
        ++*loads;
        ++*stores;
    }
}

static void divergent_counts(void **state)
{
    (void)state;
    uint32_t n = 500, groups = 17, x[500] = {0};
    uint64_t loads = 0, stores = 0;
    struct support_run r = {
        .shader = "divergent", .bytes = {4 * n}, .push = {n}, .push_words = 1, .groups = {groups, 1, 1}};
    r.data[0] = need(4 * n);
    divergent_model(n, x, &loads, &stores);
    execute(&r);
    assert_memory_equal(r.data[0], x, 4 * n);
    assert_int_equal(r.totals.invocations, 32 * groups);
    assert_int_equal(r.totals.resources[0].loads, loads);
    assert_int_equal(r.totals.resources[0].stores, stores);
    finish(&r);
}

static void subgroup_counts(void **state)
{
    (void)state;
    uint64_t n = 512;
    struct support_run r = {.shader = "subgroup", .bytes = {4 * n, 4 * n}, .groups = {8, 1, 1}};
    if (!support_device() || support_device()->info.subgroup_size < 2)
        skip();
    execute(&r);
    assert_int_equal(r.totals.invocations, n);
    /* add, max, elect, any; the shuffle is never reached. */
    assert_int_equal(r.totals.subgroup_ops, 4 * n);
    assert_int_equal(r.totals.resources[0].loads, 2 * n);
    assert_int_equal(r.totals.resources[1].stores, n / support_device()->info.subgroup_size);
    finish(&r);
}

static void atomic_counts(void **state)
{
    (void)state;
    uint64_t n = 640;
    struct support_run r = {.shader = "atomics", .bytes = {4 * 64}, .groups = {10, 1, 1}};
    struct error e = {0};
    if (!support_device())
        skip();
    fill(&r);
    if (!support_execute(&r, &e)) /* the last exchange races, so outputs may differ */
        fail_msg("%s", e.text);
    uint64_t bins = 10 * 16;
    assert_int_equal(r.totals.atomics, n + bins + 3 * n);
    assert_int_equal(r.totals.resources[0].atomics, bins + 3 * n);
    assert_int_equal(r.totals.resources[0].bytes_loaded, 4 * (bins + 3 * n));
    assert_int_equal(r.totals.resources[0].bytes_stored, 4 * (bins + 3 * n));
    /* shared: 16 clears and 16 reads a workgroup, and an atomic each way per invocation. */
    assert_int_equal(r.totals.shared_bytes, 4 * (2 * bins + 2 * n));
    assert_int_equal(r.totals.barriers, 2 * n);
    assert_int_equal(r.totals.fences, n);
    finish(&r);
}

/* Counts beyond 32 bits: the same buffer carries on from a low word that is nearly full. */
static void counts_carry(void **state)
{
    (void)state;
    uint64_t n = 1000;
    struct support_run r = {.shader = "copy",
                            .bytes = {4 * n, 4 * n},
                            .push = {(uint32_t)n},
                            .push_words = 1,
                            .groups = {16, 1, 1}};
    execute(&r);
    uint64_t *blocks = need((r.in.module.block_count + 1) * sizeof *blocks);
    uint32_t *lab = need(instrument_bytes(&r.in, NULL));
    instrument_blocks(&r.in, lab, blocks);
    for (uint32_t i = 0; i < r.in.module.block_count; i++)
        assert_int_equal(blocks[i], 0);
    /* Every counter stands at 2^33 + 2^32 - 1 in one bank: the high word counts. */
    for (uint32_t i = 0; i < r.in.counters.count; i++) {
        lab[lab_counters(&r.in) + 2 * i] = UINT32_MAX;
        lab[lab_counters(&r.in) + 2 * i + 1] = 2;
    }
    instrument_blocks(&r.in, lab, blocks);
    bool wide = false;
    for (uint32_t i = 0; i < r.in.module.block_count; i++)
        wide = wide || blocks[i] >= UINT64_C(0x2ffffffff);
    assert_true(wide);
    free(blocks);
    free(lab);
    finish(&r);
}

/* A counter in every block against the few that are needed: the same counts, and the same results. */
static void fewer_counters_tell_the_same(void **state)
{
    (void)state;
    static const char *const shaders[] = {"control", "loops", "divergent"};
    for (int i = 0; i < 6; i++) {
        struct support_run r[2];
        uint64_t *blocks[2];
        for (int every = 0; every < 2; every++) {
            r[every] = (struct support_run){.shader = shaders[i / 2],
                                            .bytes = {4 * 96},
                                            .debug = i & 1,
                                            .push = {90},
                                            .push_words = i / 2 == 2,
                                            .every_block = every,
                                            .groups = {3, 1, 1}};
            int *x = need(4 * 96);
            for (int k = 0; k < 96; k++)
                x[k] = k % 23 - 5;
            r[every].data[0] = x;
            execute(&r[every]);
            blocks[every] = need((r[every].in.module.block_count + 1) * sizeof **blocks);
            instrument_blocks(&r[every].in, r[every].lab, blocks[every]);
        }
        assert_true(r[0].in.counters.count < r[1].in.counters.count);
        assert_memory_equal(r[0].data[0], r[1].data[0], 4 * 96);
        for (uint32_t b = 0; b < r[0].in.module.block_count; b++)
            assert_int_equal(blocks[0][b], blocks[1][b]);
        for (int every = 0; every < 2; every++) {
            free(blocks[every]);
            finish(&r[every]);
        }
    }
}

/* `test_count gemm`: what counting costs, for a person to read. */
static int gemm_cost(bool footprint)
{
    uint64_t n = 512;
    struct error e = {0};
    struct support_run r = {.shader = "gemm_naive",
                            .bytes = {4 * n * n, 4 * n * n, 4 * n * n},
                            .footprint = footprint,
                            .push = {(uint32_t)n},
                            .push_words = 1,
                            .groups = {64, 64, 1}};
    if (!support_device())
        return 77;
    fill(&r);
    if (!support_execute(&r, &e))
        fprintf(stderr, "%s\n", e.text);
    printf("naive GEMM 512^3%s: plain %.1f ms, counted %.1f ms, %.2f times\n",
           footprint ? " with footprint" : "", r.plain_ns / 1e6, r.counted_ns / 1e6,
           r.counted_ns / r.plain_ns);
    finish(&r);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "gemm") == 0)
        return gemm_cost(false) + gemm_cost(true);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_counts),           cmocka_unit_test(naive_gemm_counts),
        cmocka_unit_test(tiled_gemm_counts),     cmocka_unit_test(layer_norm_counts),
        cmocka_unit_test(online_softmax_counts), cmocka_unit_test(divergent_counts),
        cmocka_unit_test(subgroup_counts),       cmocka_unit_test(atomic_counts),
        cmocka_unit_test(counts_carry),          cmocka_unit_test(fewer_counters_tell_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
