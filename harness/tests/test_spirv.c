/* The reader against hostile files, reflection and static mixes against facts, and the validator's word on
 * every instrumented module. No device is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <spirv-tools/libspirv.h>
#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/validate.h"
#include "harness/tests/support_spirv.h"

/* ---- the reader */

/* Everything that may be done with words: the answer does not matter, that there is one does. */
static bool survive(const uint32_t *words, size_t count, bool footprint)
{
    struct instrumented in;
    struct error e = {0};
    struct instrument_options options = {.footprint = footprint};
    if (!instrument(&in, words, count, &options, &e)) {
        assert_int_not_equal(e.code, 0);
        assert_true(strlen(e.text) > 10);
        return false;
    }
    uint64_t sizes[256] = {0};
    uint64_t bytes = instrument_bytes(&in, sizes);
    uint32_t *lab = need(bytes);
    struct totals t;
    instrument_prepare(&in, sizes, lab);
    instrument_totals(&in, lab, (struct launch_shape){0, 0}, &t);
    totals_free(&t);
    free(lab);
    instrument_free(&in);
    return true;
}

static void truncations_get_an_error_or_an_answer(void **state)
{
    (void)state;
    static const char *const shaders[] = {"structs", "control", "images"};
    for (size_t s = 0; s < 3; s++) {
        struct compiled c;
        assert_true(support_compile(shaders[s], TARGET_1_5, true, false, &c));
        assert_true(survive(c.words, c.count, true));
        for (size_t count = 0; count < c.count; count++) {
            uint32_t *cut = need(count * 4 + !count); /* its own block, so that reading behind it is seen */
            memcpy(cut, c.words, count * 4);
            survive(cut, count, true);
            free(cut);
        }
        free(c.words);
    }
}

static void flipped_bytes_get_an_error_or_an_answer(void **state)
{
    (void)state;
    static const char *const shaders[] = {"gemm_tiled", "sets", "atomics", "address"};
    uint32_t answers = 0, refusals = 0;
    for (size_t s = 0; s < 4; s++) {
        struct compiled c;
        assert_true(support_compile(shaders[s], TARGET_1_3, false, false, &c));
        for (uint32_t turn = 0; turn < 2000; turn++) {
            uint32_t *copy = need(c.count * 4);
            memcpy(copy, c.words, c.count * 4);
            for (uint32_t k = 0; k <= turn % 3; k++) {
                uint32_t h = (turn * 3 + k + 1) * 2654435761u;
                ((uint8_t *)copy)[h % (c.count * 4)] = (uint8_t)(turn % 7 ? h >> 24 : 0xff);
            }
            if (survive(copy, c.count, turn & 1))
                answers++;
            else
                refusals++;
            free(copy);
        }
        free(c.words);
    }
    assert_true(answers > 100); /* else nothing behind the reader was tried */
    assert_true(refusals > 100);
}

static uint32_t swap(uint32_t w)
{
    return w >> 24 | (w >> 8 & 0xff00) | (w << 8 & 0xff0000) | w << 24;
}

static void either_byte_order_is_read(void **state)
{
    (void)state;
    struct compiled c;
    struct module m;
    struct error e = {0};
    assert_true(support_compile("copy", TARGET_1_3, false, false, &c));
    for (size_t i = 0; i < c.count; i++)
        c.words[i] = swap(c.words[i]);
    assert_true(module_read(&m, c.words, c.count, NULL, 0, &e));
    assert_int_equal(m.words[0], SpvMagicNumber);
    module_free(&m);
    free(c.words);
}

#define OP(op, length) ((uint32_t)(length) << 16 | (op))

