/* Chains: what is accepted, what a kernel of them must move, and the plan that comes out. No device is needed. */
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
#include "harness/kernel/chain.h"
#include "harness/kernel/chain_glsl.h"
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

static struct chain *parse(const char *text)
{
    struct error e = {0};
    struct chain *c = chain_parse(text, &e);
    if (!c)
        fail_msg("%s", e.text);
    return c;
}

/* ---- text ---- */

static void chains_are_read(void **state)
{
    (void)state;
    struct chain *c = parse(" scale ( 2.5 ) |relu|\tclamp(-1e1, 3)|dropout(0.25)|dropout ");
    assert_int_equal(c->count, 5);
    assert_string_equal(c->items[0].op->name, "scale");
    assert_near(c->items[0].params[0], 2.5, 0);
    assert_string_equal(c->items[1].op->name, "relu");
    assert_near(c->items[2].params[0], -10, 0);
    assert_near(c->items[2].params[1], 3, 0);
    assert_near(c->items[3].params[0], 0.25, 0);
    assert_near(c->items[3].params[1], 1, 0); /* what is not given has its default */
    assert_near(c->items[4].params[0], 0.1, 0);
    chain_free(c);
}

static void malformed_chains_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } faults[] = {
        {"", "at character 1: an operator is missing|layernorm|bias"},
        {"   ", "an operator is missing"},
        {"|relu", "at character 1: an operator is missing"},
        {"relu|", "at character 6: an operator is missing"},
        {"relu||bias", "at character 6: an operator is missing"},
        {"relu|bais", "at character 6|there is no operator 'bais'|did you mean 'bias'?"},
        {"xyzzyx", "there is no operator 'xyzzyx'|rooflab list"},
        {"Relu", "there is no operator 'Relu'|did you mean 'relu'?"},
        {"scale(2", "at character 1: brackets do not match"},
        {"relu|scale((2))", "at character 6: brackets do not match"},
        {"scale(2)x", "brackets do not match"},
        {"scale)2(", "brackets do not match"},
        {"scale2)", "brackets do not match"},
        {"scale(2)(3)", "brackets do not match"},
        {"(2)", "there is no operator ''"},
        {"scale(1,2)", "at character 1: scale takes 1 argument."},
        {"clamp(1,2,3)", "clamp takes 2 arguments"},
        {"relu(1)", "relu takes 0 arguments"},
        {"scale(two)", "scale's argument 'two' is not a number"},
        {"scale(2x)", "'2x' is not a number"},
        {"scale(nan)", "'nan' is not a number"},
        {"scale(inf)", "'inf' is not a number"},
        {"scale(1e999)", "is not a number"},
        {"scale()", "argument"},
        {"clamp(-1,)", "argument"},
        {"dropout(0.1,,2)", "argument"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct error e = {0};
        if (chain_parse(faults[i].text, &e))
            fail_msg("'%s' was taken", faults[i].text);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, faults[i].says);
    }
}

static void long_chains_end_somewhere(void **state)
{
    (void)state;
    struct text t = {0};
    struct error e = {0};
    for (int i = 0; i < CHAIN_MAX; i++)
        text_add(&t, "%srelu", i ? "|" : "");
    struct chain *c = parse(t.s);
    assert_int_equal(c->count, CHAIN_MAX);
    chain_free(c);
    text_add(&t, "|relu");
    assert_null(chain_parse(t.s, &e));
    assert_says(e.text, "more than 64 operators");
    text_free(&t);
    text_add(&t, "scale(%0300d)", 1);
    assert_null(chain_parse(t.s, &e));
    assert_says(e.text, "too long");
    text_free(&t);
}

