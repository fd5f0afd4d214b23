#include "harness/tests/support_vulkan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "harness/kernel/shader.h"

struct device *vulkan_with(const char *options)
{
    struct error e = {0};
    setenv("ROOFLAB_VULKAN", options, 1);
    struct device *d = device_open("vulkan", &e);
    if (!d) {
        printf("%s\n", e.text);
        exit(EXIT_SKIPPED);
    }
    return d;
}

struct program *program_of(struct device *d, const char *glsl, int count, const enum bind_kind *kinds,
                           const enum texel_format *formats, uint32_t push_bytes)
{
    struct error e = {0};
    struct spirv spirv;
    if (!shader_compile("a test", glsl, &spirv, &e))
        fail_msg("%s", e.text);
    struct program_source s = {.label = "a test", .spirv = spirv.words, .words = spirv.count, .push_bytes = push_bytes};
    for (int i = 0; i < count; i++) {
        s.bindings[i].binding = (uint32_t)i;
        s.bindings[i].kind = kinds ? kinds[i] : BIND_STORAGE;
        s.bindings[i].format = formats ? formats[i] : TEXEL_NONE;
    }
    s.binding_count = count;
    struct program *p = device_program(d, &s, &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

struct buffer *buffer_of(struct device *d, const void *words, uint64_t n)
{
    struct error e = {0};
    struct buffer *b = device_buffer(d, n * 4, &e);
    if (!b || !device_upload(d, b, 0, words, n * 4, &e))
        fail_msg("%s", e.text);
    return b;
}

void nothing_was_complained_of(void **state)
{
    (void)state;
    assert_int_equal(device_validation_messages(), 0);
}
