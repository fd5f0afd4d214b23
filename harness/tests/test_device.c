/* Vulkan devices: what goes up comes down, by every road that a GPU may take; clocks; and failures that are told. No time
 * is compared with a wish. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "harness/device/vulkan.h"
#include "harness/kernel/shader.h"
#include "harness/tests/support_kernel.h"
#include "harness/tests/support_vulkan.h"
#include "roofline/tests/near.h"

static const char *const roads[] = {"", "staging"};
enum { ROADS = 2 };

/* Runs dispatches once. */
static struct timing run_list(struct device *d, const struct dispatch *list, int count, double *step_ns)
{
    struct error e = {0};
    struct timing t = {0};
    struct sequence *s = device_sequence(d, list, count, step_ns != NULL, &e);
    if (!s || !device_run(d, s, &t, &e))
        fail_msg("%s", e.text);
    if (t.step_ns && step_ns)
        memcpy(step_ns, t.step_ns, sizeof *step_ns * (size_t)count);
    if (!t.step_ns && step_ns)
        step_ns[0] = NAN;
    t.step_ns = NULL;
    device_sequence_free(d, s);
    return t;
}

static void download_words(struct device *d, struct buffer *b, uint32_t *out, uint64_t n)
{
    struct error e = {0};
    if (!device_download(d, b, 0, out, n * 4, &e))
        fail_msg("%s", e.text);
}

/* ---- memory ---- */

/* Larger than the staging buffer, at an odd place and of an odd length; what lies around it stays. */
static void what_goes_up_comes_down(void **state)
{
    (void)state;
    enum { BYTES = (36 << 20) + 4, FIRST = 5, LENGTH = (33 << 20) + 3 };
    struct error e = {0};
    unsigned char *up = need(BYTES), *down = need(BYTES);
    for (int road = 0; road < ROADS; road++) {
        struct device *d = vulkan_with(roads[road]);
        assert_true(d->info.device_local == (road == 1 || strstr(d->info.kind, "discrete") != NULL));
        struct buffer *b = device_buffer(d, BYTES, &e);
        assert_non_null(b);
        memset(up, 0xa5, BYTES);
        assert_true(device_upload(d, b, 0, up, BYTES, &e));
        for (int i = 0; i < LENGTH; i++)
            up[FIRST + i] = (unsigned char)(i * 7 + i / 251);
        assert_true(device_upload(d, b, FIRST, up + FIRST, LENGTH, &e));
        assert_true(device_download(d, b, 0, down, BYTES, &e));
        assert_true(memcmp(up, down, BYTES) == 0);
        memset(down, 0, BYTES);
        assert_true(device_download(d, b, FIRST + 1, down, 1000, &e));
        assert_memory_equal(down, up + FIRST + 1, 1000);
        device_buffer_free(d, b);
        device_close(d);
    }
    free(up);
    free(down);
}

static void commands_fill_and_copy(void **state)
{
    (void)state;
    for (int road = 0; road < ROADS; road++) {
        struct device *d = vulkan_with(roads[road]);
        uint32_t words[16], a_out[16], b_out[16];
        for (uint32_t i = 0; i < 16; i++)
            words[i] = i;
        struct buffer *a = buffer_of(d, words, 16), *b = buffer_of(d, words, 16);
        struct dispatch list[] = {
            {.kind = DISPATCH_FILL, .views = {{a, 8, 12}}, .view_count = 1, .fill = 0xabcdef01u},
            {.kind = DISPATCH_COPY, .views = {{a, 4, 16}, {b, 40, 16}}, .view_count = 2},
            {.kind = DISPATCH_FILL, .views = {{a, 60, 0}}, .view_count = 1, .fill = 7},
        };
        run_list(d, list, 3, NULL);
        download_words(d, a, a_out, 16);
        download_words(d, b, b_out, 16);
        for (uint32_t i = 0; i < 16; i++) {
            assert_int_equal(a_out[i], i >= 2 && i < 5 ? 0xabcdef01u : i == 15 ? 7 : i);
            assert_int_equal(b_out[i], i == 10 ? 1 : i > 10 && i < 14 ? 0xabcdef01u : i);
        }
        device_buffer_free(d, a);
        device_buffer_free(d, b);
        device_close(d);
    }
}

