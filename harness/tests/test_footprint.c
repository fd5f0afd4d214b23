/* Compulsory bytes by hand against the maps, faults with their lines, on the default device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/text.h"
#include "harness/tests/support_spirv.h"

struct footprint_run {
    struct support_run run;
    struct footprint_bytes bytes[SUPPORT_BUFFERS];
};

/* Runs with footprint and reads the maps; target i is binding i in all these shaders. */
static void execute(struct footprint_run *f)
{
    struct support_run *r = &f->run;
    struct error e = {0};
    uint64_t sizes[SUPPORT_BUFFERS];
    if (!support_device())
        skip();
    r->footprint = true;
    for (int i = 0; i < SUPPORT_BUFFERS && r->bytes[i]; i++) {
        float *data = need(r->bytes[i]);
        for (uint64_t k = 0; k < r->bytes[i] / 4; k++)
            data[k] = (float)k;
        r->data[i] = data;
        sizes[i] = r->view[i] ? r->view[i] : r->bytes[i];
    }
    if (!support_execute(r, &e))
        fail_msg("%s: %s", r->shader, e.text);
    footprint_read(&r->in, sizes, r->lab, f->bytes);
    for (uint32_t i = 0; i < r->in.target_count; i++)
        assert_int_equal(r->in.targets[i].binding, i);
}

static void finish(struct footprint_run *f)
{
    support_clear(&f->run);
    for (int i = 0; i < SUPPORT_BUFFERS; i++)
        free(f->run.data[i]);
}

static uint32_t no_faults(const struct footprint_run *f)
{
    struct fault faults[LAB_RECORD_COUNT];
    uint32_t all;
    footprint_faults(&f->run.in, f->run.lab, faults, &all);
    return all;
}

static void copy_touches_each_word_once(void **state)
{
    (void)state;
    uint64_t n = 1003; /* the last sector and the last word of the map are not full */
    struct footprint_run f = {.run = {.shader = "copy",
                                      .bytes = {4 * n, 4 * n},
                                      .push = {(uint32_t)n},
                                      .push_words = 1,
                                      .groups = {16, 1, 1}}};
    execute(&f);
    assert_true(f.run.same);
    assert_int_equal(f.bytes[0].read_first, 4 * n);
    assert_int_equal(f.bytes[0].written, 0);
    assert_int_equal(f.bytes[1].read_first, 0);
    assert_int_equal(f.bytes[1].written, 4 * n);
    assert_int_equal(f.bytes[0].compulsory + f.bytes[1].compulsory, 8 * n);
    assert_int_equal(f.bytes[0].sectors, 4 * n);
    assert_int_equal(no_faults(&f), 0);
    finish(&f);
}

static void gemm_reads_each_matrix_once(void **state)
{
    (void)state;
    static const char *const shaders[] = {"gemm_naive", "gemm_tiled"};
    for (int i = 0; i < 2; i++) {
        uint64_t n = 64;
        struct footprint_run f = {.run = {.shader = shaders[i],
                                          .bytes = {4 * n * n, 4 * n * n, 4 * n * n},
                                          .push = {(uint32_t)n},
                                          .push_words = 1,
                                          .groups = {8, 8, 1}}};
        if (i == 1)
            f.run.groups[0] = f.run.groups[1] = 4;
        execute(&f);
        assert_true(f.run.same);
        assert_int_equal(f.run.totals.flops[1], 2 * n * n * n); /* marks count nothing */
        for (int b = 0; b < 3; b++)
            assert_int_equal(f.bytes[b].compulsory, 4 * n * n);
        assert_int_equal(f.bytes[2].read_first, 0);
        assert_int_equal(no_faults(&f), 0);
        finish(&f);
    }
}

static void in_place_counts_twice_and_scratch_once(void **state)
{
    (void)state;
    uint64_t n = 256;
    struct footprint_run f = {
        .run = {.shader = "inplace", .bytes = {4 * n, 4 * n, 16 * n / 8}, .groups = {4, 1, 1}}};
    execute(&f);
    assert_true(f.run.same);
    assert_int_equal(f.bytes[0].read_first, 4 * n);
    assert_int_equal(f.bytes[0].written, 4 * n);
    assert_int_equal(f.bytes[1].read_first, 0); /* read back only after it was written */
    assert_int_equal(f.bytes[1].written, 4 * n);
    assert_int_equal(f.bytes[2].read_first, n / 8 * 4); /* one float of each vec4 */
    assert_int_equal(f.bytes[2].sectors, n / 8 * 16);   /* but every sector */
    finish(&f);
}

