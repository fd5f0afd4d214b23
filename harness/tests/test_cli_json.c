/* What --json prints is JSON, names its schema, and holds what was asked for. The program is $ROOFLAB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* Runs rooflab with these arguments; its output as JSON, freed by the caller. */
static json_t *run(const char *arguments, const char *schema)
{
    const char *program = getenv("ROOFLAB");
    char command[1024];
    json_error_t e;
    if (!program)
        skip();
    snprintf(command, sizeof command, "'%s' %s 2>/dev/null", program, arguments);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    json_t *root = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
    pclose(f);
    if (!root)
        fail_msg("%s: line %d: %s", arguments, e.line, e.text);
    assert_string_equal(json_string_value(json_object_get(root, "schema")), schema);
    return root;
}

static void test_bound(void **state)
{
    (void)state;
    json_t *root =
        run("bound --tensor 64MB --bw 320GB/s layernorm bias gelu dropout --json", "rooflab.bound/1");
    json_t *plans = json_object_get(root, "plans"), *fused = json_array_get(plans, 1);
    assert_int_equal(json_array_size(plans), 2);
    assert_string_equal(json_string_value(json_object_get(fused, "name")), "fused");
    assert_true(json_number_value(json_object_get(fused, "kernels")) == 1);
    assert_true(json_number_value(json_object_get(fused, "passes")) == 2);
    assert_true(json_number_value(json_object_get(fused, "bytes")) == 128e6);
    assert_true(json_number_value(json_object_get(fused, "time_ns")) == 400e3);
    json_decref(root);
}

static void test_devices(void **state)
{
    (void)state;
    json_t *root = run("devices --json", "rooflab.devices/1"), *device;
    size_t i;
    json_array_foreach(json_object_get(root, "devices"), i, device)
    {
        assert_true(json_is_string(json_object_get(device, "slug")));
        assert_true(json_is_boolean(json_object_get(device, "hardware")));
        assert_true(json_integer_value(json_object_get(device, "max_binding_bytes")) > 0);
    }
    json_decref(root);
}

static void test_doctor(void **state)
{
    (void)state;
    json_t *root = run("doctor --device sim --json", "rooflab.doctor/1");
    assert_true(json_array_size(json_object_get(root, "checks")) > 8);
    assert_true(json_is_boolean(json_object_get(root, "can_run")));
    json_decref(root);
}

static void test_list(void **state)
{
    (void)state;
    json_t *root = run("list --json", "rooflab.list/1");
    static const char *const keys[] = {"kernels", "operators", "experiments", "notebooks"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(json_array_size(json_object_get(root, keys[i])) > 0);
    json_decref(root);
}

static void test_chain(void **state)
{
    (void)state;
    json_t *root = run("chain 'bias|gelu' --device sim --out build/test-cache/json --json", "rooflab.chain/1");
    assert_int_equal(json_array_size(json_object_get(root, "runs")), 2);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound), cmocka_unit_test(test_devices), cmocka_unit_test(test_doctor),
        cmocka_unit_test(test_list),  cmocka_unit_test(test_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
