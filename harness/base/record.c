/* The record in memory: names, the tables of its keys, and who owns what. */
#include "harness/base/record.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/record_table.h"
#include "harness/base/text.h"

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Names. */

static const char *const op_names[OP_COUNT] = {"fma", "add",  "mul",   "div",     "exp",
                                               "log", "tanh", "rsqrt", "int_mul", "int_xor"};
static const double op_flops[OP_COUNT] = {2, 1, 1, 1, 1, 1, 1, 1, 0, 0};
static const char *const mix_names[MIX_COUNT] = {"read", "write", "copy", "triad"};
static const char *const via_names[VIA_COUNT] = {"shader", "command", "native"};
static const char *const access_names[ACCESS_COUNT] = {NULL, "f32", "vec2", "vec4", "texel", "plain", "stream"};
static const char *const kind_names[] = {"bandwidth", "compute", "launch"};
static const char *const status_names[] = {"ok", "unsupported", "skipped", "error"};
static const char *const verdict_names[] = {NULL, "HOLDS", "BEATEN", "UNRESOLVED"};

static const char *name_of(const char *const *names, int count, unsigned value)
{
    return value < (unsigned)count ? names[value] : NULL;
}

const char *op_name(enum op op)
{
    return name_of(op_names, OP_COUNT, op);
}

enum op op_find(const char *name)
{
    for (int i = 0; name != NULL && i < OP_COUNT; i++)
        if (strcmp(name, op_names[i]) == 0)
            return (enum op)i;
    return OP_COUNT;
}

double ops_flops(const double ops[OP_COUNT])
{
    double sum = 0;
    for (int i = 0; i < OP_COUNT; i++)
        if (op_flops[i] > 0)
            sum += op_flops[i] * ops[i];
    return sum;
}

const char *mix_name(enum mix m)
{
    return name_of(mix_names, MIX_COUNT, m);
}

const char *via_name(enum via v)
{
    return name_of(via_names, VIA_COUNT, v);
}

const char *access_name(enum access a)
{
    return name_of(access_names, ACCESS_COUNT, a);
}

const char *status_name(enum run_status s)
{
    return name_of(status_names, COUNT_OF(status_names), s);
}

const char *verdict_name(enum verdict v)
{
    return name_of(verdict_names, COUNT_OF(verdict_names), v);
}

const char *rung_of(const char *kernel)
{
    const char *slash = strrchr(kernel, '/');
    const char *rung = slash ? slash + 1 : kernel;
    size_t digits = strspn(rung, "0123456789");
    return slash && digits > 0 && digits < 4 && rung[digits] == '-' ? rung : NULL;
}

int rung_number(const char *kernel)
{
    const char *rung = rung_of(kernel);
    return rung ? atoi(rung) : 0;
}

/* The tables. A row is {key, type, offset, ...}; the order of rows is the order of keys in the file. */

#define ENUM(array) .names = (array), .name_count = COUNT_OF(array)
/* The four rows of a struct interval: its numbers exist only while n is not 0. */
#define INTERVAL(type, member)                                                                               \
    {"median", FIELD_REAL, .offset = offsetof(type, member.median), .count = offsetof(type, member.n)},      \
    {"low", FIELD_REAL, .offset = offsetof(type, member.low), .count = offsetof(type, member.n)},            \
    {"high", FIELD_REAL, .offset = offsetof(type, member.high), .count = offsetof(type, member.n)},          \
    {"n", FIELD_COUNT, .offset = offsetof(type, member.n)}

_Static_assert(sizeof(enum ceiling_kind) == sizeof(unsigned), "FIELD_ENUM takes enums as unsigned");

static const struct field time_fields[] = {
    INTERVAL(struct run, time_ns),
    {"stop", FIELD_STRING, .offset = offsetof(struct run, stop)},
    {"first", FIELD_REAL, .offset = offsetof(struct run, first_ns)},
    {NULL},
};
static const struct table time_table = {time_fields, sizeof(struct run)};

static const struct field call_fields[] = {INTERVAL(struct run, call_ns), {NULL}};
static const struct table call_table = {call_fields, sizeof(struct run)};