/* Each of these must be refused, with these words in the message. */
static const struct {
    const char *says;
    uint32_t count, words[24];
} hostile[] = {
    {"ends inside the header", 3, {SpvMagicNumber, 0x10000, 0}},
    {"magic number", 5, {0x12345678, 0x10000, 0, 10, 0}},
    {"version", 5, {SpvMagicNumber, 0x20000, 0, 10, 0}},
    {"bound", 5, {SpvMagicNumber, 0x10000, 0, 0xffffffff, 0}},
    {"length runs past", 6, {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpNop, 0)}},
    {"length runs past", 6, {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeVoid, 2)}},
    {"shorter than", 6, {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeVoid, 1)}},
    {"not below the bound", 7, {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeVoid, 2), 10}},
    {"defined twice",
     9,
     {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeVoid, 2), 1, OP(SpvOpTypeVoid, 2), 1}},
    {"result type", 9, {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpConstant, 4), 1, 2, 7}},
    {"not a type defined before",
     8, /* an array of itself */
     {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeRuntimeArray, 3), 1, 1}},
    {"not a type that was defined before",
     9, /* a structure that holds itself twice */
     {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeStruct, 4), 1, 1, 1}},
    {"not a pointer",
     11, /* the forward pointer that is a structure */
     {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeForwardPointer, 3), 1, 0, OP(SpvOpTypeStruct, 3), 1, 1}},
    {"impossible",
     13,
     {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeFloat, 3), 1, 32, OP(SpvOpTypeVector, 4), 2, 1,
      0x7fffffff, OP(SpvOpNop, 1)}},
    {"outside any function", 7, {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpLabel, 2), 1}},
    {"inside a function",
     17,
     {SpvMagicNumber, 0x10000, 0, 10, 0, OP(SpvOpTypeVoid, 2), 1, OP(SpvOpTypeFunction, 3), 2, 1,
      OP(SpvOpFunction, 5), 1, 3, 0, 2, OP(SpvOpLabel, 2), 4}},
};

static void malformed_modules_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct module m;
        struct error e = {0};
        assert_false(module_read(&m, hostile[i].words, hostile[i].count, NULL, 0, &e));
        assert_int_equal(e.code, EXIT_USAGE);
        if (!strstr(e.text, hostile[i].says))
            fail_msg("case %zu says: %s", i, e.text);
    }
}

/* Pushes words into a growing module. */
static void push(uint32_t *words, size_t *count, uint32_t n, const uint32_t *from)
{
    memcpy(words + *count, from, n * sizeof *from);
    *count += n;
}

/* Structures that hold the one before twice: 2^200 scalars, and a depth of 300 is refused. */
static void nested_types_neither_explode_nor_recurse(void **state)
{
    (void)state;
    static uint32_t words[4096];
    for (uint32_t depth = 200; depth <= 300; depth += 100) {
        struct module m;
        struct error e = {0};
        size_t count = 0;
        push(words, &count, 5, (uint32_t[]){SpvMagicNumber, 0x10000, 0, 1000, 0});
        push(words, &count, 3, (uint32_t[]){OP(SpvOpTypeFloat, 3), 1, 32});
        for (uint32_t i = 2; i < depth + 2; i++)
            push(words, &count, 4, (uint32_t[]){OP(SpvOpTypeStruct, 4), i, i - 1, i - 1});
        bool read = module_read(&m, words, count, NULL, 0, &e);
        assert_int_equal(read, depth == 200);
        if (read)
            assert_true(module_type(&m, depth + 1)->bytes == UINT64_MAX);
        else
            assert_non_null(strstr(e.text, "deeper"));
        module_free(&m);
    }
}

/* The small files that fuzzing found worth keeping. */
static void corpus_is_survived(void **state)
{
    (void)state;
    size_t count;
    char **names = folder_names("harness/tests/corpus", NULL, &count);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        char path[300];
        struct text t = {0};
        struct error e = {0};
        snprintf(path, sizeof path, "harness/tests/corpus/%s", names[i]);
        assert_true(file_read(path, &t, &e));
        uint32_t *words = need(t.len + 4);
        memcpy(words, text_get(&t), t.len / 4 * 4);
        survive(words, t.len / 4, i & 1);
        free(words);
        text_free(&t);
    }
    names_free(names);
}

/* ---- reflection */

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

/* ---- instrumented modules */

static void check_instrumented(const char *name, const struct compiled *c, bool footprint)
{
    struct instrumented in;
    struct error e = {0};
    struct instrument_options options = {.footprint = footprint};
    assert_true(spirv_validate(c->words, c->count, &e));
    if (!instrument(&in, c->words, c->count, &options, &e))
        fail_msg("%s: %s", name, e.text);
    if (!spirv_validate(in.words, in.count, &e))
        fail_msg("%s%s: %s", name, footprint ? " with footprint" : "", e.text);
    for (uint32_t i = 0; i < in.reflection.resource_count; i++) {
        const struct resource *r = &in.reflection.resources[i];
        assert_false(r->set == in.set && r->binding == in.binding);
    }
    /* What was instrumented can be instrumented: it is a shader like any other. */
    struct instrumented again;
    assert_true(instrument(&again, in.words, in.count, &options, &e));
    if (!spirv_validate(again.words, again.count, &e))
        fail_msg("%s twice: %s", name, e.text);
    instrument_free(&again);
    instrument_free(&in);
}