static void groupings_add_up(void **state)
{
    (void)state;
    struct error e = {0};
    int sizes[CHAIN_MAX];
    struct chain *c = parse("scale|relu|bias|gelu");
    assert_int_equal(chain_grouping(c, "fused", sizes, &e), 1);
    assert_int_equal(sizes[0], 4);
    assert_int_equal(chain_grouping(c, "unfused", sizes, &e), 4);
    assert_int_equal(sizes[3], 1);
    assert_int_equal(chain_grouping(c, "1+3", sizes, &e), 2);
    assert_int_equal(sizes[0], 1);
    assert_int_equal(sizes[1], 3);
    assert_int_equal(chain_grouping(c, "4", sizes, &e), 1);
    static const char *const wrong[] = {"",    "2+3", "2+1", "2+2+", "+2+2", "2++2",        "0+4", "-1+5",
                                        "two", "2,2", "fuse", "2 + 2", "99999999999999999999", "1+1+1+1+1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        e = (struct error){0};
        if (chain_grouping(c, wrong[i], sizes, &e))
            fail_msg("'%s' was taken", wrong[i]);
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, "does not fit the 4 operators|2+2|unfused");
    }
    chain_free(c);
}

static void labels_name_what_is_not_the_default(void **state)
{
    (void)state;
    struct chain *c = parse("layernorm|dropout(0.1)|dropout(0.25)|dropout(0.1,7)|clamp(-1,2)|clamp(-2,1)|scale(1.01)");
    static const char *const labels[] = {"layernorm",   "dropout",   "dropout(0.25)", "dropout(0.1,7)",
                                         "clamp(-1,2)", "clamp(-2)", "scale(1.01)"};
    for (int i = 0; i < c->count; i++) {
        char *label = chain_label(c, i, 1);
        assert_string_equal(label, labels[i]);
        free(label);
    }
    char *whole = chain_label(c, 1, 3);
    assert_string_equal(whole, "dropout|dropout(0.25)|dropout(0.1,7)");
    free(whole);
    chain_free(c);
}

static void rows_are_rounded_down(void **state)
{
    (void)state;
    assert_int_equal(chain_rows(64e6, 1024), 15625);
    assert_int_equal(chain_rows(64e6 + 4095, 1024), 15625);
    assert_int_equal(chain_rows(64e6 - 1, 1024), 15624);
    assert_int_equal(chain_rows(10, 1024), 1);
}

/* ---- what a kernel must move ---- */

static const struct device_info gpu = {.name = "a GPU",
                                       .hardware = true,
                                       .computes = true,
                                       .subgroup_size = 32,
                                       .subgroup_arithmetic = true,
                                       .max_invocations = 1024,
                                       .max_workgroup_size = {1024, 1024, 64},
                                       .max_groups = {65535, 65535, 65535},
                                       .push_bytes = 128,
                                       .max_binding_bytes = 1ull << 32,
                                       .max_buffer_bytes = 1ull << 32,
                                       .max_texel_elements = 1ull << 27,
                                       .memory_bytes = 1ull << 34,
                                       .f16_storage = true};

static struct plan *plan_on(const struct device_info *device, const char *text, const char *grouping, uint64_t rows,
                            uint64_t cols, struct error *e)
{
    int sizes[CHAIN_MAX];
    struct chain *c = parse(text);
    struct chain_options o = {.rows = rows, .cols = cols};
    int groups = chain_grouping(c, grouping, sizes, e);
    struct plan *p = groups ? chain_plan(c, sizes, groups, device, &o, e) : NULL;
    chain_free(c);
    return p;
}

static struct plan *plan_of(const char *text, const char *grouping, uint64_t rows, uint64_t cols)
{
    struct error e = {0};
    struct plan *p = plan_on(&gpu, text, grouping, rows, cols, &e);
    if (!p)
        fail_msg("%s %s: %s", text, grouping, e.text);
    return p;
}

