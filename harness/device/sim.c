/* A machine on paper: t = launch*n + max(bytes/B, flops/P), no caches, deterministic by seed.
 *
 *   sim:B=320GB/s,P=10TFLOP/s,launch=5us,noise=1%,seed=1
 *
 * It has time but no results: buffers hold nothing, and whoever wants to verify is told so by
 * info.computes. Noise multiplies each sample by exp(noise * z), z standard normal. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/text.h"
#include "harness/base/units.h"
#include "harness/device/drivers.h"

struct sim {
    struct device base;
    double bytes_per_s, flops_per_s, launch_s, noise, seed;
    uint32_t draws;
};

struct buffer {
    uint64_t bytes;
};

struct program {
    char unused;
};

struct sequence {
    int count;
    struct cost *costs;
    double *step_ns; /* NULL without stamps between steps */
};

static const struct parameter {
    const char *name;
    enum unit unit;
    size_t offset;
    double standard;
} parameters[] = {
    {"B", UNIT_BYTES_PER_S, offsetof(struct sim, bytes_per_s), 320e9},
    {"P", UNIT_OPS_PER_S, offsetof(struct sim, flops_per_s), 10e12},
    {"launch", UNIT_SECONDS, offsetof(struct sim, launch_s), 5e-6},
    {"noise", UNIT_RATIO, offsetof(struct sim, noise), 0.0},
    {"seed", UNIT_COUNT, offsetof(struct sim, seed), 1.0},
};
enum { PARAMETERS = sizeof parameters / sizeof *parameters };

static double *field(struct sim *s, int i)
{
    return (double *)((char *)s + parameters[i].offset);
}

