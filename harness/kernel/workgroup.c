#include "harness/kernel/workgroup.h"

#include "harness/spirv/reflect.h"

static bool fits(const struct reflection *r, const struct device_info *d, struct error *e)
{
    uint64_t all = (uint64_t)r->local_size[0] * r->local_size[1] * r->local_size[2];
    bool wide = false;
    for (int i = 0; i < 3; i++)
        wide = wide || r->local_size[i] > d->max_workgroup_size[i];
    if (wide || all > d->max_invocations)
        return error_set(e, EXIT_ENVIRONMENT, "its workgroup has %u x %u x %u invocations; at most %u, and %u x %u x %u, run on %s",
                         r->local_size[0], r->local_size[1], r->local_size[2], d->max_invocations, d->max_workgroup_size[0],
                         d->max_workgroup_size[1], d->max_workgroup_size[2], d->name);
    return r->shared_bytes <= d->shared_bytes ||
           error_set(e, EXIT_ENVIRONMENT, "it wants %llu bytes of shared memory; %s has %u", (unsigned long long)r->shared_bytes, d->name,
                     d->shared_bytes);
}

bool workgroup_fits(const uint32_t *words, size_t count, const char *entry, const struct spec_value *spec, size_t specs,
                    const struct device_info *d, struct error *e)
{
    struct module m;
    struct reflection r;
    if (!module_read(&m, words, count, spec, specs, e))
        return false;
    bool ok = reflect(&r, &m, entry, NULL, e);
    if (ok) {
        ok = fits(&r, d, e);
        reflection_free(&r);
    }
    module_free(&m);
    return ok;
}
