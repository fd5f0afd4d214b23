/* Instrumented modules: the validator's word on each, and static mixes against facts. No device is needed. */
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

#include "harness/base/text.h"
#include "harness/spirv/validate.h"
#include "harness/tests/support_spirv.h"

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
        cmocka_unit_test(instrumented_modules_are_valid),
        cmocka_unit_test(widths_are_counted_by_type),
        cmocka_unit_test(texels_count_by_format),
        cmocka_unit_test(what_has_no_rule_is_named),
        cmocka_unit_test(tiles_count_once_per_subgroup),
        cmocka_unit_test(pointers_are_traced_to_their_root),
        cmocka_unit_test(structures_count_without_padding),
        cmocka_unit_test(functions_have_formulas_or_are_named),
        cmocka_unit_test(lines_carry_bytes_and_flops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