static const struct field counter_fields[] = {
    {"instructions", FIELD_REAL, .offset = offsetof(struct run, instructions)},
    {"cycles", FIELD_REAL, .offset = offsetof(struct run, cycles)},
    {"llc_misses", FIELD_REAL, .offset = offsetof(struct run, llc_misses)},
    {"context_switches", FIELD_REAL, .offset = offsetof(struct run, context_switches)},
    {"page_faults", FIELD_REAL, .offset = offsetof(struct run, page_faults)},
    {"why", FIELD_STRING, .offset = offsetof(struct run, no_counters)},
    {NULL},
};
static const struct table counter_table = {counter_fields, sizeof(struct run)};

static const struct field cold_fields[] = {INTERVAL(struct run, cold_ns), {NULL}};
static const struct table cold_table = {cold_fields, sizeof(struct run)};
static const struct field cached_fields[] = {INTERVAL(struct run, cached_ns), {NULL}};
static const struct table cached_table = {cached_fields, sizeof(struct run)};
static const struct field first_fields[] = {
    {"cold_ns", FIELD_GROUP, .table = &cold_table},
    {"cached_ns", FIELD_GROUP, .table = &cached_table},
    {"compile_ns", FIELD_REAL, .offset = offsetof(struct run, compile_ns)},
    {NULL},
};
static const struct table first_table = {first_fields, sizeof(struct run)};

static const struct field ops_fields[] = {
    {"fma", FIELD_REAL, .offset = offsetof(struct run, ops[OP_FMA])},
    {"add", FIELD_REAL, .offset = offsetof(struct run, ops[OP_ADD])},
    {"mul", FIELD_REAL, .offset = offsetof(struct run, ops[OP_MUL])},
    {"div", FIELD_REAL, .offset = offsetof(struct run, ops[OP_DIV])},
    {"exp", FIELD_REAL, .offset = offsetof(struct run, ops[OP_EXP])},
    {"log", FIELD_REAL, .offset = offsetof(struct run, ops[OP_LOG])},
    {"tanh", FIELD_REAL, .offset = offsetof(struct run, ops[OP_TANH])},
    {"rsqrt", FIELD_REAL, .offset = offsetof(struct run, ops[OP_RSQRT])},
    {"int_mul", FIELD_REAL, .offset = offsetof(struct run, ops[OP_INT_MUL])},
    {"int_xor", FIELD_REAL, .offset = offsetof(struct run, ops[OP_INT_XOR])},
    {NULL},
};
static const struct table ops_table = {ops_fields, sizeof(struct run)};

static const struct field ablation_fields[] = {
    {"window_ns", FIELD_REAL, .offset = offsetof(struct run, window_ns)},
    {"copy_ns", FIELD_REAL, .offset = offsetof(struct run, copy_ns)},
    {NULL},
};
static const struct table ablation_table = {ablation_fields, sizeof(struct run)};

static const struct field speedup_fields[] = {
    {"over", FIELD_STRING, .offset = offsetof(struct run, speedup_over)},
    INTERVAL(struct run, speedup),
    {"predicted", FIELD_REAL, .offset = offsetof(struct run, speedup_predicted)},
    {NULL},
};
static const struct table speedup_table = {speedup_fields, sizeof(struct run)};

static const struct field sweep_fields[] = {
    {"of", FIELD_STRING, .offset = offsetof(struct run, sweep_of)},
    {"over", FIELD_STRING, .offset = offsetof(struct run, sweep_over)},
    {NULL},
};
static const struct table sweep_table = {sweep_fields, sizeof(struct run)};

static const struct table run_table; /* a run's steps are runs */

