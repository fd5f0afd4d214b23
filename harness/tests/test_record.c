/* The record: what is written reads back, what is missing is null, and no file, however bad, does harm. */
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
#include <jansson.h>

#include "harness/base/record.h"
#include "harness/base/text.h"

static char folder[] = "/tmp/rooflab-record-XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/record.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void fill_run(struct run *run)
{
    run->kernel = need_string("layernorm|bias");
    run->chain = need_string("layernorm|bias|gelu");
    run->variant = need_string("grouped");
    run->grouping = need(2 * sizeof *run->grouping);
    run->grouping[0] = 2;
    run->grouping[1] = 1;
    run->groupings = 2;
    run->shape[0] = (struct shape_entry){"rows", 15625};
    run->shape[1] = (struct shape_entry){"cols", 1024};
    run->shapes = 2;
    run->tensor_bytes = 64e6;
    run->verified = true;
    run->error_max = 0.1 + 0.2; /* needs all 17 digits */
    run->tolerance = 1e-3;
    run->time_ns = (struct interval){1234567.25, 1.2e6, 1.3e6, 3};
    run->stop = need_string("interval");
    run->first_ns = 2e6;
    run->samples = 40;
    run->samples_ns = need(40 * sizeof *run->samples_ns);
    for (int i = 0; i < 40; i++)
        run->samples_ns[i] = 1234567.25 + i / 3.0;
    for (int i = 0; i < OP_COUNT; i++)
        run->ops[i] = i;
    run->verdict = VERDICT_HOLDS;
    run->dispatches = 2;
    run->window_ns = 5e5;
    run->cache_resident = 0;
    run->speedup_over = need_string("unfused");
    run->speedup = (struct interval){3.5, 3.4, 3.6, 12};
    run->speedup_predicted = 4;
    run->call_ns = (struct interval){1.4e6, 1.3e6, 1.5e6, 12};
    run->page_faults = 2.5;
    run->no_counters = need_string("cycles: none here");
    run->cold_ns = (struct interval){3e8, 2e8, 4e8, 3};
    run->compile_ns = 2.5e8;
    run->ready_ns = 3e8;
    run->upload_ns = 1e8;
    run->start_ns = 2e6;
    run->each_per_s = 500;
    run->steady_bytes = 5e8;
    run->inout_bytes = 1e7;
    run->read_bytes_per_s = 3e10;
    run->read_share = 0.5;
}

static void fill_fits(struct record *r)
{
    struct fit *f = record_add_fit(r);
    f->group = need_string("copy");
    f->of = need_string("call");
    f->launch_ns = (struct interval){5000.5, 4900, 5100, 18};
    f->bytes_per_s = (struct interval){7e9, 6e9, 8e9, 18};
    f->deviation = 0.25;
    struct crossover *x = record_add_crossover(r);
    x->group = need_string("copy");
    x->of = need_string("call");
    x->below = need_string("the host");
    x->above = need_string("the GPU");
    x->bytes = (struct interval){65536.5, 6e4, 7e4, 18};
    record_add_crossover(r)->below = need_string("the host");
    r->joint = need_string("Below 64 KiB the host wins.");
}

static void fill_ceilings(struct record *r)
{
    struct ceiling *c = record_add_ceiling(r);
    *c = (struct ceiling){.kind = CEILING_BANDWIDTH, .mix = MIX_TRIAD, .via = VIA_NATIVE,
                          .access = ACCESS_VEC4, .workgroup = 256, .places = 4, .footprint_bytes = 64e6,
                          .value = {320e9, 319e9, 321e9, 12}};
    c = record_add_ceiling(r);
    *c = (struct ceiling){.kind = CEILING_COMPUTE, .type = "f32", .op = "mul+add", .width = 4, .chains = 8,
                          .value = {1e13, 0.9e13, 1.1e13, 12}};
    c = record_add_ceiling(r);
    *c = (struct ceiling){.kind = CEILING_LAUNCH, .value = {5000.5, 4900, 5100, 12}};
    c = record_add_ceiling(r);
    *c = (struct ceiling){.kind = CEILING_BANDWIDTH, .mix = MIX_COPY, .via = VIA_COMMAND}; /* it failed */
    *record_add_level(r) = (struct memory_level){
        .name = "last-level cache", .mix = MIX_COPY, .via = VIA_NATIVE, .access = ACCESS_PLAIN, .workgroup = 2, .places = 3,
        .from_bytes = 8e6, .to_bytes = 32e6, .rate = {44e9, 42e9, 45e9, 12}};
}

