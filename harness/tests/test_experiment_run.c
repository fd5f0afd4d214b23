/* Experiments as a whole, on machines on paper: what is measured, concluded and claimed of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/kernel/operator.h"
#include "harness/kernel/shader.h"
#include "harness/measure/experiment.h"
#include "harness/measure/provenance.h"
#include "harness/tests/support_experiment.h"
#include "harness/tests/support_kernel.h"
#include "roofline/tests/near.h"

static void an_experiment_on_paper(void **state)
{
    (void)state;
    struct record r = {0};
    struct error e = {0};
    struct experiment *x = read_right("title T\nbeyond 4\nrun g scale|relu|tanh|exp unfused 2+2 fused ablate beyond\n"
                                      "claim g.fused.speedup > 3.9\nclaim g.fused.speedup > 4.1\n"
                                      "claim g_large.fused.speedup > 1\n");
    struct device *d = device_open("sim:B=320GB/s,launch=0", &e);
    provenance_fill(&r, "experiment", d);
    if (!experiment_measure(x, d, &r, NULL, &e))
        fail_msg("%s", e.text);
    assert_string_equal(r.experiment, "my");
    assert_int_equal(r.run_count, 3);
    assert_near(r.runs[2].speedup.median, 4, 1e-6);
    assert_int_equal(r.claim_count, 2);
    assert_int_equal(r.claims[0].holds, 1);
    assert_int_equal(r.claims[1].holds, 0);
    assert_says(r.conclusion, "simulated machine|g: 8 memory passes became 2|4 kernels became one|4.00 times as fast|binds it is bytes");
    assert_int_equal(r.provenance.note_count, 2); /* no cache shows, so no larger tensor; its claim is left out */
    assert_says(r.provenance.notes[0], "no cache plateau");
    assert_int_equal(study_exit(&r), EXIT_OK);
    experiment_free(x);
    record_clear(&r);
    device_close(d);
}

static struct record measure_on(const struct experiment *x, const char *spec)
{
    struct record r = {0};
    struct error e = {0};
    struct device *d = device_open(spec, &e);
    provenance_fill(&r, "experiment", d);
    if (!experiment_measure(x, d, &r, NULL, &e))
        fail_msg("%s", e.text);
    device_close(d);
    return r;
}

/* On a machine on paper the line gives back what the machine was made of, and two machines cross where they must: at
 * 2 S/10 + 1000 = 2 S/100 + 20000 ns, S = 105556. */
static void a_series_on_paper(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 1KiB..128MiB\nseries copy copy\nseries soft softmax\nclaim copy.call.launch_ns < 2000\n"
                                      "claim soft.dispatch.bytes_per_s > 1e10 * 1.01\nchart sizes soft\n");
    assert_int_equal(x->size_count, 18);
    struct record small = measure_on(x, "sim:launch=1us,B=10GB/s"), large = measure_on(x, "sim:launch=20us,B=100GB/s");
    struct record *both[] = {&small, &large};
    assert_int_equal(small.run_count, 36);
    assert_int_equal(small.fit_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_near(small.fits[i].launch_ns.median, 1000, 1);
        assert_near(small.fits[i].bytes_per_s.median, 10e9, 10e6);
        assert_near(large.fits[i].launch_ns.median, 20000, 20);
        assert_near(large.fits[i].bytes_per_s.median, 100e9, 100e6);
    }
    assert_int_equal(small.claims[0].holds, 1);
    assert_int_equal(small.claims[1].holds, 0);
    assert_near(small.runs[0].tensor_bytes, 1024, 0);
    assert_near(small.runs[17].tensor_bytes, 128 << 20, 0);
    assert_int_equal(small.ceiling_count, 0);
    assert_says(small.conclusion, "a dispatch costs 1.000 us before its first byte; then bytes move at 10.0 GB/s");
    experiment_joint(both, 2);
    assert_int_equal(large.crossover_count, 4);
    for (int i = 0; i < 4; i++)
        assert_near(large.crossovers[i].bytes.median, 105556, 105);
    assert_says(large.joint, "copy: below 106 kB sim 10.0 GB/s wins, above it sim 100 GB/s.");
    assert_string_equal(small.joint, large.joint);
    experiment_free(x);
    record_clear(&small);
    record_clear(&large);
}

/* With noise the truth lies within the limits that the record tells, nearly always, and these are narrow. */
static void a_series_with_noise(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 1KiB..128MiB\nseries copy copy\n");
    int launch = 0, rate = 0;
    for (int seed = 1; seed <= 20; seed++) {
        char spec[80];
        snprintf(spec, sizeof spec, "sim:launch=5us,B=320GB/s,noise=2%%,seed=%d", seed);
        struct record r = measure_on(x, spec);
        const struct fit *f = &r.fits[0];
        launch += f->launch_ns.low < 5000 && 5000 < f->launch_ns.high;
        rate += f->bytes_per_s.low < 320e9 && 320e9 < f->bytes_per_s.high;
        assert_true(f->launch_ns.low > 5000 * 0.97 && f->launch_ns.high < 5000 * 1.03);
        assert_true(f->bytes_per_s.low > 320e9 * 0.97 && f->bytes_per_s.high < 320e9 * 1.03);
        record_clear(&r);
    }
    assert_in_range(launch, 16, 20);
    assert_in_range(rate, 16, 20);
    experiment_free(x);
}