static const struct field run_fields[] = {
    {"kernel", FIELD_STRING, .offset = offsetof(struct run, kernel)},
    {"chain", FIELD_STRING, .offset = offsetof(struct run, chain)},
    {"variant", FIELD_STRING, .offset = offsetof(struct run, variant)},
    {"grouping", FIELD_INTS, .offset = offsetof(struct run, grouping),
     .count = offsetof(struct run, groupings)},
    {"group", FIELD_STRING, .offset = offsetof(struct run, group)},
    {"device", FIELD_STRING, .offset = offsetof(struct run, device)},
    {"shape", FIELD_SHAPE, .offset = offsetof(struct run, shape), .count = offsetof(struct run, shapes)},
    {"tune", FIELD_STRING, .offset = offsetof(struct run, tune)},
    {"tensor_bytes", FIELD_REAL, .offset = offsetof(struct run, tensor_bytes)},
    {"status", FIELD_ENUM, .offset = offsetof(struct run, status), ENUM(status_names)},
    {"why", FIELD_STRING, .offset = offsetof(struct run, why)},
    {"verified", FIELD_BOOL, .offset = offsetof(struct run, verified)},
    {"error_max", FIELD_REAL, .offset = offsetof(struct run, error_max)},
    {"error_quantised", FIELD_REAL, .offset = offsetof(struct run, error_quantised), .optional = true},
    {"tolerance", FIELD_REAL, .offset = offsetof(struct run, tolerance)},
    {"time_ns", FIELD_GROUP, .table = &time_table},
    {"samples_ns", FIELD_REALS, .offset = offsetof(struct run, samples_ns),
     .count = offsetof(struct run, samples)},
    {"clock", FIELD_STRING, .offset = offsetof(struct run, clock)},
    {"call_ns", FIELD_GROUP, .table = &call_table, .optional = true},
    {"counters", FIELD_GROUP, .table = &counter_table, .optional = true},
    {"first_run", FIELD_GROUP, .table = &first_table, .optional = true},
    {"start", FIELD_GROUP, .table = &start_table, .optional = true},
    {"each_per_s", FIELD_REAL, .offset = offsetof(struct run, each_per_s), .optional = true},
    {"memory", FIELD_GROUP, .table = &memory_table, .optional = true},
    {"reading", FIELD_GROUP, .table = &reading_table, .optional = true},
    {"bytes_compulsory", FIELD_REAL, .offset = offsetof(struct run, bytes_compulsory)},
    {"bytes_issued", FIELD_REAL, .offset = offsetof(struct run, bytes_issued)},
    {"bytes_sectors", FIELD_REAL, .offset = offsetof(struct run, bytes_sectors)},
    {"bytes_shared", FIELD_REAL, .offset = offsetof(struct run, bytes_shared)},
    {"accesses", FIELD_REAL, .offset = offsetof(struct run, accesses)},
    {"barriers", FIELD_REAL, .offset = offsetof(struct run, barriers)},
    {"passes", FIELD_REAL, .offset = offsetof(struct run, passes)},
    {"passes_issued", FIELD_REAL, .offset = offsetof(struct run, passes_issued)},
    {"flops", FIELD_REAL, .offset = offsetof(struct run, flops)},
    {"counts_from", FIELD_STRING, .offset = offsetof(struct run, counts_from)},
    {"ops", FIELD_GROUP, .table = &ops_table},
    {"temp_bytes", FIELD_REAL, .offset = offsetof(struct run, temp_bytes)},
    {"bound_ns", FIELD_REAL, .offset = offsetof(struct run, bound_ns)},
    {"bound_bytes_per_s", FIELD_REAL, .offset = offsetof(struct run, bound_bytes_per_s)},
    {"verdict", FIELD_ENUM, .offset = offsetof(struct run, verdict), ENUM(verdict_names)},
    {"cause", FIELD_STRING, .offset = offsetof(struct run, cause)},
    {"roof_ns", FIELD_REAL, .offset = offsetof(struct run, roof_ns)},
    {"roof_bytes_per_s", FIELD_REAL, .offset = offsetof(struct run, roof_bytes_per_s)},
    {"dispatch_ns", FIELD_REAL, .offset = offsetof(struct run, dispatch_ns)},
    {"dispatches", FIELD_COUNT, .offset = offsetof(struct run, dispatches)},
    {"binds", FIELD_STRING, .offset = offsetof(struct run, binds)},
    {"ablation", FIELD_GROUP, .table = &ablation_table},
    {"cache_resident", FIELD_TRI, .offset = offsetof(struct run, cache_resident)},
    {"speedup", FIELD_GROUP, .table = &speedup_table},
    {"sweep", FIELD_GROUP, .table = &sweep_table},
    {"steps", FIELD_LIST, .offset = offsetof(struct run, steps), .count = offsetof(struct run, step_count),
     .table = &run_table, .optional = true, .sparse = true},
    {NULL},
};
static const struct table run_table = {run_fields, sizeof(struct run)};

