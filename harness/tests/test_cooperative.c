/* Cooperative matrices from their NV to their KHR form. No device here has them: what is tested is the module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <spirv/unified1/spirv.h>

#include "harness/spirv/cooperative.h"
#include "harness/spirv/instrument.h"
#include "harness/tests/support_spirv.h"

enum { A, B, ACCUMULATOR };

struct rewritten {
    struct compiled nv, khr;
    struct module m; /* of the KHR form */
};

static void rewrite(const char *shader, enum spirv_target target, struct rewritten *r)
{
    struct error e = {0};
    if (!support_compile(shader, target, true, false, &r->nv))
        fail_msg("%s does not compile", shader);
    assert_true(cooperative_is_nv(r->nv.words, r->nv.count));
    if (!cooperative_to_khr(r->nv.words, r->nv.count, &r->khr.words, &r->khr.count, &e) ||
        !module_read(&r->m, r->khr.words, r->khr.count, NULL, 0, &e))
        fail_msg("%s: %s", shader, e.text);
    assert_false(cooperative_is_nv(r->khr.words, r->khr.count));
}

static void release(struct rewritten *r)
{
    module_free(&r->m);
    free(r->nv.words);
    free(r->khr.words);
}

static int count_op(const struct module *m, uint16_t op)
{
    int n = 0;
    for (uint32_t at = MODULE_HEADER; at < m->count; at += word_length(m->words[at]))
        n += word_op(m->words[at]) == op;
    return n;
}

/* The use of a matrix type. */
static int64_t use_of_type(const struct module *m, uint32_t type)
{
    const uint32_t *w = module_def(m, type);
    int64_t use;
    assert_non_null(w);
    assert_int_equal(word_op(*w), OP_TYPE_COOPERATIVE_MATRIX_KHR);
    assert_int_equal(word_length(*w), 7);
    assert_true(constant_value(m, w[6], &use));
    return use;
}

static int64_t use_of(const struct module *m, uint32_t value)
{
    return use_of_type(m, module_type_of(m, value));
}

/* What SPIR-V asks of every instruction with a matrix: types agree, and products have the right uses. */
static void types_agree(const struct module *m)
{
    for (uint32_t at = m->functions[0].at; at < m->count; at += word_length(m->words[at])) {
        const uint32_t *w = m->words + at;
        const struct spirv_type *t;
        switch (word_op(*w)) {
        case SpvOpLoad:
            t = type_pointee(m, w[3]);
            assert_int_equal(t->id, w[1]);
            break;
        case SpvOpStore:
            t = type_pointee(m, w[1]);
            assert_int_equal(t->id, module_type_of(m, w[2]));
            break;
        case SpvOpAccessChain:
            t = type_pointee(m, w[3]);
            if (t->kind == TYPE_ARRAY && module_type(m, t->element)->kind == TYPE_TILE)
                assert_int_equal(type_pointee(m, w[2])->id, t->element);
            break;
        case SpvOpSNegate: assert_int_equal(w[1], module_type_of(m, w[3])); break;
        case OP_COOPERATIVE_MATRIX_MUL_ADD_KHR:
            assert_int_equal(use_of(m, w[3]), A);
            assert_int_equal(use_of(m, w[4]), B);
            assert_int_equal(use_of(m, w[5]), ACCUMULATOR);
            assert_int_equal(w[1], module_type_of(m, w[5]));
            break;
        }
    }
}

static void a_product_gets_its_uses(void **state)
{
    (void)state;
    for (enum spirv_target target = TARGET_1_3; target < TARGETS; target++) {
        struct rewritten r;
        rewrite("cooperative", target, &r);
        assert_int_equal(count_op(&r.m, OP_TYPE_COOPERATIVE_MATRIX_KHR), 3); /* f16 as A and B, f32 */
        assert_int_equal(count_op(&r.m, SpvOpTypeCooperativeMatrixNV), 0);
        assert_int_equal(count_op(&r.m, OP_COOPERATIVE_MATRIX_LOAD_KHR), 2);
        assert_int_equal(count_op(&r.m, OP_COOPERATIVE_MATRIX_STORE_KHR), 1);
        assert_int_equal(count_op(&r.m, OP_COOPERATIVE_MATRIX_MUL_ADD_KHR), 1);
        types_agree(&r.m);
        char name[40] = "";
        bool extension = false;
        for (uint32_t at = MODULE_HEADER; at < r.m.functions[0].at; at += word_length(r.m.words[at])) {
            if (word_op(r.m.words[at]) != SpvOpExtension)
                continue;
            module_string(&r.m, at + 1, word_length(r.m.words[at]) - 1, name, sizeof name);
            assert_string_not_equal(name, "SPV_NV_cooperative_matrix");
            extension |= strcmp(name, "SPV_KHR_cooperative_matrix") == 0;
        }
        assert_true(extension);
        release(&r);
    }
}

