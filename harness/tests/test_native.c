/* The host processor as a device: chains are right in every grouping and at awkward sizes, the functions of
 * kernels/native.h are as exact as it says, compiled kernels are kept, and what goes wrong is told. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "harness/device/native.h"
#include "harness/kernel/chain.h"
#include "harness/kernel/chain_c.h"
#include "harness/measure/verify.h"
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

static char folder[] = "/tmp/rooflab-native-XXXXXX";

/* Compiled kernels go to the folder that the tests may keep things in, so that only the first run of them is slow. */
static int begin(void **state)
{
    (void)state;
    const char *kept = getenv("TEST_CACHE");
    setenv("XDG_CACHE_HOME", kept ? kept : mkdtemp(folder), 1);
    return 0;
}

static struct device *open_device(const char *spec)
{
    struct error e = {0};
    struct device *d = device_open(spec, &e);
    if (!d)
        fail_msg("%s", e.text);
    return d;
}

/* ---- chains ---- */

static void check_chain(struct device *d, const char *text, const char *grouping, uint64_t rows, uint64_t cols)
{
    struct error e = {0};
    int sizes[CHAIN_MAX];
    struct chain *c = chain_parse(text, &e);
    int groups = c ? chain_grouping(c, grouping, sizes, &e) : 0;
    struct chain_options o = {.rows = rows, .cols = cols};
    struct plan *p = groups ? chain_plan(c, sizes, groups, &d->info, &o, &e) : NULL;
    struct pool *pool = pool_open(d);
    struct workload *w = p ? workload_open(pool, p, &e) : NULL;
    struct verification v = {0};
    if (!w || !verify(w, VERIFY_ALL_ROWS, &v, &e))
        fail_msg("%s %s %llux%llu: %s", text, grouping, (unsigned long long)rows, (unsigned long long)cols, e.text);
    if (!v.passed)
        fail_msg("%s %s %llux%llu: %s", text, grouping, (unsigned long long)rows, (unsigned long long)cols, v.why);
    assert_int_equal(v.rows, rows);
    workload_close(w);
    pool_close(pool);
    chain_free(c);
}

static const struct {
    const char *chain, *groupings[4];
    uint64_t cols;
} chains[] = {
    {"layernorm|bias|gelu|dropout(0.1)", {"unfused", "2+2", "1+3", "fused"}, 1024},
    {"layernorm|bias|gelu|dropout(0.1)", {"unfused", "fused"}, 37},
    {"scale(1.5)|bias|relu|clamp(-1,1)", {"unfused", "fused"}, 101},
    {"bias|layernorm_affine|rmsnorm|add", {"fused", "2+2"}, 130},
    {"scale(0.5)|softmax", {"fused"}, 1},
    {"silu|mul|softmax|scale(3)", {"fused", "3+1"}, 77},
    {"gelu_erf|tanh|sigmoid|exp", {"fused"}, 64},
    {"scale(2)|to_f16|relu|bias|to_f32|scale(0.5)", {"2+2+2", "2+1+1+2", "fused"}, 75},
    {"to_f16|layernorm|to_f32", {"1+2", "fused"}, 90},
    {"rmsnorm|silu", {"fused"}, 5000},
};

static void check_all(struct device *d, uint64_t rows)
{
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        for (int k = 0; k < 4 && chains[i].groupings[k]; k++)
            check_chain(d, chains[i].chain, chains[i].groupings[k], rows, chains[i].cols);
    device_close(d);
}

static void chains_are_right(void **state)
{
    (void)state;
    check_all(open_device("native"), 13);
}

static void chains_are_right_past_the_caches(void **state)
{
    (void)state;
    struct device *d = open_device("native:threads=1");
    d->info.stream_bytes = 0;
    check_all(d, 7);
}

/* From 64 rows on map operators are walked flat, whatever the rows' length: column tensors begin again within a block. */
static void column_tensors_are_wrapped(void **state)
{
    (void)state;
    struct device *d = open_device("native:threads=3");
    const uint64_t cols[] = {1, 31, 32, 65, 257};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++) {
        check_chain(d, "scale(1.5)|bias|dropout(0.3)|add", "fused", 67, cols[i]);
        check_chain(d, "bias|gelu|silu|bias|tanh", "fused", 129, cols[i]);
    }
    device_close(d);
}

