/* The record's keys of a run that is a model: what it needs before the first token, what it holds, what it is held against. */
#include "harness/base/record_table.h"

static const struct field start_fields[] = {
    {"ready_ns", FIELD_REAL, .offset = offsetof(struct run, ready_ns)},
    {"programs_ns", FIELD_REAL, .offset = offsetof(struct run, programs_ns)},
    {"upload_ns", FIELD_REAL, .offset = offsetof(struct run, upload_ns)},
    {"run_ns", FIELD_REAL, .offset = offsetof(struct run, start_ns)},
    {NULL},
};
const struct table start_table = {start_fields, sizeof(struct run)};

static const struct field memory_fields[] = {
    {"steady_bytes", FIELD_REAL, .offset = offsetof(struct run, steady_bytes)},
    {"peak_bytes", FIELD_REAL, .offset = offsetof(struct run, peak_bytes)},
    {"inputs_bytes", FIELD_REAL, .offset = offsetof(struct run, inputs_bytes)},
    {"inout_bytes", FIELD_REAL, .offset = offsetof(struct run, inout_bytes)},
    {NULL},
};
const struct table memory_table = {memory_fields, sizeof(struct run)};

static const struct field reading_fields[] = {
    {"bytes_per_s", FIELD_REAL, .offset = offsetof(struct run, read_bytes_per_s)},
    {"footprint_bytes", FIELD_REAL, .offset = offsetof(struct run, read_footprint_bytes)},
    {"share", FIELD_REAL, .offset = offsetof(struct run, read_share)},
    {NULL},
};
const struct table reading_table = {reading_fields, sizeof(struct run)};
