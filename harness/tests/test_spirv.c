/* The reader of SPIR-V against hostile files: an error or an answer, never a crash. No device is needed. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncations_get_an_error_or_an_answer),
        cmocka_unit_test(flipped_bytes_get_an_error_or_an_answer),
        cmocka_unit_test(either_byte_order_is_read),
        cmocka_unit_test(malformed_modules_are_named),
        cmocka_unit_test(nested_types_neither_explode_nor_recurse),
        cmocka_unit_test(corpus_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