static void impossible_sizes_name_the_limit(void **state)
{
    (void)state;
    struct error e = {0};
    struct device *d = vulkan_with("");
    char limit[40];
    assert_null(device_buffer(d, 1ull << 50, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    snprintf(limit, sizeof limit, "%llu bytes", (unsigned long long)d->info.max_buffer_bytes);
    assert_says(e.text, "cannot hold a buffer of|its limit is|smaller --tensor");
    assert_says(e.text, limit);
    assert_null(device_buffer(d, d->info.max_buffer_bytes + 1, &e));
    device_close(d);
}

/* ---- programs ---- */

#define HEAD "#version 450\nlayout(local_size_x = 4) in;\n"

static void push_constants_arrive(void **state)
{
    (void)state;
    struct device *d = vulkan_with("");
    uint32_t out[32] = {0};
    struct buffer *y = buffer_of(d, out, 32);
    struct program *p = program_of(d,
                                   HEAD "layout(push_constant) uniform P { uint v[32]; };\n"
                                        "layout(binding = 0) buffer Y { uint y[]; };\n"
                                        "void main() { y[gl_GlobalInvocationID.x] = v[gl_GlobalInvocationID.x] * 3u; }\n",
                                   1, NULL, NULL, 128);
    struct dispatch one = {.kind = DISPATCH_PROGRAM, .program = p, .views = {{y, 0, 0}}, .view_count = 1, .groups = {8, 1, 1}};
    for (uint32_t i = 0; i < 32; i++)
        one.push[i] = i + 100;
    run_list(d, &one, 1, NULL);
    download_words(d, y, out, 32);
    for (uint32_t i = 0; i < 32; i++)
        assert_int_equal(out[i], (i + 100) * 3);
    device_program_free(d, p);
    device_buffer_free(d, y);
    device_close(d);
}

/* The last step reads what the first ones wrote: without barriers between them this goes wrong. */
static void steps_are_in_order(void **state)
{
    (void)state;
    enum { N = 4096, STEPS = 12 };
    struct device *d = vulkan_with("");
    uint32_t *out = need(N * 4);
    struct buffer *y = buffer_of(d, out, N);
    struct program *p = program_of(d,
                                   "#version 450\nlayout(local_size_x = 64) in;\n"
                                   "layout(binding = 0) buffer Y { uint y[]; };\n"
                                   "void main() { uint i = gl_GlobalInvocationID.x;\n"
                                   "    y[i] = y[4095u - i] * 0u + y[i] * 3u + 1u; }\n",
                                   1, NULL, NULL, 0);
    struct dispatch list[STEPS];
    uint32_t want = 0;
    for (int i = 0; i < STEPS; i++) {
        list[i] = (struct dispatch){.program = p, .views = {{y, 0, 0}}, .view_count = 1, .groups = {N / 64, 1, 1}};
        want = want * 3 + 1;
    }
    run_list(d, list, STEPS, NULL);
    download_words(d, y, out, N);
    for (int i = 0; i < N; i++)
        assert_int_equal(out[i], want);
    device_program_free(d, p);
    device_buffer_free(d, y);
    device_close(d);
    free(out);
}

static void texel_buffers_are_read_and_written(void **state)
{
    (void)state;
    struct device *d = vulkan_with("");
    const float in[8] = {0.5f, 1, 2, 3, 4, 5, 6, 7};
    const uint16_t halves[8] = {0x3c00, 0x4000, 0x3800, 0xc000, 0x3c00, 0x3c00, 0x3c00, 0x3c00};
    float out[8] = {0};
    struct buffer *x = buffer_of(d, in, 8), *h = buffer_of(d, halves, 4), *y = buffer_of(d, out, 8);
    static const enum bind_kind kinds[] = {BIND_TEXEL_READ, BIND_TEXEL_READ, BIND_TEXEL_READ, BIND_TEXEL_WRITE};
    static const enum texel_format formats[] = {TEXEL_RGBA32F, TEXEL_R32F, TEXEL_R16F, TEXEL_RGBA32F};
    struct program *p = program_of(d,
                                   "#version 450\nlayout(local_size_x = 2) in;\n"
                                   "layout(binding = 0) uniform samplerBuffer a;\n"
                                   "layout(binding = 1) uniform samplerBuffer b;\n"
                                   "layout(binding = 2) uniform samplerBuffer c;\n"
                                   "layout(binding = 3, rgba32f) uniform writeonly imageBuffer y;\n"
                                   "void main() { int i = int(gl_GlobalInvocationID.x);\n"
                                   "    vec4 v = texelFetch(a, i) + 10.0 * texelFetch(b, i).x + 100.0 * texelFetch(c, i + 2).x;\n"
                                   "    imageStore(y, i, v); }\n",
                                   4, kinds, formats, 0);
    struct dispatch one = {.program = p, .views = {{x, 0, 0}, {x, 0, 0}, {h, 0, 0}, {y, 0, 0}}, .view_count = 4, .groups = {1, 1, 1}};
    struct error e = {0};
    run_list(d, &one, 1, NULL);
    assert_true(device_download(d, y, 0, out, sizeof out, &e));
    for (int i = 0; i < 8; i++)
        assert_near(out[i], in[i] + 10 * in[i / 4] + 100 * (i / 4 ? -2 : 0.5), 0);
    device_program_free(d, p);
    device_buffer_free(d, x);
    device_buffer_free(d, h);
    device_buffer_free(d, y);
    device_close(d);
}

/* Two programs of one shader: its constants, and the workgroup that one of them makes. */
static void constants_are_specialised(void **state)
{
    (void)state;
    struct error e = {0};
    struct device *d = vulkan_with("");
    struct spirv spirv;
    assert_true(shader_compile("spec",
                               "#version 450\nlayout(local_size_x_id = 3) in;\n"
                               "layout(constant_id = 0) const uint A = 5;\nlayout(constant_id = 7) const uint B = 6;\n"
                               "layout(binding = 0) buffer Y { uint y[]; };\n"
                               "void main() { y[gl_LocalInvocationID.x] = A * 100u + B + gl_WorkGroupSize.x * 10000u; }\n",
                               &spirv, &e));
    struct program_source s = {.label = "spec", .spirv = spirv.words, .words = spirv.count, .binding_count = 1};
    for (int given = 0; given < 2; given++) {
        uint32_t out[8] = {0};
        if (given) {
            const uint32_t ids[] = {7, 3}, values[] = {9, 4};
            memcpy(s.spec_ids, ids, sizeof ids);
            memcpy(s.spec_values, values, sizeof values);
            s.spec_count = 2;
        }
        struct buffer *y = buffer_of(d, out, 8);
        struct program *p = device_program(d, &s, &e);
        assert_non_null(p);
        struct dispatch one = {.program = p, .views = {{y, 0, 0}}, .view_count = 1, .groups = {1, 1, 1}};
        run_list(d, &one, 1, NULL);
        download_words(d, y, out, 8);
        for (uint32_t i = 0; i < 8; i++)
            assert_int_equal(out[i], given ? (i < 4 ? 40509 : 0) : i < 1 ? 10506 : 0);
        device_program_free(d, p);
        device_buffer_free(d, y);
    }
    device_close(d);
}

static void a_shader_that_does_not_compile_names_its_line(void **state)
{
    (void)state;
    struct error e = {0};
    struct spirv spirv;
    assert_false(shader_compile("folder/my.comp", "#version 450\nlayout(local_size_x = 1) in;\nvoid main() { int i = 1.0x; }\n",
                                &spirv, &e));
    assert_int_equal(e.code, EXIT_CHECK);
    assert_says(e.text, "folder/my.comp:3:|error");
}

static void a_set_too_many_is_refused(void **state)
{
    (void)state;
    struct error e = {0};
    struct device *d = vulkan_with("");
    struct program_source s = {.label = "my.comp", .binding_count = 1};
    s.bindings[0].set = 8;
    assert_null(device_program(d, &s, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_says(e.text, "my.comp: descriptor set 8|at most 8 sets");
    device_close(d);
}

/* ---- clocks ---- */

enum { STEPS = 5 };

static struct timing time_fills(struct device *d, double step_ns[STEPS])
{
    struct error e = {0};
    struct buffer *b = device_buffer(d, 1 << 20, &e);
    struct dispatch list[STEPS];
    for (int i = 0; i < STEPS; i++)
        list[i] = (struct dispatch){.kind = DISPATCH_FILL, .views = {{b, 0, 0}}, .view_count = 1};
    struct timing t = run_list(d, list, STEPS, step_ns);
    device_buffer_free(d, b);
    return t;
}

static void steps_add_up_to_the_whole(void **state)
{
    (void)state;
    struct device *d = vulkan_with("");
    double step[STEPS], sum = 0;
    if (d->info.timestamp_bits) {
        struct timing t = time_fills(d, step);
        for (int i = 0; i < STEPS; i++) {
            assert_true(step[i] > 0);
            sum += step[i];
        }
        assert_near(sum / t.total_ns, 1, 1e-9);
        assert_string_equal(d->info.clock, "device timestamps");
    }
    device_close(d);
}

static void without_time_stamps_it_is_the_hosts_clock(void **state)
{
    (void)state;
    struct device *d = vulkan_with("no-timestamps");
    double step[STEPS], begin = host_clock_ns();
    struct timing t = time_fills(d, step);
    assert_true(isnan(step[0]));
    assert_true(t.total_ns > 0 && t.total_ns <= host_clock_ns() - begin);
    assert_string_equal(d->info.clock, "host clock");
    assert_says(d->info.clock_note, "no valid time stamp bits");
    device_close(d);
}

/* What a broken driver answers when it is asked for its time stamps. */
static uint64_t stamps[STEPS + 1];
static VkResult stamps_result;

static VKAPI_ATTR VkResult VKAPI_CALL fake_stamps(VkDevice device, VkQueryPool pool, uint32_t first, uint32_t count, size_t size,
                                                  void *data, VkDeviceSize stride, VkQueryResultFlags flags)
{
    (void)device, (void)pool, (void)stride, (void)flags;
    memcpy(data, stamps + first, size < count * 8 ? size : count * 8);
    return stamps_result;
}

static struct vulkan *vulkan_with_stamps(uint64_t first, uint64_t step)
{
    struct vulkan *v = (struct vulkan *)vulkan_with("");
    if (!v->base.info.timestamp_bits) {
        device_close(&v->base);
        skip();
    }
    v->api.GetQueryPoolResults = fake_stamps;
    for (uint64_t i = 0; i <= STEPS; i++)
        stamps[i] = first + i * step;
    return v;
}

static void broken_time_stamps_are_not_believed(void **state)
{
    (void)state;
    static const struct {
        uint64_t first, step;
        const char *note;
    } rows[] = {{0, 0, "all zero"}, {1000, 1ull << 50, "more time than passed"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vulkan *v = vulkan_with_stamps(rows[i].first, rows[i].step);
        double step[STEPS], begin = host_clock_ns();
        struct timing t = time_fills(&v->base, step);
        assert_true(t.total_ns > 0 && t.total_ns <= host_clock_ns() - begin);
        assert_true(isnan(step[0]));
        assert_string_equal(v->base.info.clock, "host clock");
        assert_says(v->base.info.clock_note, rows[i].note);
        device_close(&v->base);
    }
}

/* 36 valid bits that wrap, rubbish above them, and a period that is no whole number. */
static void time_stamps_wrap(void **state)
{
    (void)state;
    struct vulkan *v = vulkan_with_stamps((1ull << 36) - 25, 10);
    double step[STEPS];
    v->timestamp_mask = (1ull << 36) - 1;
    v->base.info.timestamp_period_ns = 41.667;
    for (int i = 0; i <= STEPS; i++)
        stamps[i] = (stamps[i] & v->timestamp_mask) | (uint64_t)i << 40;
    struct timing t = time_fills(&v->base, step);
    for (int i = 0; i < STEPS; i++)
        assert_near(step[i], 416.67, 1e-9);
    assert_near(t.total_ns, STEPS * 416.67, 1e-9);
    device_close(&v->base);
}

/* ---- failures ---- */

static VKAPI_ATTR VkResult VKAPI_CALL no_submit(VkQueue queue, uint32_t count, const VkSubmitInfo *submits, VkFence fence)
{
    (void)queue, (void)count, (void)submits, (void)fence;
    return VK_ERROR_DEVICE_LOST;
}

static VKAPI_ATTR VkResult VKAPI_CALL no_memory(VkDevice device, const VkMemoryAllocateInfo *info,
                                                const VkAllocationCallbacks *allocator, VkDeviceMemory *memory)
{
    (void)device, (void)info, (void)allocator, (void)memory;
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

static VKAPI_ATTR VkResult VKAPI_CALL no_pool(VkDevice device, const VkDescriptorPoolCreateInfo *info,
                                              const VkAllocationCallbacks *allocator, VkDescriptorPool *pool)
{
    (void)device, (void)info, (void)allocator, (void)pool;
    return VK_ERROR_OUT_OF_HOST_MEMORY;
}

static void failures_are_told_and_nothing_leaks(void **state)
{
    (void)state;
    struct error e = {0};
    struct vulkan *v = (struct vulkan *)vulkan_with("");
    struct vulkan_api kept = v->api;
    struct timing t;
    struct buffer *b = device_buffer(&v->base, 64, &e);
    struct dispatch fill = {.kind = DISPATCH_FILL, .views = {{b, 0, 0}}, .view_count = 1};
    struct sequence *s = device_sequence(&v->base, &fill, 1, false, &e);
    v->api.QueueSubmit = no_submit;
    assert_false(device_run(&v->base, s, &t, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "vkQueueSubmit: the device was lost");
    v->api.AllocateMemory = no_memory;
    assert_null(device_buffer(&v->base, 64, &e));
    assert_says(e.text, "no memory for another 64 B|out of device memory|its heap is");
    v->api.CreateDescriptorPool = no_pool;
    assert_null(device_sequence(&v->base, &fill, 1, false, &e));
    assert_says(e.text, "vkCreateDescriptorPool: out of host memory");
    v->api = kept;
    assert_true(device_run(&v->base, s, &t, &e));
    device_sequence_free(&v->base, s);
    device_buffer_free(&v->base, b);
    device_close(&v->base);
}

/* ---- finding ---- */

static void devices_are_found_by_name_and_number(void **state)
{
    (void)state;
    struct error e = {0};
    struct device *d = vulkan_with("");
    char part[16];
    snprintf(part, sizeof part, "%.8s", d->info.name);
    const char *const specs[] = {d->info.spec, part};
    for (int i = 0; i < 2; i++) {
        struct device *same = device_open(specs[i], &e);
        assert_non_null(same);
        assert_string_equal(same->info.name, d->info.name);
        device_close(same);
    }
    setenv("ROOFLAB_DEVICE", "sim:B=1GB/s", 1);
    struct device *sim = device_open(NULL, &e);
    assert_string_equal(sim->info.kind, "model");
    device_close(sim);
    unsetenv("ROOFLAB_DEVICE");
    static const char *const wrong[] = {"vulkan:99", "vulkan:zero", "vulkan:0x", "vulkan:-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(device_open(wrong[i], &e));
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, "there is no device vulkan:|rooflab devices");
    }
    assert_null(device_open("no such machine", &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_says(e.text, "no device is called 'no such machine'|vulkan:0|sim:B=320GB/s");
    assert_says(e.text, d->info.name);
    device_close(d);
}

static void options_make_it_look_poorer(void **state)
{
    (void)state;
    struct device *d = vulkan_with("hardware,no-subgroups,staging");
    assert_true(d->info.hardware && !d->info.subgroup_arithmetic && !d->info.subgroup_shuffle && d->info.device_local);
    assert_false(device_is_software(&d->info));
    device_close(d);
    d = vulkan_with("stagin,no-subgroups-at-all"); /* whole words only */
    assert_true(!d->info.device_local || strstr(d->info.kind, "discrete"));
    assert_true(d->info.subgroup_arithmetic || d->info.subgroup_size == 1);
    device_close(d);
}

static int forget(void **state)
{
    (void)state;
    shader_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_up_comes_down),
        cmocka_unit_test(commands_fill_and_copy),
        cmocka_unit_test(impossible_sizes_name_the_limit),
        cmocka_unit_test(push_constants_arrive),
        cmocka_unit_test(steps_are_in_order),
        cmocka_unit_test(texel_buffers_are_read_and_written),
        cmocka_unit_test(constants_are_specialised),
        cmocka_unit_test(a_shader_that_does_not_compile_names_its_line),
        cmocka_unit_test(a_set_too_many_is_refused),
        cmocka_unit_test(steps_add_up_to_the_whole),
        cmocka_unit_test(without_time_stamps_it_is_the_hosts_clock),
        cmocka_unit_test(broken_time_stamps_are_not_believed),
        cmocka_unit_test(time_stamps_wrap),
        cmocka_unit_test(failures_are_told_and_nothing_leaks),
        cmocka_unit_test(devices_are_found_by_name_and_number),
        cmocka_unit_test(options_make_it_look_poorer),
        cmocka_unit_test(nothing_was_complained_of),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