/* Where a driver ends long loops, a workgroup's share stays well below that: short rows by the million, and long ones. */
static void loops_stay_below_the_limit(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info soft = gpu;
    soft.hardware = false;
    soft.subgroup_size = 8;
    soft.loop_passes = 65535;
    const uint64_t cols[] = {1, 3, 8, 1024, 100000};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++) {
        struct plan *p = plan_on(&soft, "layernorm|softmax", "fused", 32000000 / cols[i], cols[i], &e);
        assert_non_null(p);
        const struct step *s = &p->steps[0];
        uint64_t per = s->push[1], walks = 4;
        assert_true((uint64_t)s->groups[0] * per >= s->push[0] && (uint64_t)(s->groups[0] - 1) * per < s->push[0]);
        assert_true(per * walks <= 65535 / 4 && (per == 1 || per * walks * (cols[i] / 32) <= 65535 / 4));
        plan_free(p);
        assert_non_null(p = plan_on(&soft, "scale(2)|relu", "fused", 32000000 / cols[i], cols[i], &e));
        s = &p->steps[0];
        uint64_t whole = soft.subgroup_size * chain_places(&soft), numbers = 32000000 / cols[i] * cols[i];
        uint64_t vectors = numbers % 4 ? numbers : numbers / 4;
        assert_true(s->push[1] % whole == 0 && s->push[1] / soft.subgroup_size <= 65535 / 4);
        assert_true((uint64_t)s->groups[0] * s->push[1] >= vectors && (uint64_t)(s->groups[0] - 1) * s->push[1] < vectors);
        plan_free(p);
    }
}

/* Every operator there is reads S and writes S; tensors of its shape cost S more, vectors their own bytes. */
static void operators_make_two_passes(void **state)
{
    (void)state;
    struct error e = {0};
    int count;
    const struct operator *const *all = operators_all(&count, &e);
    assert_true(all && count >= 20);
    const uint64_t rows = 96, cols = 256, bytes = rows * cols * 4;
    for (int i = 0; i < count; i++) {
        const struct operator *o = all[i];
        struct plan *p = plan_of(o->name, "fused", rows, cols);
        bool second = strcmp(o->name, "add") == 0 || strcmp(o->name, "mul") == 0;
        double vectors = strcmp(o->name, "bias") == 0 ? 1 : strstr(o->name, "_affine") ? 2 : 0;
        double written = strcmp(o->name, "to_f16") == 0 ? (double)bytes / 2 : (double)bytes;
        assert_near(operator_passes(o), second ? 3 : 2, 0);
        assert_near(p->steps[0].cost.bytes_written, written, 0);
        assert_near(p->steps[0].cost.bytes_read, (double)bytes * (second ? 2 : 1) + vectors * 4 * (double)cols, 0);
        assert_near(p->steps[0].cost.largest_buffer_bytes, (double)bytes, 0);
        assert_near(p->tensor_bytes, (double)bytes, 0);
        assert_string_equal(p->counts_from, "operators");
        plan_free(p);
    }
}