static const struct field value_fields[] = {INTERVAL(struct ceiling, value), {NULL}};
static const struct table value_table = {value_fields, sizeof(struct ceiling)};

enum { BANDWIDTH = 1u << CEILING_BANDWIDTH, COMPUTE = 1u << CEILING_COMPUTE, LAUNCH = 1u << CEILING_LAUNCH };

static const struct field ceiling_fields[] = {
    /* The kind comes first: reading it decides which of the following keys apply. */
    {"kind", FIELD_ENUM, .offset = offsetof(struct ceiling, kind), ENUM(kind_names), .required = true},
    {"mix", FIELD_ENUM, .offset = offsetof(struct ceiling, mix), ENUM(mix_names), .kinds = BANDWIDTH,
     .required = true},
    {"via", FIELD_ENUM, .offset = offsetof(struct ceiling, via), ENUM(via_names), .kinds = BANDWIDTH},
    {"access", FIELD_ENUM, .offset = offsetof(struct ceiling, access), ENUM(access_names),
     .kinds = BANDWIDTH},
    {"type", FIELD_CHARS, .offset = offsetof(struct ceiling, type),
     .size = sizeof(((struct ceiling *)0)->type), .kinds = COMPUTE},
    {"op", FIELD_CHARS, .offset = offsetof(struct ceiling, op),
     .size = sizeof(((struct ceiling *)0)->op), .kinds = COMPUTE, .required = true},
    {"width", FIELD_COUNT, .offset = offsetof(struct ceiling, width), .kinds = COMPUTE},
    {"chains", FIELD_COUNT, .offset = offsetof(struct ceiling, chains), .kinds = COMPUTE},
    {"workgroup", FIELD_COUNT, .offset = offsetof(struct ceiling, workgroup), .kinds = BANDWIDTH | COMPUTE},
    {"places", FIELD_COUNT, .offset = offsetof(struct ceiling, places), .kinds = BANDWIDTH},
    {"footprint_bytes", FIELD_REAL, .offset = offsetof(struct ceiling, footprint_bytes), .kinds = BANDWIDTH},
    {"bytes_per_s", FIELD_GROUP, .table = &value_table, .kinds = BANDWIDTH},
    {"ops_per_s", FIELD_GROUP, .table = &value_table, .kinds = COMPUTE},
    {"time_ns", FIELD_GROUP, .table = &value_table, .kinds = LAUNCH},
    {NULL},
};
static const struct table ceiling_table = {ceiling_fields, sizeof(struct ceiling)};

static const struct field level_rate_fields[] = {INTERVAL(struct memory_level, rate), {NULL}};
static const struct table level_rate_table = {level_rate_fields, sizeof(struct memory_level)};
static const struct field level_fields[] = {
    {"name", FIELD_CHARS, .offset = offsetof(struct memory_level, name),
     .size = sizeof(((struct memory_level *)0)->name)},
    {"mix", FIELD_ENUM, .offset = offsetof(struct memory_level, mix), ENUM(mix_names), .required = true},
    {"via", FIELD_ENUM, .offset = offsetof(struct memory_level, via), ENUM(via_names)},
    {"access", FIELD_ENUM, .offset = offsetof(struct memory_level, access), ENUM(access_names)},
    {"workgroup", FIELD_COUNT, .offset = offsetof(struct memory_level, workgroup)},
    {"places", FIELD_COUNT, .offset = offsetof(struct memory_level, places)},
    {"from_bytes", FIELD_REAL, .offset = offsetof(struct memory_level, from_bytes)},
    {"to_bytes", FIELD_REAL, .offset = offsetof(struct memory_level, to_bytes)},
    {"bytes_per_s", FIELD_GROUP, .table = &level_rate_table},
    {NULL},
};
static const struct table level_table = {level_fields, sizeof(struct memory_level)};

