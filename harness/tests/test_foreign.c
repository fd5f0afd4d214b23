/* Shaders of others: what is not bound is said before anything runs, and the rest is instrumented all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "harness/kernel/foreign.h"
#include "harness/measure/traffic.h"
#include "harness/tests/support_spirv.h"

/* The plan of a shader's text, instrumented without running. */
static struct plan *dry(const char *glsl, struct foreign_verdict *v, struct traffic *t)
{
    char path[] = "/tmp/foreign-XXXXXX";
    struct foreign_options o = {.size = 64, .optimise_seconds = 1};
    struct error e = {0};
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, glsl, strlen(glsl)), strlen(glsl));
    close(file);
    struct plan *p = foreign_plan(path, &o, v, &e);
    unlink(path);
    if (!p || !traffic_dry(p, true, t, &e))
        fail_msg("%s", e.text);
    return p;
}

static void expect_unbound(const char *glsl, const char *says)
{
    struct foreign_verdict v;
    struct traffic t;
    struct plan *p = dry(glsl, &v, &t);
    assert_false(v.runnable);
    assert_non_null(strstr(v.why, says));
    traffic_free(&t);
    plan_free(p);
}

static void what_cannot_be_bound_is_still_instrumented(void **state)
{
    (void)state;
    expect_unbound("#version 450\nlayout(push_constant) uniform P { vec4 v[16]; };\n"
                   "layout(binding = 0) buffer Y { vec4 y[]; };\nvoid main() { y[0] = v[15]; }\n",
                   "128 bytes of push constants");
    expect_unbound("#version 450\nlayout(binding = 0) uniform sampler2DShadow x;\nlayout(binding = 1) buffer Y { float y[]; };\n"
                   "void main() { y[0] = textureLod(x, vec3(0.5), 0.0); }\n",
                   "x is an image of several samples, a depth");
    expect_unbound("#version 450\nlayout(binding = 0) buffer Y { float y[]; } y[65];\nvoid main() { y[1].y[0] = 1.0; }\n",
                   "an array of 65");
    expect_unbound("#version 450\n#extension GL_EXT_buffer_reference : require\nlayout(buffer_reference) buffer Node;\n"
                   "layout(buffer_reference) buffer Node { Node next; float x; };\n"
                   "layout(push_constant) uniform P { Node root; };\nlayout(binding = 0) buffer Y { float y[]; };\n"
                   "void main() { y[0] = root.next.x; }\n",
                   "addresses that lie in memory");
    expect_unbound("#version 450\n#extension GL_EXT_buffer_reference_uvec2 : require\n"
                   "layout(buffer_reference) buffer Data { float x; };\nlayout(push_constant) uniform P { uvec2 at; };\n"
                   "layout(binding = 0) buffer Y { float y[]; };\nvoid main() { y[0] = Data(at).x; }\n",
                   "give them by --push");
}

/* One binding, two kinds: legal to write, and a crash where it is bound as one of them. */
static void kinds_that_share_a_binding_are_not_run(void **state)
{
    (void)state;
    static const char glsl[] = "#version 450\nlayout(binding = 0) buffer C { uint c; };\n"
                               "layout(binding = 0, r32ui) uniform writeonly uimageBuffer y;\n"
                               "void main() { imageStore(y, int(atomicAdd(c, 1u)), uvec4(1)); }\n";
    struct foreign_verdict v;
    struct traffic t;
    struct plan *p = dry(glsl, &v, &t);
    assert_false(v.runnable);
    assert_non_null(strstr(v.why, "another kind"));
    for (int i = 0; i < t.steps[0].not_counted_count; i++) /* its own format is known, whatever is bound there */
        assert_null(strstr(t.steps[0].not_counted[i].why, "format"));
    traffic_free(&t);
    plan_free(p);
}

/* A float's bits read as a number of rounds would be a billion of them. */
static void integers_in_blocks_stay_small(void **state)
{
    (void)state;
    static const char glsl[] = "#version 450\nlayout(binding = 0) uniform A { uint rounds; float scale; };\n"
                               "layout(binding = 1) buffer B { uint n; uint next; };\n"
                               "layout(binding = 2) buffer C { float x; float y; };\n"
                               "void main() { for (uint i = 0; i < rounds; i++) x += y * scale; next = n; }\n";
    struct foreign_verdict v;
    struct traffic t;
    struct plan *p = dry(glsl, &v, &t);
    assert_true(v.runnable);
    assert_int_equal(p->tensor_count, 3);
    assert_int_equal(p->tensors[0].type, TYPE_U32);
    assert_int_equal(p->tensors[1].type, TYPE_U32);
    assert_int_equal(p->tensors[2].type, TYPE_F32);
    traffic_free(&t);
    plan_free(p);
}