/* Plain x86-64 has no vector wider than four floats and no fma; only the processor that is named differs, not the results. */
static void another_processor_can_be_named(void **state)
{
    (void)state;
    setenv("ROOFLAB_MARCH", "no-such-processor", 1);
    struct device *d = device_open("native", NULL);
    struct compiled c;
    assert_non_null(d);
    assert_false(native_compile("test", "void kernel(const void *l) { (void)l; }", &c, NULL));
    device_close(d);
#if defined __x86_64__
    setenv("ROOFLAB_MARCH", "x86-64", 1);
    d = open_device("native");
    assert_int_equal(d->info.vector_floats, 4);
    assert_non_null(strstr(d->info.driver, "-march=x86-64"));
    check_chain(d, "layernorm|bias|gelu|dropout(0.1)", "fused", 13, 130);
    check_chain(d, "scale(0.5)|softmax", "fused", 7, 33);
    device_close(d);
    setenv("ROOFLAB_MARCH", "x86-64-v3", 1);
    d = open_device("native");
    assert_int_equal(d->info.vector_floats, 8);
    device_close(d);
#endif
    unsetenv("ROOFLAB_MARCH");
}

static void more_threads_than_processors_do(void **state)
{
    (void)state;
    char spec[40];
    snprintf(spec, sizeof spec, "native:threads=%ld", sysconf(_SC_NPROCESSORS_ONLN) + 3);
    check_all(open_device(spec), 3); /* and more than rows */
}

/* Ablations compute something else, on purpose; they must run, and the window must not be stored past the caches. */
static void ablations_run(void **state)
{
    (void)state;
    struct device *d = open_device("native");
    struct error e = {0};
    struct chain *c = chain_parse("layernorm|bias|add|softmax", &e);
    int sizes[] = {4};
    for (int a = ABLATE_WINDOW; a <= ABLATE_COPY; a++) {
        struct chain_options o = {.rows = 3000, .cols = 1000, .ablation = (enum ablation)a};
        struct plan *p = chain_plan(c, sizes, 1, &d->info, &o, &e);
        assert_non_null(p);
        assert_int_equal(p->steps[0].push[1], a == ABLATE_COPY);
        struct pool *pool = pool_open(d);
        struct workload *w = workload_open(pool, p, &e);
        if (!w || !workload_warm(w, true, &e))
            fail_msg("%s", e.text);
        workload_close(w);
        pool_close(pool);
    }
    chain_free(c);
    device_close(d);
}

/* ---- functions ---- */

enum { VALUES = 200000 };

/* Runs y = name(x) over the values by a kernel of its own. */
static void map_values(struct device *d, const char *name, const float *x, float *y)
{
    struct error e = {0};
    struct text t = {0};
    text_add(&t, "%s\nKERNEL void kernel(const struct launch *l)\n{\n"
                 "    const float *x = l->buffer[0];\n    float *y = l->buffer[1];\n"
                 "    for (size_t i = l->worker; i < l->push[0]; i += l->workers)\n        y[i] = %s(x[i]);\n}\n",
             native_prelude(&e), name);
    struct program_source s = {.label = name, .language = LANGUAGE_C, .c = t.s, .binding_count = 2};
    struct program *p = device_program(d, &s, &e);
    struct buffer *in = device_buffer(d, VALUES * 4, &e), *out = device_buffer(d, VALUES * 4, &e);
    struct dispatch list = {.program = p, .views = {{in, 0, 0}, {out, 0, 0}}, .view_count = 2, .push = {VALUES}};
    struct sequence *q = p ? device_sequence(d, &list, 1, false, &e) : NULL;
    struct timing time;
    if (!q || !device_upload(d, in, 0, x, VALUES * 4, &e) || !device_run(d, q, &time, &e) ||
        !device_download(d, out, 0, y, VALUES * 4, &e))
        fail_msg("%s", e.text);
    device_sequence_free(d, q);
    device_program_free(d, p);
    device_buffer_free(d, in);
    device_buffer_free(d, out);
    text_free(&t);
}

static double inverse_sqrt(double x)
{
    return 1 / sqrt(x);
}