static const struct field claim_fields[] = {
    {"text", FIELD_STRING, .offset = offsetof(struct claim, text)},
    {"name", FIELD_STRING, .offset = offsetof(struct claim, name)},
    {"holds", FIELD_TRI, .offset = offsetof(struct claim, holds)},
    {"low", FIELD_REAL, .offset = offsetof(struct claim, low)},
    {"high", FIELD_REAL, .offset = offsetof(struct claim, high)},
    {NULL},
};
static const struct table claim_table = {claim_fields, sizeof(struct claim)};

static const struct field provenance_fields[] = {
    {"device", FIELD_STRING, .offset = offsetof(struct record, provenance.device)},
    {"driver", FIELD_STRING, .offset = offsetof(struct record, provenance.driver)},
    {"device_kind", FIELD_STRING, .offset = offsetof(struct record, provenance.device_kind)},
    {"clock", FIELD_STRING, .offset = offsetof(struct record, provenance.clock)},
    {"compiler", FIELD_STRING, .offset = offsetof(struct record, provenance.compiler)},
    {"flags", FIELD_STRING, .offset = offsetof(struct record, provenance.flags)},
    {"commit", FIELD_STRING, .offset = offsetof(struct record, provenance.commit)},
    {"load_average", FIELD_REAL, .offset = offsetof(struct record, provenance.load_average)},
    {"date", FIELD_STRING, .offset = offsetof(struct record, provenance.date)},
    {"host", FIELD_STRING, .offset = offsetof(struct record, provenance.host)},
    {"spirv_hash", FIELD_STRING, .offset = offsetof(struct record, provenance.spirv_hash)},
    {"shader_cache", FIELD_STRING, .offset = offsetof(struct record, provenance.shader_cache)},
    {"notes", FIELD_STRINGS, .offset = offsetof(struct record, provenance.notes),
     .count = offsetof(struct record, provenance.note_count)},
    {NULL},
};
static const struct table provenance_table = {provenance_fields, sizeof(struct record)};

enum { RECORD_CEILINGS_ROW = 6, RECORD_LEVELS_ROW, RECORD_RUNS_ROW, RECORD_FITS_ROW, RECORD_CROSSOVERS_ROW,
       RECORD_CLAIMS_ROW };
static const struct field record_fields[] = {
    {"schema", FIELD_STRING, .offset = offsetof(struct record, schema), .required = true},
    {"experiment", FIELD_STRING, .offset = offsetof(struct record, experiment), .optional = true},
    {"title", FIELD_STRING, .offset = offsetof(struct record, title), .optional = true},
    {"each", FIELD_STRING, .offset = offsetof(struct record, each), .optional = true},
    {"device", FIELD_STRING, .offset = offsetof(struct record, device)},
    {"provenance", FIELD_GROUP, .table = &provenance_table},
    [RECORD_CEILINGS_ROW] = {"ceilings", FIELD_LIST, .offset = offsetof(struct record, ceilings),
                             .count = offsetof(struct record, ceiling_count), .table = &ceiling_table},
    [RECORD_LEVELS_ROW] = {"levels", FIELD_LIST, .offset = offsetof(struct record, levels),
                           .count = offsetof(struct record, level_count), .table = &level_table,
                           .optional = true},
    [RECORD_RUNS_ROW] = {"runs", FIELD_LIST, .offset = offsetof(struct record, runs),
                         .count = offsetof(struct record, run_count), .table = &run_table,
                         .optional = true},
    [RECORD_FITS_ROW] = {"fits", FIELD_LIST, .offset = offsetof(struct record, fits),
                         .count = offsetof(struct record, fit_count), .table = &fit_table, .optional = true},
    [RECORD_CROSSOVERS_ROW] = {"crossovers", FIELD_LIST, .offset = offsetof(struct record, crossovers),
                               .count = offsetof(struct record, crossover_count), .table = &crossover_table,
                               .optional = true},
    [RECORD_CLAIMS_ROW] = {"claims", FIELD_LIST, .offset = offsetof(struct record, claims),
                           .count = offsetof(struct record, claim_count), .table = &claim_table,
                           .optional = true},
    {"conclusion", FIELD_STRING, .offset = offsetof(struct record, conclusion), .optional = true},
    {"joint", FIELD_STRING, .offset = offsetof(struct record, joint), .optional = true},
    {NULL},
};
const struct table record_table = {record_fields, sizeof(struct record)};