/* Functions that call each other twice, fourteen deep: an optimiser inlines them all. */
static void an_optimiser_that_does_not_end_is_left(void **state)
{
    (void)state;
    struct text glsl = {0};
    text_add(&glsl, "#version 450\nlayout(binding = 0) buffer Y { float y[]; };\nfloat f0(float x) { return y[int(x)] * 1.5; }\n");
    for (int i = 1; i <= 14; i++)
        text_add(&glsl, "float f%d(float x) { return f%d(x + %d.0) * f%d(x * 0.5) + x; }\n", i, i - 1, i, i - 1);
    text_add(&glsl, "void main() { y[0] = f14(y[1]); }\n");
    struct foreign_verdict v;
    struct traffic t;
    struct plan *p = dry(text_get(&glsl), &v, &t);
    assert_true(v.runnable);
    assert_non_null(strstr(v.note, "as it is written"));
    assert_int_equal(t.steps[0].buffer_count, 1);
    assert_int_equal(t.steps[0].not_counted_count, 0);
    traffic_free(&t);
    plan_free(p);
    text_free(&glsl);
}

/* ---- on a device */

static struct pool *pool;

/* Counts a shader of harness/tests/spirv; skips where there is no device. */
static struct plan *count(const char *path, const struct foreign_options *o, struct traffic *t)
{
    struct foreign_verdict v;
    struct error e = {0};
    if (!support_device())
        skip();
    if (!pool)
        pool = pool_open(support_device());
    struct plan *p = foreign_plan(path, o, &v, &e);
    if (!p)
        fail_msg("%s", e.text);
    if (!v.runnable)
        fail_msg("%s", v.why);
    if (!traffic_count(pool, p, true, t, &e))
        fail_msg("%s", e.text);
    assert_int_equal(t->count, 1);
    return p;
}

static const struct traffic_buffer *named(const struct traffic *t, const char *name)
{
    for (int i = 0; i < t->steps[0].buffer_count; i++)
        if (strcmp(t->steps[0].buffers[i].name, name) == 0)
            return &t->steps[0].buffers[i];
    return NULL;
}

static void expect(const struct traffic *t, const char *name, uint64_t loads, uint64_t stores, uint64_t compulsory)
{
    const struct traffic_buffer *b = named(t, name);
    if (!b)
        fail_msg("there is no %s", name);
    if (b->loads != loads || b->stores != stores || b->bytes_compulsory != compulsory)
        fail_msg("%s: %llu loads, %llu stores, %llu bytes compulsory", name, (unsigned long long)b->loads,
                 (unsigned long long)b->stores, (unsigned long long)b->bytes_compulsory);
}

static void done(struct plan *p, struct traffic *t)
{
    traffic_free(t);
    plan_free(p);
}

/* 64 invocations over elements of 64 floats: what is chosen by a constant has its own entry, the rest the binding's. The last
 * invocation reads behind z[1]. */
static void elements_of_arrays_are_told_apart(void **state)
{
    (void)state;
    struct foreign_options o = {.size = 64, .groups = {2, 1, 1}};
    struct traffic t;
    struct plan *p = count("harness/tests/spirv/array_elements.comp", &o, &t);
    expect(&t, "x[0]", 128, 0, 256);
    expect(&t, "x[3]", 64, 0, 128);
    expect(&t, "y[0]", 0, 64, 256);
    expect(&t, "y[1]", 0, 64, 256);
    expect(&t, "z", 64, 0, 4 * 63);
    assert_int_equal(t.steps[0].buffer_count, 5);
    assert_int_equal(named(&t, "x[3]")->tensor_bytes, 256);
    assert_int_equal(named(&t, "z")->tensor_bytes, 512);
    assert_int_equal(t.steps[0].faults_all, 1);
    assert_string_equal(t.steps[0].faults[0].buffer, "z");
    assert_int_equal(t.steps[0].faults[0].index, 64);
    /* What the elements hold: element k of an array lies at k * stride. */
    float x[256], y[128], z[128];
    struct error e = {0};
    const struct step *s = &p->steps[0];
    assert_int_equal(s->bindings[0].slot.stride, 256);
    assert_true(device_download(support_device(), pool_tensor(pool, &p->tensors[0], &e), 0, x, sizeof x, &e));
    assert_true(device_download(support_device(), pool_tensor(pool, &p->tensors[1], &e), 0, z, sizeof z, &e));
    assert_true(device_download(support_device(), pool_tensor(pool, &p->tensors[2], &e), 0, y, sizeof y, &e));
    for (int i = 0; i < 63; i++) {
        assert_true(y[i] == x[i] + x[192 + i / 2]);
        assert_true(y[64 + i] == x[i] + z[64 * (i & 1) + i + 1]);
    }
    done(p, &t);
}

