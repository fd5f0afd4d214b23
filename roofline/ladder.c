#include "roofline/ladder.h"

#include <math.h>
#include <string.h>

bool ladder_has(const struct run *r)
{
    return r->group && r->kernel && !r->chain && rung_of(r->kernel);
}

bool ladder_same(const struct run *a, const struct run *b)
{
    size_t n = (size_t)(rung_of(a->kernel) - a->kernel);
    return ladder_has(b) && strcmp(a->group, b->group) == 0 && strncmp(a->kernel, b->kernel, n) == 0 &&
           b->kernel + n == rung_of(b->kernel);
}

bool ladder_timed(const struct run *r)
{
    return r->status == RUN_OK && r->time_ns.n > 0;
}

const struct run *ladder_best(const struct record *r, const struct run *any)
{
    const struct run *best = NULL;
    for (int i = 0; i < r->run_count; i++)
        if (ladder_same(any, &r->runs[i]) && ladder_timed(&r->runs[i]) &&
            (!best || r->runs[i].time_ns.median < best->time_ns.median))
            best = &r->runs[i];
    return best;
}

const struct run *ladder_first(const struct record *r, const struct run *any)
{
    for (int i = 0; i < r->run_count; i++)
        if (ladder_same(any, &r->runs[i]) && ladder_timed(&r->runs[i]))
            return &r->runs[i];
    return NULL;
}

double ladder_flops(const struct record *r, const struct run *any)
{
    double flops = any->flops;
    for (int i = 0; i < r->run_count && any->flops > 0; i++)
        if (ladder_same(any, &r->runs[i]) && r->runs[i].flops > 0)
            flops = fmin(flops, r->runs[i].flops);
    return flops;
}

static double roof_of(struct ceilings c, const struct run *r)
{
    double bytes = 1e9 * r->bytes_compulsory / r->roof_bytes_per_s, arithmetic = 0;
    for (int op = 0; op < OP_INT_MUL; op++) {
        double rate = ceilings_op_rate(c, (enum op)op);
        arithmetic += r->ops[op] > 0 && rate > 0 ? 1e9 * r->ops[op] / rate : 0;
    }
    double dispatch = r->dispatch_ns > 0 ? r->dispatch_ns * fmax(r->dispatches, 1) : 0;
    return dispatch + (c.serial ? bytes + arithmetic : fmax(bytes, arithmetic));
}

double kernel_roof_ns(struct ceilings c, const struct run *run)
{
    double roof = run->kernel && rung_of(run->kernel) && run->flops > 0 ? roof_of(c, run) : NAN;
    return roof > 0 ? roof : run->roof_ns;
}

/* Do they read as much? Weights of another format are another task. Where no record says, they do. */
static bool same_inputs(const struct run *a, const struct run *b)
{
    return !(fabs(a->inputs_bytes - b->inputs_bytes) > 0.01 * a->inputs_bytes);
}

double ladder_roof_ns(const struct record *r, const struct run *any)
{
    struct ceilings c = record_ceilings(r);
    double roof = NAN;
    for (int i = 0; i < r->run_count && any->flops > 0; i++)
        if (ladder_same(any, &r->runs[i]) && r->runs[i].flops > 0 && same_inputs(any, &r->runs[i]))
            roof = fmin(roof, roof_of(c, &r->runs[i]));
    return roof > 0 ? roof : any->roof_ns;
}
