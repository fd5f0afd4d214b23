/* The pool: inputs are what the plan says, and buffers are shared where they are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/measure/pool.h"
#include "harness/tests/support_vulkan.h"

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

/* More than one piece of the pool's, in all types; and behind it numbers that are none. */
static void inputs_are_what_the_plan_says(void **state)
{
    (void)state;
    static const struct {
        enum type type;
        uint64_t elements;
    } rows[] = {{TYPE_F32, 300001}, {TYPE_F16, 4097}, {TYPE_I8, 1001}, {TYPE_Q8_0, 640}, {TYPE_Q4_0, 64}, {TYPE_U32, 99}};
    struct error e = {0};
    for (int road = 0; road < 2; road++) {
        open_with(road ? "staging" : "");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct plan p = {0};
            int x = plan_add_tensor(&p, "x", rows[i].type, 1, rows[i].elements, ROLE_IN, (struct fill){.a = 5, .b = 90, .seed = 3});
            uint64_t bytes = tensor_bytes(&p.tensors[x]);
            struct buffer *b = pool_tensor(pool, &p.tensors[x], &e);
            unsigned char *data = need(bytes + GUARD_BYTES);
            assert_true(b && device_download(device, b, 0, data, bytes + GUARD_BYTES, &e));
            for (uint64_t k = 0; k < rows[i].elements; k++)
                if (type_get(rows[i].type, data, k) != plan_input(&p, x, k))
                    fail_msg("%s, element %d", type_name(rows[i].type), (int)k);
            for (uint64_t k = 0; k < GUARD_BYTES; k++)
                assert_int_equal(data[bytes + k], 0xff);
            free(data);
            free(p.tensors);
        }
        close_all();
    }
}

static void buffers_are_shared_where_they_are_the_same(void **state)
{
    (void)state;
    struct error e = {0};
    struct tensor a = {.name = "a", .type = TYPE_F32, .rows = 2, .cols = 8, .role = ROLE_IN, .fill = {.a = 0, .b = 1, .seed = 5}};
    struct tensor same = a, seed = a, shape = a, range = a, out = a, out2;
    memset(&same, 0xee, sizeof same); /* what lies between the members is no part of them */
    same.fill.kind = FILL_UNIFORM;
    same.fill.a = 0;
    same.fill.b = 1;
    same.fill.seed = 5;
    same.type = TYPE_F32;
    same.rows = 4;
    same.cols = 4;
    same.role = ROLE_IN;
    snprintf(same.name, sizeof same.name, "another name");
    seed.fill.seed = 6;
    range.fill.b = 2;
    shape.cols = 9;
    out.role = ROLE_OUT;
    out2 = out;
    snprintf(out2.name, sizeof out2.name, "b");
    open_with("");
    struct buffer *b = pool_tensor(pool, &a, &e);
    assert_ptr_equal(pool_tensor(pool, &same, &e), b);
    const struct tensor *const others[] = {&seed, &shape, &range, &out};
    for (int i = 0; i < 4; i++)
        assert_ptr_not_equal(pool_tensor(pool, others[i], &e), b);
    assert_ptr_equal(pool_tensor(pool, &out, &e), pool_tensor(pool, &out, &e));
    assert_ptr_not_equal(pool_tensor(pool, &out2, &e), pool_tensor(pool, &out, &e));
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(inputs_are_what_the_plan_says, close_late),
        cmocka_unit_test_teardown(buffers_are_shared_where_they_are_the_same, close_late),
        cmocka_unit_test_teardown(nothing_was_complained_of, close_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