/* 16 x 16 invocations over images of 16 x 12 texels, the array's two layers: four rows lie outside. */
static void images_are_bound_and_marked(void **state)
{
    (void)state;
    struct foreign_options o = {.groups = {2, 2, 1}, .image = {16, 12, 2}};
    struct traffic t;
    struct plan *p = count("harness/tests/spirv/image_kinds.comp", &o, &t);
    uint64_t inside = 16 * 12;
    expect(&t, "from", 256, 0, 4 * inside);
    expect(&t, "to", 0, 256, 4 * inside);
    expect(&t, "votes", 256, 256, 2 * 4 * 16);
    expect(&t, "levels[0]", 256, 256, 4 * inside);
    expect(&t, "levels[2]", 0, 256, 4 * 8 * 8);
    expect(&t, "photo", 256, 0, 16 * inside); /* of a texture's format nothing is said: rgba32f */
    expect(&t, "volume", 256, 0, 0);          /* filtered: which texels is the device's affair */
    assert_int_equal(named(&t, "to")->tensor_bytes, 2 * 4 * inside);
    assert_int_equal(t.steps[0].faults_all, 5 * 4 * 16);
    assert_int_equal(t.steps[0].not_counted_count, 2);
    uint32_t votes[16];
    struct error e = {0};
    const struct tensor *tensor = &p->tensors[2];
    assert_string_equal(tensor->name, "votes");
    assert_true(device_download(support_device(), pool_tensor(pool, tensor, &e), 0, votes, sizeof votes, &e));
    uint32_t before[16];
    tensor_fill(tensor, 0, 16, before);
    for (int i = 0; i < 16; i++)
        assert_int_equal(votes[i], before[i] + 16);
    done(p, &t);
}

static void addresses_are_given(void **state)
{
    (void)state;
    struct foreign_options o = {.size = 64, .groups = {2, 1, 1}, .push = "50"};
    struct traffic t;
    if (!support_device() || !support_device()->info.buffer_address)
        skip();
    struct plan *p = count("harness/tests/spirv/push_addresses.comp",
                           &(struct foreign_options){.size = 64, .groups = {2, 1, 1}, .push = "50,&256,&,&"}, &t);
    assert_int_equal(p->steps[0].address_count, 3);
    assert_int_equal(p->steps[0].addresses[2].word, 6);
    assert_int_equal(tensor_bytes(&p->tensors[0]), 256);
    const struct traffic_buffer *b = named(&t, "buffer_reference");
    assert_non_null(b);
    assert_int_equal(b->loads, 100);
    assert_int_equal(b->stores, 50);
    float a[50], c[50], sum[50];
    struct error e = {0};
    assert_true(device_download(support_device(), pool_tensor(pool, &p->tensors[0], &e), 0, a, sizeof a, &e));
    assert_true(device_download(support_device(), pool_tensor(pool, &p->tensors[1], &e), 0, sum, sizeof sum, &e));
    assert_true(device_download(support_device(), pool_tensor(pool, &p->tensors[2], &e), 0, c, sizeof c, &e));
    for (int i = 0; i < 50; i++)
        assert_true(sum[i] == a[i] + c[i]);
    done(p, &t);
    struct foreign_verdict v; /* those that are declared need no word; the one that is not does, but there is no telling */
    p = foreign_plan("harness/tests/spirv/push_addresses.comp", &o, &v, &e);
    assert_non_null(p);
    assert_int_equal(p->steps[0].address_count, 2);
    assert_int_equal(p->steps[0].addresses[0].word, 2);
    plan_free(p);
}

/* 16 x 16 pixels of two channels of four, 14 x 14 x 4 results of four, 3 x 3 weights: 784 results of 18 products of a vector and a
 * matrix (28 operations, and 4 to add), and 8 operations for the activation that switch case 2 is. */
static void a_packed_convolution_is_counted(void **state)
{
    (void)state;
    const char *const specs[] = {"233=8", "234=8", "235=1"};
    struct foreign_options o = {.size = 8192, .groups = {2, 2, 4}, .push = "3,16,16,2,256,3,14,14,4,196", .specs = specs, .spec_count = 3};
    struct traffic t;
    uint64_t results = 14 * 14 * 4, products = results * 18;
    if (!support_device() || !support_device()->info.f16_storage)
        skip();
    struct plan *p = count("harness/tests/spirv/conv_packed.comp", &o, &t);
    expect(&t, "bottom_blob", products, 0, 16 * 16 * 2 * 8);
    expect(&t, "weight_blob", products, 0, 4 * 2 * 9 * 32);
    expect(&t, "bias_blob", results, 0, 4 * 8);
    expect(&t, "top_blob", 0, results, 8 * results);
    assert_int_equal(t.steps[0].flops[1], products * 32 + results * 8);
    assert_int_equal(t.steps[0].faults_all, 0);
    done(p, &t);
}

static int close_pool(void **state)
{
    (void)state;
    pool_close(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_bound_is_still_instrumented),
        cmocka_unit_test(kinds_that_share_a_binding_are_not_run),
        cmocka_unit_test(integers_in_blocks_stay_small),
        cmocka_unit_test(an_optimiser_that_does_not_end_is_left),
        cmocka_unit_test(elements_of_arrays_are_told_apart),
        cmocka_unit_test(images_are_bound_and_marked),
        cmocka_unit_test(addresses_are_given),
        cmocka_unit_test(a_packed_convolution_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, close_pool);
}
