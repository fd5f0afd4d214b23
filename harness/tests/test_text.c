/* Errors, strings, files, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/text.h"

static char root[64]; /* a folder of this test's own */

static char *under_root(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void error_texts(void **state)
{
    (void)state;
    struct error e = {0};
    assert_false(error_set(&e, EXIT_USAGE, "no %s", "unit"));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_false(error_prefix(&e, "%s:%d", "a.plan", 3));
    assert_string_equal(e.text, "a.plan:3: no unit");
    assert_int_equal(e.code, EXIT_USAGE);
    error_set(&e, EXIT_CHECK, "again: %s", e.text);
    assert_string_equal(e.text, "again: a.plan:3: no unit");

    char longer[3000];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    error_set(&e, EXIT_USAGE, "%s", longer);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    error_prefix(&e, "where");
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_true(starts_with(e.text, "where: xxx"));
    assert_false(error_set(NULL, EXIT_USAGE, "nobody listens"));
    assert_false(error_prefix(NULL, "nobody"));
}

static void text_grows(void **state)
{
    (void)state;
    struct text t = {0};
    assert_string_equal(text_get(&t), "");
    for (int i = 0; i < 1000; i++)
        text_add(&t, "%d,", i % 10);
    assert_int_equal(t.len, 2000);
    assert_int_equal(strlen(t.s), 2000);
    assert_string_equal(t.s + 1990, "5,6,7,8,9,");
    text_bytes(&t, "a\0b", 3);
    assert_int_equal(t.len, 2003);
    assert_memory_equal(t.s + 2000, "a\0b", 4);
    text_free(&t);
    assert_null(t.s);
    text_bytes(&t, NULL, 0);
    assert_string_equal(t.s, "");
    text_free(&t);
}

static void small_helpers(void **state)
{
    (void)state;
    char padded[] = " \t two words \n", blank[] = "  ";
    assert_string_equal(trim(padded), "two words");
    assert_string_equal(trim(blank), "");
    assert_true(starts_with("layernorm", "layer") && !starts_with("lay", "layer"));
    assert_true(ends_with("a.comp", ".comp") && !ends_with("comp", ".comp"));
    assert_null(need_string(NULL));
    unsigned char *zero = need(1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zero[i], 0);
    free(zero);
    /* The published FNV-1a test values. */
    assert_true(hash_bytes("", 0) == 0xcbf29ce484222325ULL);
    assert_true(hash_bytes("a", 1) == 0xaf63dc4c8601ec8cULL);
    assert_true(hash_bytes("foobar", 6) == 0x85944171f73967e8ULL);
}

static void file_roundtrip(void **state)
{
    (void)state;
    struct error e = {0};
    struct text t = {0};
    size_t len = 200001;
    char *bytes = need(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 7);
    const char *path = under_root("deep/er/file.bin");
    assert_false(file_exists(path));
    assert_true(file_write(path, "old", 3, &e));
    assert_true(file_write(path, bytes, len, &e));
    assert_true(file_exists(path));
    text_add(&t, "what was here before");
    assert_true(file_read(path, &t, &e));
    assert_int_equal(t.len, len);
    assert_memory_equal(t.s, bytes, len);
    assert_int_equal(t.s[len], 0);
    assert_int_equal(e.code, 0);
    text_free(&t);
    free(bytes);

    assert_true(file_write(under_root("empty"), NULL, 0, &e));
    assert_true(file_read(under_root("empty"), &t, &e));
    assert_int_equal(t.len, 0);
    assert_string_equal(t.s, "");
    text_free(&t);
    assert_true(folder_make(under_root("x//y/z/"), &e));
    assert_true(folder_make(under_root("x//y/z/"), &e));
}

static void file_refusals(void **state)
{
    (void)state;
    struct error e = {0};
    struct text t = {0};
    assert_false(file_read(under_root("absent"), &t, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_non_null(strstr(e.text, "absent"));
    assert_false(file_read(root, &t, &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_null(t.s);

    /* A file where a folder should be stops root too, whom permissions do not. */
    assert_true(file_write(under_root("plain"), "x", 1, NULL));
    assert_false(file_write(under_root("plain/sub/file"), "x", 1, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(e.text, under_root("plain/sub")));
    assert_non_null(strstr(e.text, "--out DIR or ROOFLAB_RESULTS"));
    assert_true(folder_make(under_root("taken"), NULL));
    assert_false(file_write(under_root("taken"), "x", 1, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);

    assert_true(folder_make(under_root("locked"), NULL));
    assert_int_equal(chmod(under_root("locked"), 0500), 0);
    if (access(under_root("locked"), W_OK) != 0) {
        assert_false(file_write(under_root("locked/file"), "x", 1, &e));
        assert_int_equal(e.code, EXIT_ENVIRONMENT);
        assert_non_null(strstr(e.text, "locked"));
        assert_non_null(strstr(e.text, "--out DIR or ROOFLAB_RESULTS"));
    }
    chmod(under_root("locked"), 0700);
}

/* Neither a write nor a refused one leaves its temporary file behind. */
static void file_leaves_nothing(void **state)
{
    (void)state;
    assert_true(file_write(under_root("clean/a"), "1", 1, NULL));
    assert_true(folder_make(under_root("clean/b"), NULL));
    assert_false(file_write(under_root("clean/b"), "1", 1, NULL));
    char command[320];
    snprintf(command, sizeof command, "test $(ls -A %s | wc -l) -eq 2", under_root("clean"));
    assert_int_equal(system(command), 0);
}

static void folders_sorted(void **state)
{
    (void)state;
    const char *const files[] = {"list/b.comp", "list/a.comp", "list/.hidden.comp", "list/c.plan",
                                 "list/B.comp"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_true(file_write(under_root(files[i]), "", 0, NULL));
    size_t count = 99;
    char **names = folder_names(under_root("list"), ".comp", &count);
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "B.comp");
    assert_string_equal(names[1], "a.comp");
    assert_string_equal(names[2], "b.comp");
    assert_null(names[3]);
    names_free(names);
    names = folder_names(under_root("list"), NULL, &count);
    assert_int_equal(count, 4);
    names_free(names);
    names = folder_names(under_root("nowhere"), NULL, &count);
    assert_int_equal(count, 0);
    assert_null(names[0]);
    names_free(names);
    names_free(NULL);

    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/%03d", 99 - i);
        assert_true(file_write(under_root(name), "", 0, NULL));
    }
    names = folder_names(under_root("many"), NULL, &count);
    assert_int_equal(count, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(atoi(names[i]), i);
    names_free(names);
}

static void nearest_names(void **state)
{
    (void)state;
    static const char *const names[] = {"bias", "gelu", "dropout", "layernorm", "rows"};
    static const struct {
        const char *word, *near;
    } cases[] = {
        {"layernrom", "layernorm"}, {"gelu", "gelu"},   {"GELU", "gelu"}, {"gleu", "gelu"},
        {"dropuot", "dropout"},     {"row", "rows"},    {"geul", "gelu"}, {"ibsa", NULL},
        {"dropot", "dropout"},      {"softmax", NULL}, {"x", NULL},      {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *near = nearest_name(cases[i].word, names, 5);
        if (cases[i].near)
            assert_true(near && strcmp(near, cases[i].near) == 0);
        else
            assert_null(near);
    }
    char longer[5000];
    memset(longer, 'g', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_null(nearest_name(longer, names, 5));
    assert_null(nearest_name("gelu", NULL, 0));
}

static void slugs(void **state)
{
    (void)state;
    static const struct {
        const char *name, *slug;
    } cases[] = {
        {"llvmpipe (LLVM 15.0.6, 256 bits)", "llvmpipe-llvm-15.0.6-256-bits"},
        {"sim:B=320GB/s", "sim-b-320gb-s"}, {"a - b", "a-b"}, {"../../etc", "etc"}, {"..", "unnamed"},
        {"", "unnamed"}, {"C++", "c++"}, {"\xc2\xb5", "unnamed"}, {"--x", "x"},
    };
    char out[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        slug(out, sizeof out, cases[i].name);
        assert_string_equal(out, cases[i].slug);
    }
    slug(out, 5, "abc defgh");
    assert_string_equal(out, "abc");
    slug(out, 1, "abc");
    assert_string_equal(out, "");
}

static int root_make(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s", "/tmp/rooflab-test-text-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int root_remove(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_texts),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(small_helpers),
        cmocka_unit_test(file_roundtrip),
        cmocka_unit_test(file_refusals),
        cmocka_unit_test(file_leaves_nothing),
        cmocka_unit_test(folders_sorted),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(slugs),
    };
    return cmocka_run_group_tests(tests, root_make, root_remove);
}
