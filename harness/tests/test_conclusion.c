/* What an experiment's sentence tells of its ladders: the best rung, why the order inverts, a model, a rival over a sweep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/measure/experiment_parts.h"
#include "harness/tests/support_kernel.h"

static const struct experiment plain = {0}, tokens = {.each = "token"};

static struct run *add_rung(struct record *r, const char *kernel, double ms, double issued, double accesses)
{
    struct run *run = record_add_run(r);
    run->group = need_string("square");
    run->kernel = need_string(kernel);
    run->binds = need_string("arithmetic");
    run->status = RUN_OK;
    run->time_ns = (struct interval){ms * 1e6, ms * 0.99e6, ms * 1.01e6, 12};
    run->flops = 1e9;
    run->roof_ns = 1e6;
    run->tolerance = 1e-5;
    run->bytes_compulsory = 1e6;
    run->bytes_issued = issued;
    run->accesses = accesses;
    run->bytes_shared = run->barriers = 0;
    return run;
}

static void what_a_model_does(void **state)
{
    (void)state;
    struct record r = {.device = need_string("toy")};
    struct run *best = add_rung(&r, "toy/1-naive", 1.5, 1e6, 1e6);
    best->bound_ns = 287e3;
    best->first_ns = 12e6;
    best->start_ns = 2e6;
    best->ready_ns = 130e6;
    best->bytes_compulsory = 92.6e6;
    best->read_bytes_per_s = 31.8e9;
    best->read_share = 0.53;
    experiment_conclude(&tokens, &r);
    assert_says(r.conclusion, "One token takes 1.500 ms: 667 a second, 53 % of what moving its 92.6 MB once at 31.8 GB/s, the best reading "
                              "kernel's rate, would give; its bytes alone bound it at 3480; it is ready after 130.0 ms, the first took 2.000 ms.");
    record_clear(&r);
}

/* The conclusion tells the best rung, and where the order inverts, from the counts; a trap is no part of the order. */
static void why_the_order_inverts(void **state)
{
    (void)state;
    struct record r = {.device = need_string("toy")};
    r.provenance.device_kind = need_string("software");
    add_rung(&r, "gemm/1-naive", 100, 32e6, 8e6);
    struct run *shared = add_rung(&r, "gemm/2-shared", 150, 2e6, 8.8e6);
    shared->bytes_shared = 38e6;
    shared->barriers = 1e8;
    struct run *best = add_rung(&r, "gemm/3-registers", 10, 4e6, 1e6);
    best->bound_ns = 1e6;
    best->first_ns = 2e8;
    add_rung(&r, "gemm/9-trap", 1000, 4e6, 1e6)->tolerance = 0.3;
    experiment_conclude(&tokens, &r);
    assert_says(r.conclusion, "One token takes 10.00 ms: 100 a second; its bytes alone bound it at 1000; the first took 200.0 ms.");
    assert_says(r.conclusion, "On toy, square: 3-registers is the fastest at 100 GFLOP/s|at 10 % of the roof|1 of its 3 rungs is slower|"
                              "2-shared, which takes 1.5 times as long as 1-naive|16 times fewer bytes, but it executes 1.1 times as many|"
                              "95 % of their bytes in shared memory, which is ordinary memory|a barrier for every 10 operations.");
    record_clear(&r);
}

/* The rungs of a sweep over n, by their times at each value; 0: it did not run. */
static void add_swept(struct record *r, const char *kernel, uint64_t n, double ms, double temp_bytes)
{
    char group[32];
    struct run *run = add_rung(r, kernel, ms, 1e6, 1e6);
    snprintf(group, sizeof group, "length%d", (int)n);
    free(run->group);
    run->group = need_string(group);
    run->sweep_of = need_string("length");
    run->sweep_over = need_string("n");
    run->shapes = 1;
    run->shape[0] = (struct shape_entry){.name = "n", .value = n};
    run->temp_bytes = temp_bytes;
    run->status = ms > 0 ? RUN_OK : RUN_SKIPPED;
}

/* The fastest is held against the best of the others, and not only against the first rung. */
static void how_the_fastest_does_against_its_rival(void **state)
{
    (void)state;
    static const double ms[3][4] = {{4, 2, 3, 1}, {40, 20, 21, 20.2}, {0, 200, 300, 100}}; /* at the third value rung 1 is too slow */
    for (int lost = 1; lost >= 0; lost--) {
        struct record r = {.device = need_string("toy")};
        for (int i = 0; i < 3; i++) {
            uint64_t n = 100u << i;
            add_swept(&r, "attn/1-all", n, ms[i][0], 4e6);
            add_swept(&r, "attn/2-parts", n, lost && i == 0 ? 0.5 : ms[i][1], 1e6 * (i + 1));
            add_swept(&r, "attn/3-slow", n, ms[i][2], 0);
            add_swept(&r, "attn/4-flash", n, ms[i][3], 0);
        }
        experiment_conclude(&plain, &r);
        assert_says(r.conclusion, "at n=200 it is 2 times as fast as 1-all and needs 2.00 MB temporary memory instead of 4.00 MB");
        if (lost)
            assert_says(r.conclusion, "from n=100 on 2-parts is the fastest, from n=400 on 4-flash is the fastest|"
                                      "2-parts, the next best, is the faster one up to n=100: it takes from 0.50 (n=100) to 2.00 times the "
                                      "time (n=400), and 3.00 MB of temporary memory at n=400.");
        else
            assert_says(r.conclusion, "2-parts, the next best, wins nowhere: it takes from 0.99 (n=200) to 2.00 times the time (n=100)");
        record_clear(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_model_does),
        cmocka_unit_test(why_the_order_inverts),
        cmocka_unit_test(how_the_fastest_does_against_its_rival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
