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

/* The plan of a shader's text, instrumented without running. */
static struct plan *dry(const char *glsl, bool *runnable, char why[200], struct traffic *t)
{
    char path[] = "/tmp/foreign-XXXXXX";
    struct foreign_options o = {.size = 64};
    struct error e = {0};
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, glsl, strlen(glsl)), strlen(glsl));
    close(file);
    struct plan *p = foreign_plan(path, &o, runnable, why, &e);
    unlink(path);
    if (!p || !traffic_dry(p, true, t, &e))
        fail_msg("%s", e.text);
    return p;
}

static void expect_unbound(const char *glsl, const char *says)
{
    bool runnable;
    char why[200];
    struct traffic t;
    struct plan *p = dry(glsl, &runnable, why, &t);
    assert_false(runnable);
    assert_non_null(strstr(why, says));
    traffic_free(&t);
    plan_free(p);
}

static void what_cannot_be_bound_is_still_instrumented(void **state)
{
    (void)state;
    expect_unbound("#version 450\nlayout(push_constant) uniform P { vec4 v[16]; };\n"
                   "layout(binding = 0) buffer Y { vec4 y[]; };\nvoid main() { y[0] = v[15]; }\n",
                   "128 bytes of push constants");
    expect_unbound("#version 450\nlayout(binding = 0, rgba8) uniform writeonly imageBuffer y;\n"
                   "void main() { imageStore(y, 0, vec4(1)); }\n",
                   "texel format");
    expect_unbound("#version 450\nlayout(binding = 0) buffer Y { float y[]; } y[2];\nvoid main() { y[1].y[0] = 1.0; }\n",
                   "an array of");
}

/* One binding, two kinds: legal to write, and a crash where it is bound as one of them. */
static void kinds_that_share_a_binding_are_not_run(void **state)
{
    (void)state;
    static const char glsl[] = "#version 450\nlayout(binding = 0) buffer C { uint c; };\n"
                               "layout(binding = 0, r32ui) uniform writeonly uimageBuffer y;\n"
                               "void main() { imageStore(y, int(atomicAdd(c, 1u)), uvec4(1)); }\n";
    bool runnable;
    char why[200];
    struct traffic t;
    struct plan *p = dry(glsl, &runnable, why, &t);
    assert_false(runnable);
    assert_non_null(strstr(why, "another kind"));
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
    bool runnable;
    char why[200];
    struct traffic t;
    struct plan *p = dry(glsl, &runnable, why, &t);
    assert_true(runnable);
    assert_int_equal(p->tensor_count, 3);
    assert_int_equal(p->tensors[0].type, TYPE_U32);
    assert_int_equal(p->tensors[1].type, TYPE_U32);
    assert_int_equal(p->tensors[2].type, TYPE_F32);
    traffic_free(&t);
    plan_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_bound_is_still_instrumented),
        cmocka_unit_test(kinds_that_share_a_binding_are_not_run),
        cmocka_unit_test(integers_in_blocks_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