/* Layout (row-major is 0), then stride. */
static void accesses_name_layout_and_stride(void **state)
{
    (void)state;
    static const int64_t load_layouts[] = {0, 1, 0}, store_layouts[] = {1, 0}, load_uses[] = {A, B, ACCUMULATOR};
    struct rewritten r;
    int loads = 0, stores = 0;
    int64_t value;
    rewrite("cooperative_int", TARGET_1_3, &r);
    types_agree(&r.m);
    for (uint32_t at = r.m.functions[0].at; at < r.m.count; at += word_length(r.m.words[at])) {
        const uint32_t *w = r.m.words + at;
        if (word_op(*w) == OP_COOPERATIVE_MATRIX_LOAD_KHR) {
            assert_true(constant_value(&r.m, w[4], &value));
            assert_int_equal(value, load_layouts[loads]);
            assert_true(constant_value(&r.m, w[5], &value));
            assert_int_equal(value, 32);
            assert_int_equal(use_of(&r.m, w[2]), load_uses[loads++]);
        } else if (word_op(*w) == OP_COOPERATIVE_MATRIX_STORE_KHR) {
            assert_true(constant_value(&r.m, w[3], &value));
            assert_int_equal(value, store_layouts[stores]);
            assert_true(constant_value(&r.m, w[4], &value));
            assert_int_equal(value, stores ? 32 : 16);
            assert_int_equal(use_of(&r.m, w[2]), ACCUMULATOR);
            stores++;
        } else if (word_op(*w) == OP_COOPERATIVE_MATRIX_MUL_ADD_KHR) {
            assert_int_equal(word_length(*w), 7);
            assert_int_equal(w[6], 1 | 2 | 4 | 8); /* all are signed */
        }
    }
    assert_int_equal(loads, 3);
    assert_int_equal(stores, 2);
    release(&r);
}

static void a_matrix_of_two_uses_is_refused(void **state)
{
    (void)state;
    struct compiled nv, khr;
    struct error e = {0};
    assert_true(support_compile("cooperative_both", TARGET_1_3, false, false, &nv));
    assert_false(cooperative_to_khr(nv.words, nv.count, &khr.words, &khr.count, &e));
    assert_null(khr.words);
    assert_int_equal(e.code, EXIT_USAGE);
    assert_non_null(strstr(e.text, "go through memory"));
    free(nv.words);
}

/* The rewritten module is counted as the other was: the same work in the same blocks. */
static void both_forms_count_the_same(void **state)
{
    (void)state;
    static const char *const shaders[] = {"cooperative", "cooperative_int", "tiles"};
    for (size_t i = 0; i < sizeof shaders / sizeof *shaders; i++) {
        struct rewritten r;
        struct instrumented nv, khr;
        struct instrument_options o = {.footprint = true};
        struct error e = {0};
        rewrite(shaders[i], TARGET_1_5, &r);
        types_agree(&r.m);
        assert_true(instrument(&nv, r.nv.words, r.nv.count, &o, &e));
        assert_true(instrument(&khr, r.khr.words, r.khr.count, &o, &e));
        assert_int_equal(nv.mix.item_count, khr.mix.item_count);
        for (uint32_t k = 0; k < nv.mix.item_count; k++) {
            assert_int_equal(nv.mix.items[k].kind, khr.mix.items[k].kind);
            assert_int_equal(nv.mix.items[k].share, khr.mix.items[k].share);
            assert_int_equal(nv.mix.items[k].count, khr.mix.items[k].count);
            assert_int_equal(nv.mix.items[k].bytes, khr.mix.items[k].bytes);
        }
        instrument_free(&nv);
        instrument_free(&khr);
        /* An instrumented module is rewritten, too. */
        assert_true(instrument(&nv, r.nv.words, r.nv.count, &o, &e));
        struct compiled both;
        assert_true(cooperative_to_khr(nv.words, nv.count, &both.words, &both.count, &e));
        free(both.words);
        instrument_free(&nv);
        release(&r);
    }
}

/* Words that were spoilt give an error or some module, never a crash. */
static void damage_is_survived(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 1, 7, 0xffff, 0xffffffff};
    struct compiled nv, out;
    assert_true(support_compile("cooperative_int", TARGET_1_3, false, false, &nv));
    for (size_t i = MODULE_HEADER; i < nv.count; i++) {
        uint32_t old = nv.words[i];
        for (size_t k = 0; k < 2 + sizeof values / sizeof *values; k++) {
            struct error e = {0};
            nv.words[i] = k == 0 ? old + 1 : k == 1 ? nv.words[i / 2] : values[k - 2];
            if (cooperative_to_khr(nv.words, nv.count, &out.words, &out.count, &e))
                free(out.words);
        }
        nv.words[i] = old;
        struct error e = {0};
        if (cooperative_to_khr(nv.words, i, &out.words, &out.count, &e))
            free(out.words);
    }
    free(nv.words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_gets_its_uses),         cmocka_unit_test(accesses_name_layout_and_stride),
        cmocka_unit_test(a_matrix_of_two_uses_is_refused), cmocka_unit_test(both_forms_count_the_same),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