static bool set_parameter(struct sim *s, char *assignment, struct error *e)
{
    const char *names[PARAMETERS];
    char *equals = strchr(assignment, '=');
    if (equals)
        *equals = '\0';
    char *name = trim(assignment);
    for (int i = 0; i < PARAMETERS; i++) {
        names[i] = parameters[i].name;
        if (strcmp(name, names[i]) == 0) {
            if (!equals)
                return error_set(e, EXIT_USAGE, "sim device: %s has no value. Write it like B=320GB/s, launch=5us, noise=1%%, seed=1", name);
            if (units_parse(parameters[i].unit, trim(equals + 1), field(s, i), e))
                return true;
            return error_prefix(e, "sim device, %s", name);
        }
    }
    const char *near = nearest_name(name, names, PARAMETERS);
    return error_set(e, EXIT_USAGE,
                     "sim device: '%s' is not a setting%s%s%s. Write sim:B=320GB/s,P=10TFLOP/s,launch=5us,noise=1%%,seed=1",
                     name, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static void sim_close(struct device *d)
{
    free(d);
}

static struct buffer *sim_buffer_create(struct device *d, uint64_t bytes, struct error *e)
{
    (void)d, (void)e;
    struct buffer *b = need(sizeof *b);
    b->bytes = bytes;
    return b;
}

static void sim_buffer_destroy(struct device *d, struct buffer *b)
{
    (void)d;
    free(b);
}

static bool sim_upload(struct device *d, struct buffer *b, uint64_t offset, const void *from, uint64_t bytes,
                       struct error *e)
{
    (void)d, (void)b, (void)offset, (void)from, (void)bytes, (void)e;
    return true;
}

static bool sim_download(struct device *d, struct buffer *b, uint64_t offset, void *to, uint64_t bytes,
                         struct error *e)
{
    (void)d, (void)b, (void)offset, (void)to, (void)bytes;
    return error_set(e, EXIT_ENVIRONMENT, "the simulated device computes nothing: there is nothing to read back");
}

static struct program *sim_program_create(struct device *d, const struct program_source *s, struct error *e)
{
    (void)d, (void)s, (void)e;
    return need(sizeof(struct program));
}

static void sim_program_destroy(struct device *d, struct program *p)
{
    (void)d;
    free(p);
}

static struct sequence *sim_sequence_create(struct device *d, const struct dispatch *list, int count,
                                            bool step_stamps, struct error *e)
{
    (void)d, (void)e;
    struct sequence *q = need(sizeof *q);
    q->count = count;
    q->costs = need(sizeof *q->costs * (size_t)count);
    for (int i = 0; i < count; i++)
        q->costs[i] = list[i].cost;
    if (step_stamps)
        q->step_ns = need(sizeof *q->step_ns * (size_t)count);
    return q;
}

static void sim_sequence_destroy(struct device *d, struct sequence *q)
{
    (void)d;
    free(q->costs);
    free(q->step_ns);
    free(q);
}

/* A standard normal number, the next one of the seed's own series (Box and Muller 1958). */
static double normal(struct sim *s)
{
    double u = (expr_hash((uint32_t)s->seed, s->draws) + 1.0) / 4294967297.0;
    double v = expr_hash((uint32_t)s->seed, s->draws + 1) / 4294967296.0;
    s->draws += 2;
    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static bool sim_run(struct device *d, struct sequence *q, struct timing *t, struct error *e)
{
    (void)e;
    struct sim *s = (struct sim *)d;
    double factor = s->noise > 0 ? exp(s->noise * normal(s)) : 1;
    double total = 0;
    for (int i = 0; i < q->count; i++) {
        const struct cost *c = &q->costs[i];
        double bytes_s = (c->bytes_read + c->bytes_written) / s->bytes_per_s;
        double flops_s = ops_flops(c->ops) / s->flops_per_s;
        double ns = (s->launch_s + fmax(bytes_s, flops_s)) * 1e9 * factor;
        if (q->step_ns)
            q->step_ns[i] = ns;
        total += ns;
    }
    *t = (struct timing){.total_ns = total, .step_ns = q->step_ns};
    return true;
}

static const struct device_ops sim_ops = {
    .close = sim_close,
    .buffer_create = sim_buffer_create,
    .buffer_destroy = sim_buffer_destroy,
    .upload = sim_upload,
    .download = sim_download,
    .program_create = sim_program_create,
    .program_destroy = sim_program_destroy,
    .sequence_create = sim_sequence_create,
    .sequence_run = sim_run,
    .sequence_destroy = sim_sequence_destroy,
};

static void describe(struct sim *s, const char *rest)
{
    struct device_info *i = &s->base.info;
    char rate[UNITS_TEXT];
    snprintf(i->spec, sizeof i->spec, "sim%s%.280s", *rest ? ":" : "", rest);
    snprintf(i->name, sizeof i->name, "simulated machine, %s", units_format(rate, UNIT_BYTES_PER_S, s->bytes_per_s));
    slug(i->slug, sizeof i->slug, i->spec);
    snprintf(i->driver, sizeof i->driver, "model t = launch*n + max(bytes/B, flops/P)");
    snprintf(i->kind, sizeof i->kind, "model");
    snprintf(i->clock, sizeof i->clock, "model");
    i->subgroup_size = 32;
    i->subgroup_arithmetic = i->subgroup_shuffle = true;
    i->max_invocations = 1024;
    i->shared_bytes = 32768;
    i->push_bytes = 128;
    for (int k = 0; k < 3; k++) {
        i->max_workgroup_size[k] = k < 2 ? 1024 : 64;
        i->max_groups[k] = 65535;
    }
    i->max_binding_bytes = i->max_buffer_bytes = i->memory_bytes = 1ull << 40;
    i->max_texel_elements = 1ull << 40;
    i->copy_alignment = 256;
    i->f16_storage = i->f16_arithmetic = i->i8_storage = i->i64 = i->f64 = i->cooperative_matrix = true;
}

static struct device *sim_open(const char *rest, struct error *e)
{
    struct sim *s = need(sizeof *s);
    s->base.ops = &sim_ops;
    for (int i = 0; i < PARAMETERS; i++)
        *field(s, i) = parameters[i].standard;
    char *copy = need_string(rest), *save = NULL;
    bool ok = true;
    for (char *part = strtok_r(copy, ",", &save); part && ok; part = strtok_r(NULL, ",", &save))
        ok = set_parameter(s, part, e);
    free(copy);
    if (ok && (s->bytes_per_s <= 0 || s->flops_per_s <= 0))
        ok = error_set(e, EXIT_USAGE, "sim device: B and P must be above zero");
    if (ok && s->seed > UINT32_MAX)
        ok = error_set(e, EXIT_USAGE, "sim device, seed: at most %u", UINT32_MAX);
    if (!ok) {
        free(s);
        return NULL;
    }
    describe(s, rest);
    return &s->base;
}

/* Machines on paper are made, not found. */
static int sim_list(void (*each)(void *, const struct device_info *), void *context, struct error *e)
{
    (void)each, (void)context, (void)e;
    return 0;
}

const struct driver sim_driver = {
    .scheme = "sim",
    .help = "sim:B=320GB/s,P=10TFLOP/s,launch=5us,noise=1%,seed=1   a machine on paper",
    .list = sim_list,
    .open = sim_open,
};