static void instrumented_modules_are_valid(void **state)
{
    (void)state;
    size_t count, tried = 0;
    char **names = support_shaders(&count);
    for (size_t i = 0; i < count; i++) {
        for (int variant = 0; variant < 4 * TARGETS; variant++) {
            struct compiled c;
            enum spirv_target target = (enum spirv_target)(variant / 4);
            if (!support_compile(names[i], target, variant & 1, variant & 2, &c))
                continue; /* features that are younger than the target */
            tried++;
            check_instrumented(names[i], &c, false);
            check_instrumented(names[i], &c, true);
            free(c.words);
        }
    }
    assert_true(tried > 10 * count);
    names_free(names);
}

/* Totals as if every counter stood at one: the static mix itself, where a shader has a single block. */
static void count_once(const char *name, struct instrumented *in, struct totals *t,
                       const struct bound_size *bound, uint32_t bound_count)
{
    struct compiled c;
    struct error e = {0};
    struct instrument_options options = {.bound = bound, .bound_count = bound_count};
    assert_true(support_compile(name, TARGET_1_5, true, false, &c));
    assert_true(instrument(in, c.words, c.count, &options, &e));
    uint32_t *lab = need(instrument_bytes(in, NULL));
    for (uint32_t i = 0; i < in->counters.count; i++)
        lab[lab_counters(in) + 2 * i] = 1;
    instrument_totals(in, lab, (struct launch_shape){1, 1}, t);
    free(lab);
    free(c.words);
}

static const struct not_counted *find_not_counted(const struct instrumented *in, const char *what)
{
    for (uint32_t i = 0; i < in->mix.not_counted_count; i++)
        if (strstr(in->mix.not_counted[i].what, what))
            return &in->mix.not_counted[i];
    return NULL;
}

static void widths_are_counted_by_type(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    count_once("widths", &in, &t, NULL, 0);
    assert_int_equal(t.invocations, 1);
    static const uint64_t loaded[6] = {2 + 2, 4, 8, 8 + 8, 2, 6}, stored[6] = {2, 4, 8, 8, 2, 6};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(t.resources[i].bytes_loaded, loaded[i]);
        assert_int_equal(t.resources[i].bytes_stored, stored[i]);
    }
    assert_int_equal(t.flops[0], 2 + 3); /* a*2 + 1, and a vector of three */
    assert_int_equal(t.flops[1], 0);
    assert_int_equal(t.flops[2], 1);
    assert_int_equal(t.int_ops, 4 + 2);
    assert_int_equal(in.mix.not_counted_count, 0);
    totals_free(&t);
    instrument_free(&in);
}

static void texels_count_by_format(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    struct bound_size texel = {.texel_bytes = 8};
    count_once("images", &in, &t, &texel, 1);
    static const uint64_t loaded[8] = {8, 16, 0, 4, 16 + 16 + 16, 16, 0, 4};
    for (int i = 0; i < 8; i++)
        assert_int_equal(t.resources[i].bytes_loaded, loaded[i]);
    assert_true(t.resources[2].bytes_stored >= 4);
    assert_int_equal(t.resources[3].bytes_stored, 4);
    assert_int_equal(t.resources[7].atomics, 1);
    assert_non_null(find_not_counted(&in, "OpImageSampleExplicitLod photo"));
    assert_null(find_not_counted(&in, "OpImageFetch x")); /* the caller told its format */
    totals_free(&t);
    instrument_free(&in);
}

static void what_has_no_rule_is_named(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    count_once("ray_query", &in, &t, NULL, 0);
    const struct not_counted *n = find_not_counted(&in, "OpRayQueryProceedKHR");
    assert_non_null(n);
    assert_int_equal(n->line.line, 11);
    assert_int_equal(in.mix.not_counted_count, 3);    /* and initialise, and the distance */
    assert_int_equal(t.resources[1].bytes_stored, 4); /* the rest still is counted */
    totals_free(&t);
    instrument_free(&in);
}