static void fill(struct record *r)
{
    r->schema = need_string("rooflab.experiment/1");
    r->experiment = need_string("fusion");
    r->title = need_string("Fusion \"pays\"\n\tby k*S/B \xe2\x80\x94 or does it?");
    r->each = need_string("token");
    r->device = need_string("sim");
    r->provenance.device = need_string("sim");
    r->provenance.load_average = 0.07;
    record_note(r, "the clock is %s", "a model");
    record_note(r, "second");
    fill_ceilings(r);
    fill_run(record_add_run(r));
    struct run *run = record_add_run(r);
    run->kernel = need_string("gemm/1-naive");
    run->status = RUN_UNSUPPORTED;
    run->why = need_string("no f16");
    struct run *step = run_add_step(&r->runs[0]);
    step->kernel = need_string("layernorm|bias");
    step->bytes_compulsory = 128e6;
    run_add_step(&r->runs[0])->kernel = need_string("gelu");
    fill_fits(r);
    struct claim *claim = record_add_claim(r);
    claim->text = need_string("fused < unfused");
    claim->name = need_string("faster");
    claim->holds = 1;
    claim->low = 3.4;
    record_add_claim(r)->holds = -1;
    r->conclusion = need_string("It holds.");
}

static void put(const char *text)
{
    struct error e = {0};
    assert_true(file_write(path, text, strlen(text), &e));
}

static void written_read_and_written_is_the_same(void **state)
{
    (void)state;
    struct record a = {0}, b = {0};
    struct error e = {0};
    fill(&a);
    char *first = record_json(&a);
    assert_true(record_write(&a, path, &e));
    if (!record_read(&b, path, &e))
        fail_msg("%s", e.text);
    char *second = record_json(&b);
    assert_string_equal(first, second);

    const struct run *run = &b.runs[0];
    assert_true(run->error_max == 0.1 + 0.2); /* to the last bit */
    for (int i = 0; i < 40; i++)
        assert_true(run->samples_ns[i] == 1234567.25 + i / 3.0);
    assert_int_equal(run->samples, 40);
    assert_int_equal(run->shape[1].value, 1024);
    assert_int_equal(run->grouping[1], 1);
    assert_int_equal(run->step_count, 2);
    assert_string_equal(run->steps[1].kernel, "gelu");
    assert_true(run->steps[0].bytes_compulsory == 128e6);
    assert_int_equal(run->verdict, VERDICT_HOLDS);
    assert_true(run->verified);
    assert_int_equal(b.runs[1].status, RUN_UNSUPPORTED);
    assert_string_equal(b.title, a.title);
    assert_string_equal(b.provenance.notes[1], "second");
    assert_true(run->call_ns.high == 1.5e6 && run->call_ns.n == 12);
    assert_true(run->page_faults == 2.5 && isnan(run->cycles));
    assert_string_equal(run->no_counters, "cycles: none here");
    assert_true(run->cold_ns.low == 2e8 && run->cached_ns.n == 0 && run->compile_ns == 2.5e8);
    assert_true(run->ready_ns == 3e8 && run->upload_ns == 1e8 && run->start_ns == 2e6 && isnan(run->programs_ns));
    assert_true(run->each_per_s == 500 && run->steady_bytes == 5e8 && run->inout_bytes == 1e7 && isnan(run->peak_bytes));
    assert_true(run->read_bytes_per_s == 3e10 && run->read_share == 0.5 && isnan(run->read_footprint_bytes));
    assert_true(isnan(b.runs[1].ready_ns) && isnan(b.runs[1].steady_bytes)); /* left out, and not 0 */
    assert_string_equal(b.each, "token");
    assert_int_equal(b.level_count, 1);
    assert_string_equal(b.levels[0].name, "last-level cache");
    assert_int_equal(b.levels[0].access, ACCESS_PLAIN);
    assert_int_equal(b.levels[0].places, 3);
    assert_int_equal(b.ceilings[0].places, 4);
    assert_true(b.levels[0].to_bytes == 32e6 && b.levels[0].rate.low == 42e9 && b.levels[0].rate.n == 12);
    assert_int_equal(b.fit_count, 1);
    assert_true(b.fits[0].launch_ns.median == 5000.5 && b.fits[0].bytes_per_s.high == 8e9);
    assert_true(isnan(b.fits[0].from_bytes));
    assert_int_equal(b.crossover_count, 2);
    assert_true(b.crossovers[0].bytes.median == 65536.5);
    assert_int_equal(b.crossovers[1].bytes.n, 0);
    assert_null(b.crossovers[1].above);
    assert_string_equal(b.joint, a.joint);
    assert_int_equal(b.ceiling_count, 4);
    assert_int_equal(b.ceilings[0].access, ACCESS_VEC4);
    assert_string_equal(b.ceilings[1].op, "mul+add");
    assert_true(b.ceilings[2].value.median == 5000.5);
    assert_int_equal(b.ceilings[3].value.n, 0);
    assert_int_equal(b.claims[0].holds, 1);
    assert_int_equal(b.claims[1].holds, -1);
    free(first);
    free(second);
    record_clear(&a);
    record_clear(&b);
    assert_null(b.runs);
}