static const struct field *steps_field(void)
{
    const struct field *f = run_fields;
    while (strcmp(f->key, "steps") != 0)
        f++;
    return f;
}

/* Memory. */

static void blank_fields(const struct table *t, void *base)
{
    for (const struct field *f = t->fields; f->key != NULL; f++) {
        if (f->type == FIELD_REAL)
            *(double *)field_at(base, f->offset) = NAN;
        else if (f->type == FIELD_TRI)
            *(int *)field_at(base, f->offset) = -1;
        else if (f->type == FIELD_GROUP)
            blank_fields(f->table, base);
    }
}

void table_blank(const struct table *t, void *base)
{
    memset(base, 0, t->size);
    blank_fields(t, base);
}

static void list_free(const struct field *f, void *base)
{
    char *list = pointer_get(base, f->offset);
    int count = *(int *)field_at(base, f->count);
    for (int i = 0; i < count; i++)
        table_free(f->table, list + (size_t)i * f->table->size);
    free(list);
}

static void strings_free(const struct field *f, void *base)
{
    char **list = pointer_get(base, f->offset);
    int count = *(int *)field_at(base, f->count);
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void table_free(const struct table *t, void *base)
{
    for (const struct field *f = t->fields; f->key != NULL; f++) {
        switch (f->type) {
        case FIELD_STRING:
        case FIELD_INTS:
        case FIELD_REALS: free(pointer_get(base, f->offset)); break;
        case FIELD_STRINGS: strings_free(f, base); break;
        case FIELD_LIST: list_free(f, base); break;
        case FIELD_GROUP: table_free(f->table, base); break;
        default: break;
        }
    }
}

void *list_add(const struct field *f, void *base)
{
    int *count = field_at(base, f->count);
    size_t size = f->table->size;
    char *list = need_more(pointer_get(base, f->offset), (size_t)(*count + 1) * size);
    pointer_put(base, f->offset, list);
    void *element = list + (size_t)*count * size;
    (*count)++;
    table_blank(f->table, element);
    return element;
}

struct run *record_add_run(struct record *r)
{
    return list_add(&record_fields[RECORD_RUNS_ROW], r);
}

struct run *run_add_step(struct run *r)
{
    return list_add(steps_field(), r);
}

struct ceiling *record_add_ceiling(struct record *r)
{
    struct ceiling *c = list_add(&record_fields[RECORD_CEILINGS_ROW], r);
    memset(c, 0, sizeof *c);
    return c;
}

struct memory_level *record_add_level(struct record *r)
{
    return list_add(&record_fields[RECORD_LEVELS_ROW], r);
}

struct fit *record_add_fit(struct record *r)
{
    return list_add(&record_fields[RECORD_FITS_ROW], r);
}

struct crossover *record_add_crossover(struct record *r)
{
    return list_add(&record_fields[RECORD_CROSSOVERS_ROW], r);
}

struct claim *record_add_claim(struct record *r)
{
    return list_add(&record_fields[RECORD_CLAIMS_ROW], r);
}

void record_note(struct record *r, const char *format, ...)
{
    va_list args;
    char *note = NULL;
    va_start(args, format);
    int len = vasprintf(&note, format, args);
    va_end(args);
    if (len < 0)
        note = need_string(format);
    struct provenance *p = &r->provenance;
    p->notes = need_more(p->notes, (size_t)(p->note_count + 1) * sizeof *p->notes);
    p->notes[p->note_count++] = note;
}

void run_blank(struct run *r)
{
    table_blank(&run_table, r);
}

void run_clear(struct run *r)
{
    table_free(&run_table, r);
    table_blank(&run_table, r);
}

void record_clear(struct record *r)
{
    table_free(&record_table, r);
    memset(r, 0, sizeof *r);
}