/* Layer norm needs the row three times. In registers it is loaded once; a row too long for them is walked again. */
static void issued_bytes_are_the_kernels_own(void **state)
{
    (void)state;
    static const struct {
        uint64_t cols;
        const char *chain;
        double issued; /* in S */
    } rows[] = {
        {1024, "layernorm", 1 + 1},
        {8192, "layernorm", 1 + 1}, /* 256 lanes of 8 vec4: the last that fits */
        {8196, "layernorm", 3 + 1},
        {16384, "layernorm", 3 + 1},
        {16384, "rmsnorm", 2 + 1},
        {16384, "softmax", 3 + 1},
        {16384, "bias|layernorm", 3 * 2 + 1},        /* bias is applied in each of the walks */
        {16384, "layernorm|bias", 3 + 1 + 1},        /* but once behind the statistics */
        {16384, "add|layernorm|softmax", 5 * 2 + 1}, /* 1 + 2 + 2 walks */
        {1024, "add|layernorm|softmax", 2 + 1},
        {16384, "scale|gelu", 1 + 1},
        {16384, "add|mul", 3 + 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan *p = plan_of(rows[i].chain, "fused", 8, rows[i].cols);
        assert_near(plan_bytes_issued(p), rows[i].issued * p->tensor_bytes, 0);
        plan_free(p);
    }
}

static void operations_are_counted_per_element(void **state)
{
    (void)state;
    struct plan *p = plan_of("gelu|dropout", "fused", 4, 64);
    assert_near(p->steps[0].cost.ops[OP_EXP], 256, 0);
    assert_near(p->steps[0].cost.ops[OP_MUL], 4 * 256, 0);
    assert_near(p->steps[0].cost.ops[OP_INT_MUL], 2 * 256, 0);
    plan_free(p);
    p = plan_of("exp|layernorm", "fused", 4, 16384); /* walked three times, and exp with it */
    assert_near(p->steps[0].cost.ops[OP_EXP], 3 * 4 * 16384, 0);
    assert_near(p->steps[0].cost.ops[OP_MUL], 2 * 4 * 16384, 0);
    plan_free(p);
}

static void the_seed_chain_makes_eight_passes_or_two(void **state)
{
    (void)state;
    const char *seed = "layernorm|bias|gelu|dropout(0.1)";
    const double s = 15625 * 4096.0, b = 4096; /* the bias */
    struct plan *unfused = plan_of(seed, "unfused", 15625, 1024), *half = plan_of(seed, "2+2", 15625, 1024),
                *fused = plan_of(seed, "fused", 15625, 1024);
    assert_near(plan_bytes_compulsory(unfused), 8 * s + b, 0);
    assert_near(plan_bytes_compulsory(half), 4 * s + b, 0);
    assert_near(plan_bytes_compulsory(fused), 2 * s + b, 0);
    assert_int_equal(unfused->step_count, 4);
    assert_string_equal(unfused->variant, "unfused");
    assert_string_equal(half->variant, "grouped");
    assert_string_equal(fused->variant, "fused");
    assert_int_equal(half->groupings, 2);
    assert_string_equal(half->steps[1].label, "gelu|dropout");
    assert_near(plan_bytes_issued(fused), 2 * s + s, 0); /* a column's parameter is loaded for every element */
    plan_free(unfused);
    plan_free(half);
    plan_free(fused);
}

/* ---- the plan ---- */

/* What one step writes the next one reads, and never the buffer that it writes. */
static void two_tensors_alternate(void **state)
{
    (void)state;
    struct plan *p = plan_of("scale|relu|bias|gelu|tanh", "unfused", 8, 64);
    int temps = 0;
    for (int i = 0; i < p->tensor_count; i++)
        temps += p->tensors[i].role == ROLE_TEMP;
    assert_int_equal(temps, 2);
    assert_int_equal(p->steps[0].bindings[0].tensor, plan_find_tensor(p, "x"));
    assert_int_equal(p->steps[4].bindings[1].tensor, plan_find_tensor(p, "y"));
    for (int i = 0; i < p->step_count; i++) {
        const struct step_binding *in = &p->steps[i].bindings[0], *out = &p->steps[i].bindings[1];
        assert_true(in->reads && !in->writes && out->writes && !out->reads);
        assert_int_not_equal(in->tensor, out->tensor);
        if (i > 0)
            assert_int_equal(in->tensor, p->steps[i - 1].bindings[1].tensor);
    }
    plan_free(p);
    p = plan_of("scale|to_f16|relu|gelu|to_f32|tanh", "unfused", 8, 64); /* another type is another tensor */
    for (int i = 1; i < p->step_count; i++) {
        const struct tensor *in = &p->tensors[p->steps[i].bindings[0].tensor];
        assert_int_equal(in->type, i >= 2 && i <= 4 ? TYPE_F16 : TYPE_F32);
        assert_int_not_equal(p->steps[i].bindings[0].tensor, p->steps[i].bindings[1].tensor);
    }
    assert_near(plan_bytes_compulsory(p), (2 + 1.5 + 1 + 1 + 1.5 + 2) * p->tensor_bytes, 0);
    plan_free(p);
}

static void what_does_not_fit_names_what_does(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info small = gpu;
    small.max_binding_bytes = 1 << 20;
    struct plan *p = plan_on(&small, "scale", "fused", 300, 1024, &e);
    assert_false(plan_fits(p, &small, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "tensor x of scale|the largest buffer binding on a GPU|1048576 bytes|--tensor 1048576B");
    plan_free(p);
    p = plan_on(&small, "scale", "fused", chain_rows(1048576, 1024), 1024, &e);
    assert_true(plan_fits(p, &small, &e)); /* what the message named works */
    plan_free(p);

    small.max_binding_bytes = 1 << 30;
    small.max_buffer_bytes = 1 << 20;
    p = plan_on(&small, "scale", "fused", 300, 1024, &e);
    assert_false(plan_fits(p, &small, &e));
    assert_says(e.text, "the largest allocation|1048576 bytes");
    plan_free(p);

    small.max_buffer_bytes = 1 << 30;
    small.memory_bytes = 16000000;
    p = plan_on(&small, "scale|relu|tanh", "unfused", 1000, 1024, &e); /* x, y and two between: 16.4 MB */
    assert_false(plan_fits(p, &small, &e));
    assert_says(e.text, "needs 16.4 MB in all|--tensor 3000000B");
    plan_free(p);
    p = plan_on(&small, "scale|relu|tanh", "unfused", chain_rows(3e6, 1024), 1024, &e);
    assert_true(plan_fits(p, &small, &e));
    plan_free(p);
}

/* Kernels count elements in 32 bits; where the device's own limit is lower, that one is named. */
static void elements_are_counted_in_32_bits(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info large = gpu;
    large.max_binding_bytes = large.max_buffer_bytes = large.memory_bytes = 1ull << 40;
    assert_null(plan_on(&large, "scale", "fused", 1 << 22, 1024, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "2^32-1 elements|--tensor 17179869180B");
    struct plan *p = plan_on(&large, "scale", "fused", (1 << 22) - 1, 1024, &e);
    assert_true(plan_fits(p, &large, &e));
    plan_free(p);
    assert_null(plan_on(&gpu, "scale", "fused", 1 << 22, 1024, &e));
    assert_says(e.text, "--tensor 4294967296B");
}

/* The size named must fit in every way, not only past the limit that was met first. */
static void the_largest_size_fits_the_memory_too(void **state)
{
    (void)state;
    struct error e = {0};
    struct device_info small = gpu;
    small.max_binding_bytes = 8000000;
    small.memory_bytes = 16000000;
    struct plan *p = plan_on(&small, "scale|relu|tanh", "unfused", 3000, 1024, &e);
    assert_false(plan_fits(p, &small, &e));
    plan_free(p);
    const char *at = strstr(e.text, "--tensor ");
    assert_non_null(at);
    double named = strtod(at + 9, NULL) * (strstr(at, "MB") ? 1e6 : 1);
    assert_true(named > 2e6);
    p = plan_on(&small, "scale|relu|tanh", "unfused", chain_rows(named, 1024), 1024, &e);
    assert_true(plan_fits(p, &small, &e));
    plan_free(p);
}

static void too_many_buffers_are_refused(void **state)
{
    (void)state;
    struct error e = {0};
    struct text t = {0};
    for (int i = 0; i < STEP_BINDINGS_MAX; i++)
        text_add(&t, "%sadd", i ? "|" : "");
    assert_null(plan_on(&gpu, t.s, "fused", 4, 16, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "more than 16 buffers|--fuse");
    struct plan *p = plan_of(t.s, "8+8", 4, 16);
    assert_int_equal(p->step_count, 2);
    plan_free(p);
    text_free(&t);
}

/* ---- the reference ---- */

static double *reference_rows(const char *text, const char *grouping, uint64_t rows, uint64_t cols)
{
    struct error e = {0};
    struct plan *p = plan_of(text, grouping, rows, cols);
    double *out = need(rows * cols * sizeof *out);
    for (uint64_t row = 0; row < rows; row++)
        assert_true(p->reference(p, p->reference_context, 0, row, out + row * cols, &e));
    plan_free(p);
    return out;
}

static void fused_and_unfused_drop_the_same(void **state)
{
    (void)state;
    const uint64_t rows = 7, cols = 96;
    const char *text = "scale(2)|dropout(0.3,5)|relu";
    double *unfused = reference_rows(text, "unfused", rows, cols), *fused = reference_rows(text, "fused", rows, cols);
    struct plan *p = plan_of(text, "fused", rows, cols);
    int dropped = 0;
    assert_memory_equal(unfused, fused, rows * cols * sizeof *fused);
    for (uint64_t i = 0; i < rows * cols; i++) { /* and by hand: the mask is a hash of seed and index */
        double x = plan_input(p, 0, i) * 2;
        bool kept = expr_hash(5, (uint32_t)i) >= (float)0.3 * 4294967296.0;
        dropped += !kept;
        assert_near(fused[i], kept && x > 0 ? x / (1 - (float)0.3) : 0, 1e-9);
    }
    assert_near((double)dropped / (double)(rows * cols), 0.3, 0.06);
    plan_free(p);
    free(unfused);
    free(fused);
}

/* Layer norm by its definition, so that operator and test do not share a mistake. */
static void layernorm_is_its_definition(void **state)
{
    (void)state;
    const uint64_t cols = 37;
    double *y = reference_rows("layernorm", "fused", 2, cols), mean = 0, variance = 0, sum = 0, squares = 0;
    struct plan *p = plan_of("layernorm", "fused", 2, cols);
    for (uint64_t i = 0; i < cols; i++)
        mean += plan_input(p, 0, cols + i) / (double)cols;
    for (uint64_t i = 0; i < cols; i++)
        variance += pow(plan_input(p, 0, cols + i) - mean, 2) / (double)cols;
    for (uint64_t i = 0; i < cols; i++) {
        assert_near(y[cols + i], (plan_input(p, 0, cols + i) - mean) / sqrt(variance + (float)1e-5), 1e-9);
        sum += y[cols + i];
        squares += y[cols + i] * y[cols + i];
    }
    assert_near(sum, 0, 1e-9);
    assert_near(squares / (double)cols, 1, 1e-3);
    assert_true(mean > 99); /* the input's mean is far from zero, where one-pass variances lose their digits */
    plan_free(p);
    free(y);
}

static int forget(void **state)
{
    (void)state;
    operators_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_are_read),
        cmocka_unit_test(malformed_chains_say_where),
        cmocka_unit_test(long_chains_end_somewhere),
        cmocka_unit_test(groupings_add_up),
        cmocka_unit_test(labels_name_what_is_not_the_default),
        cmocka_unit_test(rows_are_rounded_down),
        cmocka_unit_test(loops_stay_below_the_limit), cmocka_unit_test(operators_make_two_passes),
        cmocka_unit_test(issued_bytes_are_the_kernels_own),
        cmocka_unit_test(operations_are_counted_per_element),
        cmocka_unit_test(the_seed_chain_makes_eight_passes_or_two),
        cmocka_unit_test(two_tensors_alternate),
        cmocka_unit_test(what_does_not_fit_names_what_does),
        cmocka_unit_test(elements_are_counted_in_32_bits),
        cmocka_unit_test(the_largest_size_fits_the_memory_too),
        cmocka_unit_test(too_many_buffers_are_refused),
        cmocka_unit_test(fused_and_unfused_drop_the_same),
        cmocka_unit_test(layernorm_is_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