static void order_holds_across_a_barrier(void **state)
{
    (void)state;
    uint64_t n = 1024;
    struct footprint_run f = {.run = {.shader = "exchange", .bytes = {4 * n, 4 * n}, .groups = {16, 1, 1}}};
    execute(&f);
    assert_true(f.run.same);
    assert_int_equal(f.bytes[0].read_first, 0);
    assert_int_equal(f.bytes[0].written, 4 * n);
    assert_int_equal(f.bytes[1].written, 4 * n);
    finish(&f);
}

/* Structures: x is read in parts, y stored whole; padding is not marked. Layout std430: Inner 32 bytes (vec3,
 * float, mat2 row-major in X), Outer: id at 0, in_ at 16 and 48, tail at 80, stride 96. */
static void structures_mark_their_members(void **state)
{
    (void)state;
    uint64_t n = 32;
    struct footprint_run f = {.run = {.shader = "structs",
                                      .debug = true,
                                      .bytes = {16 + 96 * n, 96 * n, 48},
                                      .kind = {0, 0, BIND_UNIFORM},
                                      .groups = {1, 1, 1}}};
    execute(&f);
    assert_true(f.run.same);
    assert_int_equal(f.run.in.mix.not_counted_count, 0);
    /* head; and of each: id, the second Inner whole, one float of the first's matrix */
    assert_int_equal(f.bytes[0].read_first, 4 + n * (4 + 32 + 4));
    assert_int_equal(f.bytes[0].written, 0);
    /* the whole structure; its matrix element is read only after that */
    assert_int_equal(f.bytes[1].read_first, 0);
    assert_int_equal(f.bytes[1].written, n * 72);
    /* std140: the matrix's columns are 16 bytes apart, 8 of which are padding */
    assert_int_equal(f.bytes[2].read_first, 32);
    assert_int_equal(f.bytes[2].sectors, 48);
    assert_int_equal(no_faults(&f), 0);
    finish(&f);
}

static void texel_buffers_are_marked_by_texel(void **state)
{
    (void)state;
    uint64_t n = 100, covered = 90;
    struct footprint_run f = {.run = {.shader = "texel",
                                      .debug = true,
                                      .bytes = {16 * n, 16 * n},
                                      .view = {0, 16 * covered},
                                      .kind = {BIND_TEXEL_READ, BIND_TEXEL_WRITE},
                                      .push = {(uint32_t)n},
                                      .push_words = 1,
                                      .groups = {2, 1, 1}}};
    struct fault faults[LAB_RECORD_COUNT];
    uint32_t all;
    execute(&f);
    assert_int_equal(f.run.totals.resources[0].bytes_loaded, 16 * n);
    assert_int_equal(f.run.totals.resources[1].bytes_stored, 16 * n);
    assert_int_equal(f.bytes[0].read_first, 16 * n);
    assert_int_equal(f.bytes[1].written, 16 * covered);
    footprint_faults(&f.run.in, f.run.lab, faults, &all);
    assert_int_equal(all, n - covered);
    assert_in_range(faults[0].index, covered, n - 1);
    assert_int_equal(faults[0].site->line.line, 10);
    finish(&f);
}

/* Row-major matrices: a column's components lie a row apart. The last invocation writes behind the buffer. */
static void matrices_are_marked_by_their_layout(void **state)
{
    (void)state;
    uint64_t n = 32; /* a: mat3x4 row-major: 4 rows of 16 bytes, 12 used; b: mat3: 3 columns of 16, 12 used */
    struct footprint_run f = {.run = {.shader = "matrices",
                                      .debug = true,
                                      .bytes = {16 * 8 + 16 + 16 * 4, 64 * n, 48 * n},
                                      .kind = {BIND_UNIFORM},
                                      .groups = {1, 1, 1}}};
    struct fault faults[LAB_RECORD_COUNT];
    uint32_t all;
    execute(&f);
    /* Every a.m[i] is read whole; which of its words were written before depends on the neighbours' order. */
    assert_in_range(f.bytes[1].touched, 48 * n, 48 * n);
    assert_in_range(f.bytes[1].read_first, 48 * n - 20 * n, 48 * n);
    assert_int_equal(f.bytes[2].written, 36 * n);
    footprint_faults(&f.run.in, f.run.lab, faults, &all);
    assert_int_equal(all, 4); /* one column: four rows */
    assert_int_equal(faults[0].index, n);
    assert_int_equal(faults[0].target, 1);
    finish(&f);
}