static void tiles_count_once_per_subgroup(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    struct compiled c;
    struct error e = {0};
    struct instrument_options options = {0};
    assert_true(support_compile("tiles", TARGET_1_5, true, false, &c));
    assert_true(instrument(&in, c.words, c.count, &options, &e));
    uint32_t *lab = need(instrument_bytes(&in, NULL));
    for (uint32_t i = 0; i < in.counters.count; i++)
        lab[lab_counters(&in) + 2 * i] = 320; /* ten subgroups of 32 */
    instrument_totals(&in, lab, (struct launch_shape){32, 32}, &t);
    assert_int_equal(t.flops[0], 10 * 2 * 16 * 16 * 8);
    assert_int_equal(t.flops[1], 10 * 2 * 256); /* scaled and added */
    assert_int_equal(t.tile_multiplies, 10);
    assert_int_equal(t.resources[0].bytes_loaded, 10 * 16 * 8 * 2);
    assert_int_equal(t.shared_bytes, 10 * 8 * 16 * 2);
    assert_int_equal(t.resources[1].bytes_stored, 10 * 256 * 4);
    totals_free(&t);
    free(lab);
    free(c.words);
    instrument_free(&in);
}

/* Two buffers; f loads from its parameter; a selection points at one of two buffers, another at two words of one. */
static const char pointers[] =
    "OpCapability Shader\nOpCapability VariablePointersStorageBuffer\n"
    "OpExtension \"SPV_KHR_storage_buffer_storage_class\"\nOpExtension \"SPV_KHR_variable_pointers\"\n"
    "OpMemoryModel Logical GLSL450\nOpEntryPoint GLCompute %main \"main\"\n"
    "OpExecutionMode %main LocalSize 4 1 1\n"
    "OpDecorate %array ArrayStride 4\nOpDecorate %pf ArrayStride 4\n"
    "OpMemberDecorate %block 0 Offset 0\nOpDecorate %block Block\n"
    "OpDecorate %a DescriptorSet 0\nOpDecorate %a Binding 0\n"
    "OpDecorate %b DescriptorSet 0\nOpDecorate %b Binding 1\n"
    "%void = OpTypeVoid\n%fn = OpTypeFunction %void\n%float = OpTypeFloat 32\n%uint = OpTypeInt 32 0\n"
    "%bool = OpTypeBool\n%true = OpConstantTrue %bool\n"
    "%zero = OpConstant %uint 0\n%one = OpConstant %uint 1\n"
    "%array = OpTypeRuntimeArray %float\n%block = OpTypeStruct %array\n"
    "%pb = OpTypePointer StorageBuffer %block\n%pf = OpTypePointer StorageBuffer %float\n"
    "%fp = OpTypeFunction %float %pf\n"
    "%a = OpVariable %pb StorageBuffer\n%b = OpVariable %pb StorageBuffer\n"
    "%f = OpFunction %float None %fp\n%p = OpFunctionParameter %pf\n%fl = OpLabel\n"
    "%v = OpLoad %float %p\nOpReturnValue %v\nOpFunctionEnd\n"
    "%main = OpFunction %void None %fn\n%l = OpLabel\n"
    "%a0 = OpAccessChain %pf %a %zero %zero\n%a1 = OpAccessChain %pf %a %zero %one\n"
    "%b0 = OpAccessChain %pf %b %zero %zero\n"
    "%same = OpSelect %pf %true %a0 %a1\n%other = OpSelect %pf %true %a0 %b0\n"
    "%x = OpFunctionCall %float %f %a0\n%y = OpFunctionCall %float %f %a1\n"
    "%z = OpLoad %float %same\n%u = OpLoad %float %other\n"
    "OpStore %b0 %z\nOpReturn\nOpFunctionEnd\n";

static void pointers_are_traced_to_their_root(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    struct error e = {0};
    struct instrument_options options = {.footprint = true};
    spv_context context = spvContextCreate(SPV_ENV_VULKAN_1_1);
    spv_binary binary = NULL;
    assert_int_equal(spvTextToBinary(context, pointers, strlen(pointers), &binary, NULL), SPV_SUCCESS);
    assert_true(instrument(&in, binary->code, binary->wordCount, &options, &e));
    if (!spirv_validate(in.words, in.count, &e))
        fail_msg("%s", e.text);
    uint64_t sizes[2] = {16, 16};
    uint32_t *lab = need(instrument_bytes(&in, sizes));
    for (uint32_t i = 0; i < in.counters.count; i++)
        lab[lab_counters(&in) + 2 * i] = 1;
    instrument_totals(&in, lab, (struct launch_shape){1, 1}, &t);
    assert_int_equal(t.resources[0].loads, 2); /* f's block and the selection, each counted once here */
    assert_int_equal(t.resources[1].loads, 0);
    assert_int_equal(t.resources[1].stores, 1);
    const struct not_counted *n = find_not_counted(&in, "OpLoad");
    assert_non_null(n);
    assert_non_null(strstr(n->why, "one of several buffers"));
    assert_true(in.reflection.untraced);
    assert_true(in.reflection.resources[0].reads && in.reflection.resources[1].reads);
    totals_free(&t);
    free(lab);
    instrument_free(&in);
    spvBinaryDestroy(binary);
    spvContextDestroy(context);
}

