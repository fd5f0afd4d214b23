/* The tables of what is fitted to runs of several sizes: lines, and the sizes where they cross. */
#include "harness/base/record_table.h"

/* A value with its limits that is no median. */
#define LIMITS(type, member)                                                                            \
    {"value", FIELD_REAL, .offset = offsetof(type, member.median), .count = offsetof(type, member.n)},  \
    {"low", FIELD_REAL, .offset = offsetof(type, member.low), .count = offsetof(type, member.n)},       \
    {"high", FIELD_REAL, .offset = offsetof(type, member.high), .count = offsetof(type, member.n)},     \
    {"points", FIELD_COUNT, .offset = offsetof(type, member.n)}

static const struct field launch_fields[] = {LIMITS(struct fit, launch_ns), {NULL}};
static const struct table launch_table = {launch_fields, sizeof(struct fit)};
static const struct field rate_fields[] = {LIMITS(struct fit, bytes_per_s), {NULL}};
static const struct table rate_table = {rate_fields, sizeof(struct fit)};
static const struct field fit_fields[] = {
    {"group", FIELD_STRING, .offset = offsetof(struct fit, group)},
    {"of", FIELD_STRING, .offset = offsetof(struct fit, of)},
    {"launch_ns", FIELD_GROUP, .table = &launch_table},
    {"bytes_per_s", FIELD_GROUP, .table = &rate_table},
    {"from_bytes", FIELD_REAL, .offset = offsetof(struct fit, from_bytes)},
    {"to_bytes", FIELD_REAL, .offset = offsetof(struct fit, to_bytes)},
    {"deviation", FIELD_REAL, .offset = offsetof(struct fit, deviation)},
    {NULL},
};
const struct table fit_table = {fit_fields, sizeof(struct fit)};

static const struct field size_fields[] = {LIMITS(struct crossover, bytes), {NULL}};
static const struct table size_table = {size_fields, sizeof(struct crossover)};
static const struct field crossover_fields[] = {
    {"group", FIELD_STRING, .offset = offsetof(struct crossover, group)},
    {"of", FIELD_STRING, .offset = offsetof(struct crossover, of)},
    {"below", FIELD_STRING, .offset = offsetof(struct crossover, below)},
    {"above", FIELD_STRING, .offset = offsetof(struct crossover, above)},
    {"bytes", FIELD_GROUP, .table = &size_table},
    {NULL},
};
const struct table crossover_table = {crossover_fields, sizeof(struct crossover)};