static const struct {
    const char *name;
    double (*exact)(double);
    double low, high, ulp;
    bool by_exponent; /* the values' logarithms are spread evenly, not they themselves */
} functions[] = {
    {"exp", exp, -87, 88.7, 1, false},         {"exp", exp, -1, 1, 1, false},
    {"log", log, 1e-37, 3e38, 1, true},        {"log", log, 0.5, 2, 1, false},
    {"tanh", tanh, -12, 12, 2, false},         {"tanh", tanh, 1e-30, 1, 2, true},
    {"erf", erf, -5, 5, 1, false},             {"erf", erf, 1e-30, 1, 1, true},
    {"inversesqrt", inverse_sqrt, 1e-37, 3e38, 2, true},
    {"sqrt", sqrt, 1e-37, 3e38, 0.5, true},
};

/* The distance from one float to the next, at y. */
static double unit(double y)
{
    float f = fabsf((float)y);
    return (double)nextafterf(f, INFINITY) - f;
}

static void functions_are_as_exact_as_they_say(void **state)
{
    (void)state;
    struct device *d = open_device("native");
    float *x = need(VALUES * sizeof *x), *y = need(VALUES * sizeof *y);
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        double worst = 0, at = 0, low = functions[k].low, high = functions[k].high;
        for (int i = 0; i < VALUES; i++) {
            double part = (double)i / (VALUES - 1);
            x[i] = (float)(functions[k].by_exponent ? low * pow(high / low, part) : low + (high - low) * part);
        }
        map_values(d, functions[k].name, x, y);
        for (int i = 0; i < VALUES; i++) {
            double want = functions[k].exact(x[i]), off = fabs(y[i] - want) / unit(want);
            if (!(off <= worst)) {
                worst = off;
                at = x[i];
            }
        }
        print_message("%-12s %8.3g to %8.3g: %.2f ulp at %.9g\n", functions[k].name, low, high, worst, at);
        if (!(worst <= functions[k].ulp))
            fail_msg("%s(%.9g) is off by %.2f ulp, not %.1f", functions[k].name, at, worst, functions[k].ulp);
    }
    free(x);
    free(y);
    device_close(d);
}

/* ---- commands and buffers ---- */

static void copies_and_fills_keep_to_their_range(void **state)
{
    (void)state;
    struct device *d = open_device("native:threads=3");
    struct error e = {0};
    enum { WORDS = 5003, FROM = 16, COUNT = 4099 };
    uint32_t words[WORDS];
    struct buffer *a = device_buffer(d, sizeof words, &e), *b = device_buffer(d, sizeof words, &e);
    for (int stream = 0; stream < 2; stream++) {
        d->info.stream_bytes = stream ? 0 : UINT64_MAX;
        struct dispatch list[] = {
            {.kind = DISPATCH_FILL, .views = {{a, 0, 0}}, .view_count = 1, .fill = 7},
            {.kind = DISPATCH_FILL, .views = {{b, 0, 0}}, .view_count = 1, .fill = 9},
            {.kind = DISPATCH_COPY, .views = {{a, 4, COUNT * 4}, {b, FROM * 4, COUNT * 4}}, .view_count = 2},
        };
        struct sequence *q = device_sequence(d, list, 3, true, &e);
        struct timing t;
        assert_non_null(q);
        assert_true(device_run(d, q, &t, &e));
        assert_true(t.total_ns >= t.step_ns[0] + t.step_ns[1] + t.step_ns[2] && t.step_ns[2] > 0);
        assert_true(device_download(d, b, 0, words, sizeof words, &e));
        for (int i = 0; i < WORDS; i++)
            assert_int_equal(words[i], i >= FROM && i < FROM + COUNT ? 7 : 9);
        device_sequence_free(d, q);
    }
    assert_false(device_upload(d, a, sizeof words - 4, words, 8, &e));
    assert_says(e.text, "beyond a buffer of");
    struct dispatch beyond = {.kind = DISPATCH_FILL, .views = {{a, 8, sizeof words}}, .view_count = 1};
    assert_null(device_sequence(d, &beyond, 1, false, &e));
    device_buffer_free(d, a);
    device_buffer_free(d, b);
    device_close(d);
}

/* ---- compiling ---- */