/* What is sent comes back, at every size, and there is a sentence on it; a machine on paper holds nothing. */
static void transfers_come_back(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 4KiB 64KiB\ntransfer\nseries scale scale(2)\n");
    x->seconds = 0.1;
    struct record host = measure_on(x, "native:threads=1"), paper = measure_on(x, "sim:B=100GB/s");
    assert_int_equal(host.run_count, 6);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(host.runs[i].group, i < 2 ? "upload" : "readback");
        assert_true(host.runs[i].verified);
        assert_int_equal(host.runs[i].status, RUN_OK);
        assert_true(host.runs[i].call_ns.median > 0 && host.runs[i].call_ns.n >= 12);
        assert_int_equal(host.runs[i].time_ns.n, 0);
    }
    assert_near(experiment_round_trip_ns(&host, 4096), host.runs[0].call_ns.median + host.runs[2].call_ns.median, 1e-6);
    assert_true(isnan(experiment_round_trip_ns(&host, 4000)));
    assert_says(host.conclusion, "bringing 65.5 kB to the device and back|dispatches of scale(2)|fusion pays for a round trip where");
    assert_says(host.provenance.notes[0], "the host's own memory");
    assert_int_equal(paper.runs[0].status, RUN_UNSUPPORTED);
    assert_says(paper.runs[0].why, "holds no data");
    experiment_free(x);
    record_clear(&host);
    record_clear(&paper);
}

/* Sending 64 KiB takes 2 us each way; a call takes 10 us there and 16 us here: 4 us of way against 6 us of gain. */
static void sending_work_away_is_weighed(void **state)
{
    (void)state;
    struct record far = {0}, host = {0};
    struct record *both[] = {&far, &host};
    far.device = need_string("far device");
    host.device = need_string("host");
    host.provenance.device_kind = need_string("CPU");
    for (int i = 0; i < 2; i++) {
        static const char *const groups[] = {"upload", "readback", "scale"};
        for (int k = 0; k < 3; k++) {
            struct run *r = record_add_run(both[i]);
            double ns = k < 2 ? 2000 : i ? 16000 : 10000;
            r->group = need_string(groups[k]);
            r->kernel = need_string(groups[k]);
            r->chain = k == 2 ? need_string("scale") : NULL;
            r->tensor_bytes = 65536;
            r->call_ns = (struct interval){ns, ns, ns, 12};
        }
    }
    experiment_joint(both, 2);
    assert_says(far.joint, "Sending 65.5 kB to far device for one call of scale takes 14.00 us|16.00 us on the host|from 1 such calls");
    assert_int_equal(far.crossover_count, 0);
    record_clear(&far);
    record_clear(&host);
}

/* 30 ms and then 1 ms a call, against 200 ms and 0.5 ms: caught up after 340 calls. */
static void compiling_is_paid_back(void **state)
{
    (void)state;
    struct record quick = {0}, slow = {0};
    struct record *both[] = {&slow, &quick};
    const double cold[] = {200e6, 30e6}, later[] = {0.5e6, 1e6};
    quick.device = need_string("quick");
    slow.device = need_string("slow");
    for (int i = 0; i < 2; i++) {
        struct run *r = record_add_run(both[i]);
        r->group = need_string("relu");
        r->tensor_bytes = 65536;
        r->call_ns = (struct interval){later[i], later[i], later[i], 12};
        r->cold_ns = (struct interval){cold[i], cold[i], cold[i], 3};
    }
    experiment_joint(both, 2);
    assert_says(slow.joint, "With empty caches quick is the first|30.00 ms against 200.0 ms of slow|faster on slow, which has caught up after 340");
    record_clear(&quick);
    record_clear(&slow);
}

/* Once, in this process: what the children do. */
static void first_runs_are_seen_once(void **state)
{
    (void)state;
    struct record r = {0};
    struct error e = {0};
    struct experiment *x = read_right("tensor 64KiB\nfirst a copy\nfirst b relu|tanh\n");
    struct device *d = device_open("native:threads=1", &e);
    assert_true(experiment_once(x, d, &r, &e));
    assert_int_equal(r.run_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(r.runs[i].first_ns >= r.runs[i].compile_ns && r.runs[i].compile_ns > 0);
        assert_true(r.runs[i].time_ns.median > 0);
    }
    device_close(d);
    experiment_free(x);
    record_clear(&r);
}

/* Two sizes make no line, but an order: 1 us and 20 us of launch decide at 4 KiB, bytes at 16 MiB. */
static void an_order_of_devices(void **state)
{
    (void)state;
    struct experiment *x = read_right("sizes 4KiB 16MiB\nseries copy copy\nseries relu relu\n");
    struct record slow = measure_on(x, "sim:launch=30us,B=10GB/s"), fast = measure_on(x, "sim:launch=20us,B=100GB/s");
    struct record *both[] = {&slow, &fast};
    experiment_joint(both, 2);
    assert_int_equal(slow.fit_count, 0);
    assert_says(slow.joint, "should use sim 100 GB/s first: it is the fastest for 4 of 4 works; then sim 10.0 GB/s, which takes");
    assert_null(slow.crossovers[0].above);
    experiment_free(x);
    record_clear(&slow);
    record_clear(&fast);
}

static int forget(void **state)
{
    operators_forget();
    shader_forget();
    return house_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_experiment_on_paper),
        cmocka_unit_test(a_series_on_paper),
        cmocka_unit_test(a_series_with_noise),
        cmocka_unit_test(transfers_come_back),
        cmocka_unit_test(sending_work_away_is_weighed),
        cmocka_unit_test(compiling_is_paid_back),
        cmocka_unit_test(first_runs_are_seen_once),
        cmocka_unit_test(an_order_of_devices),
    };
    return cmocka_run_group_tests(tests, house_make, forget);
}