static void faults_have_place_and_line(void **state)
{
    (void)state;
    struct footprint_run f = {.run = {.shader = "shared_faults",
                                      .debug = true,
                                      .bytes = {128, 128},
                                      .push = {1},
                                      .push_words = 1,
                                      .groups = {1, 1, 1}}};
    struct fault faults[LAB_RECORD_COUNT];
    uint32_t all, shared = 0, stores = 0;
    struct support_run *r = &f.run;
    struct error e = {0};
    if (!support_device())
        skip();
    /* The plain shader reads behind shared memory: only the instrumented one is safe to run. */
    r->footprint = r->instrumented_only = true;
    for (int i = 0; i < 2; i++)
        r->data[i] = need(128);
    if (!support_execute(r, &e))
        fail_msg("%s", e.text);
    uint32_t count = footprint_faults(&r->in, r->lab, faults, &all);
    assert_int_equal(all, 2);
    assert_int_equal(count, 2);
    for (uint32_t i = 0; i < count; i++) {
        const struct site *s = faults[i].site;
        char file[64];
        assert_string_equal(lines_file(&r->in.module, s->line.file, file, sizeof file),
                            "harness/tests/spirv/shared_faults.comp");
        if (s->target == SITE_SHARED) {
            shared++;
            assert_int_equal(faults[i].index, 32);
            assert_int_equal(s->line.line, 13);
            assert_false(s->writes);
        } else {
            stores++;
            assert_int_equal(faults[i].target, 1);
            assert_int_equal(faults[i].index, 131);
            assert_int_equal(s->line.line, 15);
            assert_true(s->writes);
        }
    }
    assert_int_equal(shared, 1);
    assert_int_equal(stores, 1);
    finish(&f);
}

/* A binding shorter than its buffer: what counts is what the descriptor covers. */
static void bounds_are_those_of_the_binding(void **state)
{
    (void)state;
    uint64_t n = 256;
    struct footprint_run f = {.run = {.shader = "copy",
                                      .bytes = {4 * n, 4 * n},
                                      .view = {0, 4 * (n - 6)},
                                      .push = {(uint32_t)n},
                                      .push_words = 1,
                                      .groups = {4, 1, 1}}};
    struct fault faults[LAB_RECORD_COUNT];
    uint32_t all;
    execute(&f);
    footprint_faults(&f.run.in, f.run.lab, faults, &all);
    assert_int_equal(all, 6);
    for (uint32_t i = 0; i < all; i++) {
        assert_int_equal(faults[i].target, 1);
        assert_in_range(faults[i].index, n - 6, n - 1);
    }
    assert_int_equal(f.bytes[1].written, 4 * (n - 6));
    finish(&f);
}

/* Blocks with many accesses mark them in one loop: the order and the places are those of the accesses all the same. */
static void marks_that_wait_keep_their_order(void **state)
{
    (void)state;
    struct footprint_run f = {
        .run = {.shader = "many", .debug = true, .bytes = {4 * 256, 4 * 32, 16 * 96}, .groups = {1, 1, 1}}};
    struct fault faults[LAB_RECORD_COUNT];
    uint32_t all;
    execute(&f);
    assert_true(f.run.same);
    assert_true(f.run.in.row_count >= 16);
    assert_int_equal(f.bytes[0].read_first, 4 * 256);
    assert_int_equal(f.bytes[0].written, 4 * 32);
    assert_int_equal(f.bytes[1].read_first, 0); /* the neighbour's, behind the barrier */
    assert_int_equal(f.bytes[1].written, 4 * 32);
    assert_int_equal(f.bytes[2].read_first, 16 * 32);
    assert_int_equal(f.bytes[2].written, 16 * 64 + 4 * 32);
    uint32_t count = footprint_faults(&f.run.in, f.run.lab, faults, &all);
    assert_int_equal(all, 32);
    assert_int_equal(count, 32);
    for (uint32_t i = 0; i < count; i++) {
        assert_in_range(faults[i].index, 300, 331);
        assert_int_equal(faults[i].target, 0);
        assert_int_equal(faults[i].site->line.line, 17);
        assert_false(faults[i].site->writes);
    }
    finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_touches_each_word_once),
        cmocka_unit_test(gemm_reads_each_matrix_once),
        cmocka_unit_test(in_place_counts_twice_and_scratch_once),
        cmocka_unit_test(order_holds_across_a_barrier),
        cmocka_unit_test(structures_mark_their_members),
        cmocka_unit_test(texel_buffers_are_marked_by_texel),
        cmocka_unit_test(matrices_are_marked_by_their_layout),
        cmocka_unit_test(faults_have_place_and_line),
        cmocka_unit_test(bounds_are_those_of_the_binding),
        cmocka_unit_test(marks_that_wait_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
