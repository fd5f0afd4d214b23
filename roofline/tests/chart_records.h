/* Records as an experiment would write them, for tests of charts: numbers of a software device and of a GPU.
 */
#ifndef ROOFLAB_CHART_RECORDS_H
#define ROOFLAB_CHART_RECORDS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "roofline/bound.h"
#include "roofline/ceiling.h"

struct machine {
    const char *name, *driver;
    double cache, memory;                   /* how much faster copies in cache are, and bytes/s in memory */
    double f32, read, texel, command, fill; /* relative to the copy kernel */
    double fma, mul_add, exp_rate, launch_ns;
    double last_cache; /* bytes */
};

static const struct machine software = {"llvmpipe (LLVM 15.0.6, 256 bits)",
                                        "llvmpipe 22.3.6",
                                        4.5,
                                        7.2e9,
                                        0.4,
                                        1.67,
                                        2.5,
                                        3.2,
                                        2.8,
                                        80e9,
                                        60e9,
                                        3e9,
                                        8000,
                                        8 << 20};
static const struct machine gpu = {"A GPU of 132 multiprocessors",
                                   "570.86.15",
                                   2.4,
                                   3.0e12,
                                   0.93,
                                   1.06,
                                   1.04,
                                   0.94,
                                   0.97,
                                   60e12,
                                   31e12,
                                   4e12,
                                   4000,
                                   50 << 20};

static struct interval around(double median, double spread, int n)
{
    return (struct interval){median, median * (1 - spread), median * (1 + spread), n};
}

static void add_bandwidth(struct record *r, const struct machine *m, enum mix mix, enum via via,
                          enum access access, double share)
{
    for (double f = 16384; f <= 128 << 20; f *= 4) {
        double in_cache = m->cache / (1 + pow(f / m->last_cache, 3)), warm = 1 / (1 + 20e3 / f);
        struct ceiling *c = record_add_ceiling(r);
        c->kind = CEILING_BANDWIDTH;
        c->mix = mix;
        c->via = via;
        c->access = access;
        c->workgroup = via == VIA_COMMAND ? 0 : 256;
        c->footprint_bytes = f;
        c->value = around(m->memory * share * (1 + in_cache * warm), f < 1e6 ? 0.05 : 0.02, 24);
    }
    for (double f = 64 << 20; f <= 128 << 20; f *= 2) {
        struct ceiling *c = record_add_ceiling(r);
        *c = r->ceilings[r->ceiling_count - 2];
        c->footprint_bytes = f;
        c->value = around(m->memory * share, 0.02, 24);
    }
}

static void add_compute(struct record *r, const char *op, double rate)
{
    struct ceiling *c = record_add_ceiling(r);
    c->kind = CEILING_COMPUTE;
    snprintf(c->type, sizeof c->type, "f32");
    snprintf(c->op, sizeof c->op, "%s", op);
    c->width = 4;
    c->chains = 8;
    c->value = around(rate, 0.015, 24);
}

static void add_machine(struct record *r, const struct machine *m)
{
    r->device = need_string(m->name);
    r->provenance.device = need_string(m->name);
    r->provenance.driver = need_string(m->driver);
    r->provenance.date = need_string("2025-11-03T10:21:07Z");
    r->provenance.commit = need_string("4f1c0a9e77d2");
    add_bandwidth(r, m, MIX_COPY, VIA_SHADER, ACCESS_VEC4, 1);
    add_bandwidth(r, m, MIX_COPY, VIA_SHADER, ACCESS_F32, m->f32);
    add_bandwidth(r, m, MIX_READ, VIA_SHADER, ACCESS_VEC4, m->read);
    add_bandwidth(r, m, MIX_READ, VIA_SHADER, ACCESS_TEXEL, m->texel);
    add_bandwidth(r, m, MIX_COPY, VIA_COMMAND, ACCESS_NONE, m->command);
    add_bandwidth(r, m, MIX_WRITE, VIA_COMMAND, ACCESS_NONE, m->fill);
    add_compute(r, "fma", m->fma);
    add_compute(r, "mul+add", m->mul_add);
    add_compute(r, "exp", m->exp_rate);
    struct ceiling *c = record_add_ceiling(r);
    c->kind = CEILING_LAUNCH;
    c->value = around(m->launch_ns, 0.1, 40);
}

/* over: the time relative to the roof. */
static struct run *add_run(struct record *r, const char *group, const char *variant, int steps, double passes,
                           double over, double flops)
{
    const double bytes = 64e6;
    struct ceilings c = {r->ceilings, r->ceiling_count, false};
    struct run *run = record_add_run(r);
    run->kernel = need_string(group);
    run->group = need_string(group);
    run->variant = need_string(variant);
    run->device = need_string(r->device);
    run->status = RUN_OK;
    run->tensor_bytes = bytes;
    run->passes = run->passes_issued = passes;
    run->bytes_compulsory = run->bytes_issued = passes * bytes;
    run->flops = flops;
    run->roof_bytes_per_s = ceilings_roof(c, MIX_COPY, 2 * bytes)->value.median;
    run->bound_bytes_per_s = ceilings_bound_rate(c, bytes);
    run->bound_ns = bound_ns(run->bytes_compulsory, run->bound_bytes_per_s);
    run->dispatches = steps;
    run->dispatch_ns = ceilings_dispatch_ns(c);
    run->roof_ns = steps * run->dispatch_ns + 1e9 * run->bytes_compulsory / run->roof_bytes_per_s;
    run->time_ns = around(over * run->roof_ns, 0.012, 18);
    run->verdict = VERDICT_HOLDS;
    return run;
}

static void add_speedup(struct record *r)
{
    struct run *fast = &r->runs[r->run_count - 1];
    for (int i = 0; i < r->run_count; i++) {
        const struct run *slow = &r->runs[i];
        if (strcmp(slow->group, fast->group) != 0 || strcmp(slow->variant, "unfused") != 0)
            continue;
        fast->speedup_over = need_string("unfused");
        fast->speedup = around(slow->time_ns.median / fast->time_ns.median, 0.01, 18);
        fast->speedup_predicted = slow->roof_ns / fast->roof_ns;
    }
}

/* The seed experiment: layernorm, bias, gelu and dropout over 64 MB, in four kernels, two, and one. */
static void add_seed(struct record *r)
{
    add_run(r, "seed", "unfused", 4, 8, 1.04, 40 * 16e6)->bytes_issued *= 1.125;
    struct run *grouped = add_run(r, "seed", "grouped", 2, 4, 1.29, 40 * 16e6);
    grouped->grouping = need(2 * sizeof *grouped->grouping);
    grouped->groupings = 2;
    grouped->grouping[0] = grouped->grouping[1] = 2;
    add_run(r, "seed", "fused", 1, 2, 1.72, 40 * 16e6)->bytes_issued *= 1.5;
    add_speedup(r);
}

static void add_light(struct record *r)
{
    add_run(r, "light", "unfused", 4, 8, 0.93, 5 * 16e6);
    add_run(r, "light", "fused", 1, 2, 1.12, 5 * 16e6);
    add_speedup(r);
}

static void add_depths(struct record *r)
{
    for (int depth = 1; depth <= 16; depth *= 2) {
        char group[32];
        snprintf(group, sizeof group, "depth %d", depth);
        add_run(r, group, "unfused", depth, 2.0 * depth, 1.02, 2.0 * depth * 16e6);
        add_run(r, group, "fused", 1, 2, 1.05 + 0.02 * depth, 2.0 * depth * 16e6);
        add_speedup(r);
    }
}

#endif
