/* Reflection against facts: resources, constants, images, addresses. No device is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <spirv-tools/libspirv.h>
#include <spirv/unified1/spirv.h>

#include "harness/tests/support_spirv.h"

static void reflect_shader(const char *name, const struct spec_value *spec, size_t specs,
                           enum spirv_target target, struct module *m, struct reflection *r)
{
    struct compiled c;
    struct error e = {0};
    assert_true(support_compile(name, target, false, false, &c));
    assert_true(module_read(m, c.words, c.count, spec, specs, &e));
    assert_true(reflect(r, m, NULL, NULL, &e));
    free(c.words);
}

static const struct resource *at_binding(const struct reflection *r, uint32_t set, uint32_t binding)
{
    for (uint32_t i = 0; i < r->resource_count; i++)
        if (r->resources[i].set == set && r->resources[i].binding == binding)
            return &r->resources[i];
    fail_msg("no resource at set %u binding %u", set, binding);
    return NULL;
}

static void reflects_sets_and_constants(void **state)
{
    (void)state;
    struct spec_value spec[] = {{0, 32}, {1, 16}};
    for (int target = TARGET_1_0; target < TARGETS; target++) {
        struct module m;
        struct reflection r;
        reflect_shader("sets", spec, 2, (enum spirv_target)target, &m, &r);
        assert_string_equal(r.entry, "main");
        assert_int_equal(r.local_size[0], 32);
        assert_int_equal(r.local_size[1], 2);
        assert_int_equal(r.local_size[2], 1);
        assert_int_equal(r.shared_bytes, 16 * 4 * 16); /* vec4 tile[WIDTH * 4] */
        assert_int_equal(r.spec_count, 4);
        const struct resource *a = at_binding(&r, 1, 3), *b = at_binding(&r, 2, 0), *u = at_binding(&r, 3, 7);
        assert_string_equal(a->name, "a");
        assert_string_equal(a->block, "A");
        assert_string_equal(a->element_type, "f32x4");
        assert_int_equal(a->stride, 16);
        assert_true(a->reads && !a->writes && a->readable && !a->writable);
        assert_int_equal(b->kind, RESOURCE_STORAGE_BUFFER);
        assert_int_equal(b->count, 2);
        assert_int_equal(b->fixed_bytes, 32); /* count, pad, pair[3] */
        assert_string_equal(b->element_name, "rest");
        assert_true(b->reads && b->writes);
        assert_int_equal(u->kind, RESOURCE_UNIFORM_BUFFER);
        assert_int_equal(u->fixed_bytes, 64 + 16 + 4 * 16 + 2 * 16 + 12);
        assert_false(u->writable);
        assert_int_equal(r.push_count, 3);
        assert_int_equal(r.push[1].offset, 8);
        assert_int_equal(r.push_bytes, 44);
        reflection_free(&r);
        module_free(&m);
    }
}

static void reflects_images_and_texel_buffers(void **state)
{
    (void)state;
    struct module m;
    struct reflection r;
    static const enum resource_kind kinds[8] = {RESOURCE_UNIFORM_TEXEL_BUFFER,
                                                RESOURCE_STORAGE_TEXEL_BUFFER,
                                                RESOURCE_STORAGE_TEXEL_BUFFER,
                                                RESOURCE_STORAGE_IMAGE,
                                                RESOURCE_COMBINED_IMAGE,
                                                RESOURCE_SAMPLED_IMAGE,
                                                RESOURCE_SAMPLER,
                                                RESOURCE_STORAGE_IMAGE};
    static const bool reads[8] = {true, true, false, true, true, true, false, true};
    static const bool writes[8] = {false, false, true, true, false, false, false, true};
    reflect_shader("images", NULL, 0, TARGET_1_5, &m, &r);
    assert_int_equal(r.resource_count, 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(r.resources[i].binding, i);
        assert_int_equal(r.resources[i].kind, kinds[i]);
        assert_int_equal(r.resources[i].reads, reads[i]);
        assert_int_equal(r.resources[i].writes, writes[i]);
    }
    assert_int_equal(r.resources[1].texel_bytes, 16);
    assert_int_equal(r.resources[0].texel_bytes, 0);
    assert_false(r.resources[1].writable);
    assert_false(r.resources[2].readable);
    reflection_free(&r);
    module_free(&m);
}

static void follows_addresses_and_widths(void **state)
{
    (void)state;
    struct module m;
    struct reflection r;
    static const char *const types[6] = {"f16", "i8x4", "f64", "i64", "u16", "f16x3"};
    static const uint32_t strides[6] = {2, 4, 8, 8, 2, 8};
    reflect_shader("address", NULL, 0, TARGET_1_5, &m, &r);
    assert_true(r.uses_physical);
    assert_false(r.untraced);
    assert_int_equal(r.push_bytes, 20);
    assert_int_equal(r.resource_count, 1);
    reflection_free(&r);
    module_free(&m);
    reflect_shader("widths", NULL, 0, TARGET_1_5, &m, &r);
    for (uint32_t i = 0; i < 6; i++) {
        assert_string_equal(r.resources[i].element_type, types[i]);
        assert_int_equal(r.resources[i].stride, strides[i]);
    }
    reflection_free(&r);
    module_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reflects_sets_and_constants),
        cmocka_unit_test(reflects_images_and_texel_buffers),
        cmocka_unit_test(follows_addresses_and_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
