/* What a study needs to know of epilogues. */
#include <string.h>

#include "harness/kernel/epilogue.h"
#include "harness/measure/study.h"
#include "harness/measure/tuned.h"

/* The shape that is compared in full: of the kernel's verify lines the second, since the first tends to be all ones. */
static struct plan *small_plan(const struct epilogue *p, enum epilogue_variant v, const uint32_t *tune,
                               const struct device_info *device)
{
    const struct kernel *k = p->kernel;
    struct error unheard = {0};
    if (k->verify_count == 0)
        return NULL;
    const struct kernel_verify *at = &k->verify[k->verify_count > 1];
    return epilogue_plan(p, v, at->shape, at->count, tune, device, &unheard);
}

bool study_add_epilogue(struct study *s, const char *group, const char *text, const char *const *variants, int count,
                        const struct shape_entry *shape, int shapes, struct error *e)
{
    const struct device_info *device = &pool_device(study_pool(s))->info;
    struct epilogue *p = epilogue_parse(text, device->language, e);
    uint32_t tune[KERNEL_TUNE_MAX] = {0};
    if (!p)
        return false;
    tuned_values(device, p->kernel, shape, shapes, tune);
    for (int i = 0; i < count; i++) {
        struct error own = {0};
        enum epilogue_variant v = epilogue_variant(variants[i]);
        struct study_run run = {.group = group, .kernel = p->kernel->name, .chain = p->text, .variant = variants[i]};
        run.plan = epilogue_plan(p, v, shape, shapes, tune, device, &own);
        if (!run.plan) {
            study_add_failed(s, &run, &own);
            continue;
        }
        run.small = small_plan(p, v, tune, device);
        study_add(s, &run);
    }
    epilogue_free(p);
    return true;
}