static void structures_count_without_padding(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    count_once("structs", &in, &t, NULL, 0);
    /* Inner is vec3, float, mat2: 32 bytes; Outer 4 + 64 + 4. */
    assert_int_equal(t.resources[0].bytes_loaded, 4 + 32 + 4 + 4);
    assert_int_equal(t.resources[1].bytes_stored, 72 + 4 + 4);
    assert_int_equal(t.resources[1].bytes_loaded, 4);
    assert_int_equal(t.resources[2].bytes_loaded, 32);
    totals_free(&t);
    instrument_free(&in);
}

static void functions_have_formulas_or_are_named(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    count_once("special", &in, &t, NULL, 0);
    assert_non_null(find_not_counted(&in, "OpExtInst 33")); /* determinant */
    assert_non_null(find_not_counted(&in, "OpExtInst 34")); /* inverse */
    assert_int_equal(in.mix.not_counted_count, 2);
    /* exp 4, log 4, tanh 4, sqrt 4, inversesqrt 4, pow 2*4, normalize, length, distance 1 each */
    assert_int_equal(t.special, 5 * 4 + 8 + 3);
    assert_int_equal(t.ops[OP_TANH], 4);
    assert_int_equal(t.ops[OP_LOG], 8);
    totals_free(&t);
    instrument_free(&in);
}

static void lines_carry_bytes_and_flops(void **state)
{
    (void)state;
    struct instrumented in;
    struct totals t;
    struct compiled c;
    struct error e = {0};
    struct instrument_options options = {0};
    count_once("lines", &in, &t, NULL, 0);
    totals_free(&t);
    instrument_free(&in);
    assert_true(support_compile("lines", TARGET_1_3, true, false, &c));
    assert_true(instrument(&in, c.words, c.count, &options, &e));
    uint32_t *lab = need(instrument_bytes(&in, NULL)), count;
    for (uint32_t i = 0; i < in.counters.count; i++)
        lab[lab_counters(&in) + 2 * i] = 1000;
    struct line_totals *lines = instrument_lines(&in, lab, (struct launch_shape){1, 1}, &count);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct line_totals *l = &lines[i];
        if (l->line.line == 8 && ++seen)
            assert_int_equal(l->bytes_loaded, 4000);
        if (l->line.line == 9 && ++seen)
            assert_int_equal(l->flops, 2000);
        if (l->line.line == 10 && ++seen) {
            assert_int_equal(l->bytes_stored, 4000);
            assert_int_equal(l->special, 1000);
        }
    }
    assert_int_equal(seen, 3);
    free(lines);
    free(lab);
    free(c.words);
    instrument_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncations_get_an_error_or_an_answer),
        cmocka_unit_test(flipped_bytes_get_an_error_or_an_answer),
        cmocka_unit_test(either_byte_order_is_read),
        cmocka_unit_test(malformed_modules_are_named),
        cmocka_unit_test(nested_types_neither_explode_nor_recurse),
        cmocka_unit_test(corpus_is_survived),
        cmocka_unit_test(reflects_sets_and_constants),
        cmocka_unit_test(reflects_images_and_texel_buffers),
        cmocka_unit_test(follows_addresses_and_widths),
        cmocka_unit_test(instrumented_modules_are_valid),
        cmocka_unit_test(widths_are_counted_by_type),
        cmocka_unit_test(texels_count_by_format),
        cmocka_unit_test(what_has_no_rule_is_named),
        cmocka_unit_test(pointers_are_traced_to_their_root),
        cmocka_unit_test(tiles_count_once_per_subgroup),
        cmocka_unit_test(structures_count_without_padding),
        cmocka_unit_test(functions_have_formulas_or_are_named),
        cmocka_unit_test(lines_carry_bytes_and_flops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