static size_t kept_objects(void)
{
    char path[4096];
    size_t n;
    snprintf(path, sizeof path, "%s/rooflab", getenv("XDG_CACHE_HOME"));
    names_free(folder_names(path, ".so", &n));
    return n;
}

static void kernels_are_compiled_once(void **state)
{
    (void)state;
    char old[4096], own[] = "/tmp/rooflab-native-XXXXXX";
    snprintf(old, sizeof old, "%s", getenv("XDG_CACHE_HOME"));
    setenv("XDG_CACHE_HOME", mkdtemp(own), 1);
    static const char *const texts[] = {"struct launch; __attribute__((visibility(\"default\"))) void kernel(const struct launch *l) {}",
                                        "struct launch; __attribute__((visibility(\"default\"))) void kernel(const struct launch *l) { ; }"};
    static const int wanted[] = {0, 0, 1, 0};
    static const size_t objects[] = {1, 1, 2, 2};
    for (int i = 0; i < 4; i++) {
        struct compiled c;
        struct error e = {0};
        if (!native_compile("test", texts[wanted[i]], &c, &e))
            fail_msg("%s", e.text);
        c.kernel(NULL);
        native_unload(&c);
        assert_int_equal(kept_objects(), objects[i]);
    }
    setenv("ROOFLAB_MARCH", "x86-64", 1); /* other flags are another program, or an error where that is no processor */
    struct compiled c;
    if (native_compile("test", texts[0], &c, NULL))
        native_unload(&c);
    unsetenv("ROOFLAB_MARCH");
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", own);
    assert_int_equal(system(command), 0);
    setenv("XDG_CACHE_HOME", old, 1);
}

static void compile_error(const char *text, int code, const char *says)
{
    struct compiled c;
    struct error e = {0};
    assert_false(native_compile("my kernel", text, &c, &e));
    assert_int_equal(e.code, code);
    assert_says(e.text, says);
}

static void what_goes_wrong_is_told(void **state)
{
    (void)state;
    compile_error("void kernel( { }", EXIT_CHECK, "my kernel does not compile|error");
    compile_error("int nothing;", EXIT_CHECK, "my kernel defines no kernel()|kernels/native.h");
    setenv("ROOFLAB_CC", "no-such-compiler", 1);
    compile_error("int other;", EXIT_ENVIRONMENT, "'no-such-compiler', which cannot be run|apt install gcc|ROOFLAB_CC");
    unsetenv("ROOFLAB_CC");
    char old[4096];
    snprintf(old, sizeof old, "%s", getenv("XDG_CACHE_HOME"));
    setenv("XDG_CACHE_HOME", "/proc/nothing", 1);
    compile_error("int third;", EXIT_ENVIRONMENT, "/proc/nothing/rooflab, cannot be written|XDG_CACHE_HOME");
    setenv("XDG_CACHE_HOME", old, 1);
}

static void settings_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"native:threads=0", "native:threads=", "native:threads=2x", "native:cores=2",
                                        "native:threads=100000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error e = {0};
        assert_null(device_open(wrong[i], &e));
        assert_int_equal(e.code, EXIT_USAGE);
        assert_says(e.text, "native:threads=N");
    }
    struct device *d = open_device("native:threads=2");
    struct error e = {0};
    struct program_source s = {.label = "softmax", .language = LANGUAGE_GLSL};
    assert_string_equal(d->info.kind, "CPU");
    assert_string_equal(d->info.clock, "host clock");
    assert_int_equal(d->info.threads, 2);
    assert_false(device_is_software(&d->info));
    assert_null(device_program(d, &s, &e));
    assert_int_equal(e.code, EXIT_ENVIRONMENT);
    assert_says(e.text, "softmax is written in GLSL");
    device_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(kernels_are_compiled_once),
        cmocka_unit_test(what_goes_wrong_is_told),
        cmocka_unit_test(copies_and_fills_keep_to_their_range),
        cmocka_unit_test(functions_are_as_exact_as_they_say),
        cmocka_unit_test(chains_are_right),
        cmocka_unit_test(chains_are_right_past_the_caches),
        cmocka_unit_test(column_tensors_are_wrapped),
        cmocka_unit_test(another_processor_can_be_named),
        cmocka_unit_test(more_threads_than_processors_do),
        cmocka_unit_test(ablations_run),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