static void missing_numbers_are_null(void **state)
{
    (void)state;
    struct record r = {0};
    r.schema = need_string("rooflab.bench/1");
    r.provenance.load_average = INFINITY;
    struct run *blank = record_add_run(&r);
    blank->first_ns = -INFINITY;
    blank->error_max = INFINITY;
    record_add_ceiling(&r)->footprint_bytes = 0.5;
    char *text = record_json(&r);
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    assert_null(strstr(text, "inf"));
    assert_null(strstr(text, " nan"));
    json_t *run = json_array_get(json_object_get(j, "runs"), 0);
    static const char *const nulls[] = {
        "kernel", "chain", "tensor_bytes", "why", "error_max", "time_ns", "bytes_compulsory", "flops", "ops",
        "bound_ns", "verdict", "roof_ns", "dispatches", "ablation", "cache_resident", "speedup"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        if (!json_is_null(json_object_get(run, nulls[i])))
            fail_msg("%s is not null", nulls[i]);
    assert_string_equal(json_string_value(json_object_get(run, "status")), "ok");
    assert_true(json_is_array(json_object_get(run, "samples_ns")));
    assert_null(json_object_get(run, "steps"));
    json_t *ceiling = json_array_get(json_object_get(j, "ceilings"), 0);
    assert_true(json_is_null(json_object_get(ceiling, "bytes_per_s"))); /* n = 0: no number, not 0 */
    assert_null(json_object_get(ceiling, "ops_per_s"));
    assert_null(json_object_get(j, "experiment"));
    json_decref(j);
    free(text);
    record_clear(&r);
}

static void every_key_carries_its_member(void **state)
{
    (void)state;
    struct record r = {0};
    r.schema = need_string("rooflab.bench/1");
    struct run *run = record_add_run(&r);
    const struct {
        const char *key;
        double *member;
    } rows[] = {
        {"tensor_bytes", &run->tensor_bytes},
        {"error_max", &run->error_max},
        {"tolerance", &run->tolerance},
        {"first", &run->first_ns},
        {"bytes_compulsory", &run->bytes_compulsory},
        {"bytes_issued", &run->bytes_issued},
        {"bytes_sectors", &run->bytes_sectors},
        {"passes", &run->passes},
        {"passes_issued", &run->passes_issued},
        {"flops", &run->flops},
        {"bound_ns", &run->bound_ns},
        {"bound_bytes_per_s", &run->bound_bytes_per_s},
        {"roof_ns", &run->roof_ns},
        {"roof_bytes_per_s", &run->roof_bytes_per_s},
        {"dispatch_ns", &run->dispatch_ns},
        {"window_ns", &run->window_ns},
        {"copy_ns", &run->copy_ns},
        {"predicted", &run->speedup_predicted},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        *rows[i].member = 1000.5 + (double)i;
    for (int i = 0; i < OP_COUNT; i++)
        run->ops[i] = 2000.5 + i;
    char *text = record_json(&r), want[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(want, sizeof want, "\"%s\": %.1f", rows[i].key, 1000.5 + (double)i);
        if (strstr(text, want) == NULL)
            fail_msg("%s is not in %s", want, text);
    }
    for (int i = 0; i < OP_COUNT; i++) {
        snprintf(want, sizeof want, "\"%s\": %.1f", op_name((enum op)i), 2000.5 + i);
        if (strstr(text, want) == NULL)
            fail_msg("%s is not in %s", want, text);
    }
    free(text);
    record_clear(&r);
}

static void numbers_are_short_and_whole_where_they_can_be(void **state)
{
    (void)state;
    struct record r = {0};
    r.schema = need_string("rooflab.bench/1");
    struct run *run = record_add_run(&r);
    run->error_max = 0.1;
    run->tolerance = 1e-3;
    run->tensor_bytes = 64e6;
    run->flops = 9007199254740993.0 * 1024; /* above 2^53 */
    run->bound_ns = 0.1 + 0.2;
    run->bytes_issued = 4e15;
    char *text = record_json(&r);
    assert_non_null(strstr(text, "\"error_max\": 0.1,"));
    assert_non_null(strstr(text, "\"tolerance\": 0.001,"));
    assert_non_null(strstr(text, "\"tensor_bytes\": 64000000,"));
    assert_non_null(strstr(text, "\"bytes_issued\": 4000000000000000,"));
    assert_non_null(strstr(text, "\"flops\": 9.223372036854776e+18,"));
    assert_non_null(strstr(text, "\"bound_ns\": 0.30000000000000004,"));
    assert_true(strstr(text, "\"kernel\"") < strstr(text, "\"error_max\"")); /* in the header's order */
    assert_string_equal(text + strlen(text) - 2, "}\n");
    free(text);
    record_clear(&r);
}

static void samples_share_lines(void **state)
{
    (void)state;
    struct record r = {0};
    r.schema = need_string("rooflab.bench/1");
    fill_run(record_add_run(&r));
    char *text = record_json(&r);
    const char *end = strchr(strstr(text, "\"samples_ns\""), ']');
    int lines = 0;
    for (const char *p = strstr(text, "\"samples_ns\""); p < end; p++)
        lines += *p == '\n';
    assert_in_range(lines, 1, 10); /* 40 samples */
    for (const char *p = text, *next; (next = strchr(p, '\n')) != NULL; p = next + 1)
        assert_true(next - p < 130);
    free(text);
    record_clear(&r);
}

static void foreign_bytes_in_a_name_do_no_harm(void **state)
{
    (void)state;
    struct record a = {0}, b = {0};
    struct error e = {0};
    a.schema = need_string("rooflab.bench/1");
    a.device = need_string("G\xff" "PU");
    assert_true(record_write(&a, path, &e));
    assert_true(record_read(&b, path, &e));
    assert_string_equal(b.device, "G?PU");
    record_clear(&a);
    record_clear(&b);
}

static void missing_keys_are_blank(void **state)
{
    (void)state;
    struct record r = {0};
    struct error e = {0};
    put("{\"schema\":\"rooflab.bench/1\",\"later\":[1,{}],\"runs\":[{\"samples_ns\":[1,null]}]}");
    assert_true(record_read(&r, path, &e));
    assert_null(r.device);
    assert_true(isnan(r.provenance.load_average));
    assert_null(r.runs[0].kernel);
    assert_true(isnan(r.runs[0].flops));
    assert_true(isnan(r.runs[0].ops[OP_EXP]));
    assert_true(isnan(r.runs[0].time_ns.median));
    assert_int_equal(r.runs[0].cache_resident, -1);
    assert_false(r.runs[0].verified);
    assert_true(isnan(r.runs[0].samples_ns[1]));
    record_clear(&r);
}

/* Each row is refused with EXIT_USAGE and says `says`; the record is empty afterwards. */
static void refused(const char *text, const char *says)
{
    struct record r = {0};
    struct error e = {0};
    put(text);
    r.device = need_string("what was there before");
    if (record_read(&r, path, &e))
        fail_msg("was accepted: %s", text);
    assert_int_equal(e.code, EXIT_USAGE);
    if (strstr(e.text, says) == NULL || strstr(e.text, path) == NULL)
        fail_msg("%s\n  does not say \"%s\" and the file", e.text, says);
    static const struct record empty;
    assert_memory_equal(&r, &empty, sizeof r);
}

#define BENCH(rest) "{\"schema\":\"rooflab.bench/1\"," rest "}"

static void wrong_types_are_named_with_their_place(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {BENCH("\"device\":3"), ": device: a string is expected here, not a number"},
        {BENCH("\"runs\":{}"), "runs: an array is expected here, not an object"},
        {BENCH("\"runs\":[{},7]"), "runs[1]: an object is expected"},
        {BENCH("\"runs\":[{\"kernel\":\"x\",\"time_ns\":{\"median\":\"fast\"}}]"),
         "runs[0].time_ns.median: a number"},
        {BENCH("\"runs\":[{\"samples_ns\":[1,2,\"x\"]}]"), "runs[0].samples_ns[2]: a number"},
        {BENCH("\"runs\":[{\"grouping\":[1,2.5]}]"), "runs[0].grouping[1]: a whole number"},
        {BENCH("\"runs\":[{\"dispatches\":-1}]"), "runs[0].dispatches: this count is out of range"},
        {BENCH("\"runs\":[{\"dispatches\":99999999999}]"), "out of range"},
        {BENCH("\"runs\":[{\"verified\":1}]"), "verified: true or false"},
        {BENCH("\"runs\":[{\"cache_resident\":\"no\"}]"), "cache_resident: true, false or null"},
        {BENCH("\"runs\":[{\"status\":\"fine\"}]"), "\"fine\" is not one of ok, unsupported, skipped, error"},
        {BENCH("\"runs\":[{\"verdict\":\"holds\"}]"), "not one of HOLDS, BEATEN, UNRESOLVED"},
        {BENCH("\"runs\":[{\"shape\":{\"rows\":-4}}]"), "shape.rows: a whole number"},
        {BENCH("\"runs\":[{\"shape\":{\"a-name-far-too-long-to-be-kept\":4}}]"), "longer than 23"},
        {BENCH("\"runs\":[{\"shape\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,"
               "\"f\":1,\"g\":1,\"h\":1,\"i\":1}}]"),
         "at most 8"},
        {BENCH("\"runs\":[{\"steps\":[{\"flops\":true}]}]"), "runs[0].steps[0].flops: a number"},
        {BENCH("\"provenance\":{\"notes\":[\"a\",null]}"), "provenance.notes[1]: a string"},
        {BENCH("\"ceilings\":[{\"mix\":\"copy\"}]"), "ceilings[0].kind: this key is missing"},
        {BENCH("\"ceilings\":[{\"kind\":\"bandwidth\",\"mix\":\"stir\"}]"), "read, write, copy, triad"},
        {BENCH("\"ceilings\":[{\"kind\":\"compute\",\"op\":\"a name of twenty-odd letters\"}]"), "too long"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused(rows[i][0], rows[i][1]);
}

static void schemas_are_checked(void **state)
{
    (void)state;
    refused("{\"schema\":\"rooflab.bench/2\"}", "update rooflab");
    refused("{\"schema\":\"rooflab.bench/99999999999999999999\"}", "rooflab.<kind>/<version>");
    refused("{\"schema\":\"rooflab.bench\"}", "rooflab.<kind>/<version>");
    refused("{\"schema\":\"rooflab.bench/1x\"}", "rooflab.<kind>/<version>");
    refused("{\"schema\":\"rooflab.bench/0\"}", "rooflab.<kind>/<version>");
    refused("{\"schema\":\"other.bench/1\"}", "rooflab.<kind>/<version>");
    refused("{\"schema\":1}", "schema: a string is expected");
    refused("{\"schema\":null}", "schema: a string is expected");
    refused("{}", "no record of rooflab");
    refused("[]", "a record, that is an object");
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
    refused("", "not JSON, or cut short");
    refused("not json at all", ":1: not JSON");
    refused("{\"schema\":\"rooflab.bench/1\",\n\"runs\":[{\"kernel\":\"x\"", ":2: not JSON, or cut short");
    refused(BENCH("\"device\":\"a\",\"device\":\"b\""), "duplicate");
    refused(BENCH("\"runs\":[{\"flops\":1e999}]"), "not JSON");

    struct text deep = {0};
    text_add(&deep, "{\"schema\":\"rooflab.bench/1\",\"runs\":");
    for (int i = 0; i < 100000; i++)
        text_add(&deep, "[");
    refused(deep.s, "not JSON");
    text_free(&deep);

    text_add(&deep, "{\"schema\":\"rooflab.bench/1\",\"runs\":[{");
    for (int i = 0; i < 500; i++)
        text_add(&deep, "\"steps\":[{");
    for (int i = 0; i < 500; i++)
        text_add(&deep, "}]");
    text_add(&deep, "}]}");
    refused(deep.s, "nested deeper");
    text_free(&deep);
}

/* Wherever a full record is cut, and whichever byte of it is changed, it is refused or read. */
static void damaged_files_never_crash(void **state)
{
    (void)state;
    struct record a = {0}, b = {0};
    struct error e = {0};
    fill(&a);
    char *text = record_json(&a);
    size_t len = strlen(text);
    for (size_t i = 0; i + 2 < len; i += 7) {
        assert_true(file_write(path, text, i, &e));
        assert_false(record_read(&b, path, &e));
    }
    for (size_t i = 0; i < len; i += 5) {
        char was = text[i];
        text[i] = "0\"{]x-\xff\0"[i % 8];
        assert_true(file_write(path, text, len, &e));
        if (!record_read(&b, path, &e))
            assert_int_equal(e.code, EXIT_USAGE);
        text[i] = was;
    }
    free(text);
    record_clear(&a);
    record_clear(&b);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct record r = {0};
    struct error e = {0};
    assert_false(record_read(&r, "/nowhere/record.json", &e));
    assert_int_equal(e.code, EXIT_USAGE);
    assert_non_null(strstr(e.text, "/nowhere/record.json"));
}

static void names_and_flops(void **state)
{
    (void)state;
    for (int i = 0; i < OP_COUNT; i++)
        assert_int_equal(op_find(op_name((enum op)i)), i);
    assert_string_equal(op_name(OP_RSQRT), "rsqrt");
    assert_int_equal(op_find("fsin"), OP_COUNT);
    assert_int_equal(op_find(NULL), OP_COUNT);
    assert_null(access_name(ACCESS_NONE));
    assert_null(verdict_name(VERDICT_NONE));
    assert_string_equal(verdict_name(VERDICT_UNRESOLVED), "UNRESOLVED");
    assert_string_equal(status_name(RUN_SKIPPED), "skipped");
    assert_string_equal(mix_name(MIX_TRIAD), "triad");
    assert_string_equal(via_name(VIA_COMMAND), "command");
    const double ops[OP_COUNT] = {[OP_FMA] = 10, [OP_ADD] = 1, [OP_TANH] = 1,
                                  [OP_INT_MUL] = 5, [OP_INT_XOR] = 5};
    assert_true(ops_flops(ops) == 22);
}

static void a_cleared_run_can_be_used_again(void **state)
{
    (void)state;
    struct run run;
    run_blank(&run);
    fill_run(&run);
    run_add_step(&run)->why = need_string("a step");
    run_clear(&run);
    assert_null(run.kernel);
    assert_int_equal(run.step_count, 0);
    assert_true(isnan(run.tensor_bytes));
    fill_run(&run);
    run_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_read_and_written_is_the_same),
        cmocka_unit_test(missing_numbers_are_null),
        cmocka_unit_test(every_key_carries_its_member),
        cmocka_unit_test(numbers_are_short_and_whole_where_they_can_be),
        cmocka_unit_test(samples_share_lines),
        cmocka_unit_test(foreign_bytes_in_a_name_do_no_harm),
        cmocka_unit_test(missing_keys_are_blank),
        cmocka_unit_test(wrong_types_are_named_with_their_place),
        cmocka_unit_test(schemas_are_checked),
        cmocka_unit_test(hostile_files_are_refused),
        cmocka_unit_test(damaged_files_never_crash),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(names_and_flops),
        cmocka_unit_test(a_cleared_run_can_be_used_again),
    };
    return cmocka_run_group_tests_name("record", tests, make_folder, remove_folder);
}
