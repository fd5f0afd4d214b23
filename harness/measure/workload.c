#include "harness/measure/workload.h"

#include <stdlib.h>
#include <string.h>

struct workload *workload_open(struct pool *pool, struct plan *plan, struct error *e)
{
    struct workload *w = need(sizeof *w);
    w->plan = plan;
    w->pool = pool;
    w->buffers = need(sizeof *w->buffers * (size_t)(plan->tensor_count + 1));
    w->programs = need(sizeof *w->programs * (size_t)(plan->step_count + 1));
    bool ok = plan_fits(plan, &pool_device(pool)->info, e);
    double before = pool_program_ns(pool);
    for (int i = 0; i < plan->step_count && ok; i++) {
        unsigned long long hash = 0;
        w->programs[i] = pool_program(pool, &plan->steps[i], &hash, e);
        w->spirv_hash = w->spirv_hash * 31 + hash;
        ok = w->programs[i] != NULL;
    }
    w->program_ns = pool_program_ns(pool) - before;
    for (int i = 0; i < plan->tensor_count && ok; i++) {
        w->buffers[i] = pool_tensor(pool, &plan->tensors[i], e);
        ok = w->buffers[i] != NULL;
    }
    if (ok)
        return w;
    workload_close(w);
    return NULL;
}

void workload_close(struct workload *w)
{
    if (!w)
        return;
    device_sequence_free(pool_device(w->pool), w->sequence);
    plan_free(w->plan);
    free(w->buffers);
    free(w->programs);
    free(w);
}

double workload_scratch_bytes(const struct workload *w)
{
    double bytes = 0;
    for (int i = 0; i < w->plan->step_count; i++) {
        bool seen = false; /* the pool has each program once */
        for (int k = 0; k < i && !seen; k++)
            seen = w->programs[k] == w->programs[i];
        bytes += seen ? 0 : (double)device_program_scratch(pool_device(w->pool), w->programs[i]);
    }
    return bytes;
}

double workload_temp_bytes(const struct workload *w)
{
    double bytes = workload_scratch_bytes(w);
    for (int i = 0; i < w->plan->tensor_count; i++)
        bytes += w->plan->tensors[i].role == ROLE_TEMP ? (double)tensor_bytes(&w->plan->tensors[i]) : 0;
    return bytes;
}

void workload_dispatches(const struct workload *w, bool guarded, struct dispatch *list)
{
    const struct device_info *info = &pool_device(w->pool)->info;
    for (int i = 0; i < w->plan->step_count; i++) {
        const struct step *s = &w->plan->steps[i];
        struct dispatch *d = &list[i];
        *d = (struct dispatch){.kind = DISPATCH_PROGRAM, .program = w->programs[i], .cost = s->cost};
        memcpy(d->groups, s->groups, sizeof d->groups);
        memcpy(d->push, s->push, sizeof d->push);
        d->view_count = s->binding_count;
        for (int k = 0; k < s->binding_count; k++) {
            const struct step_binding *b = &s->bindings[k];
            uint64_t bytes = binding_bytes(w->plan, b);
            if (guarded && bytes + GUARD_BYTES <= binding_limit(info, b->slot.format))
                bytes += GUARD_BYTES;
            d->views[k] = (struct buffer_view){w->buffers[b->tensor], b->offset, (bytes + 3) & ~3ull};
        }
    }
}

bool workload_warm(struct workload *w, bool step_stamps, struct error *e)
{
    struct device *d = pool_device(w->pool);
    if (w->sequence && w->step_stamps == step_stamps)
        return true;
    bool first = w->sequence == NULL;
    device_sequence_free(d, w->sequence);
    struct dispatch *list = need(sizeof *list * (size_t)w->plan->step_count);
    workload_dispatches(w, false, list);
    w->sequence = device_sequence(d, list, w->plan->step_count, step_stamps, e);
    w->step_stamps = step_stamps;
    free(list);
    struct timing t;
    double begin = host_clock_ns();
    if (!w->sequence || !device_run(d, w->sequence, &t, e))
        return false;
    if (first) /* by the host's clock: a driver that compiles now does so outside of its own stamps */
        w->first_ns = d->info.computes ? w->program_ns + host_clock_ns() - begin : t.total_ns;
    return true;
}
