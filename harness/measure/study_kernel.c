/* What a study needs to know of kernel files. */
#include <stdio.h>
#include <string.h>

#include "harness/kernel/kernel.h"
#include "harness/measure/study.h"
#include "harness/measure/tuned.h"

bool study_add_kernel(struct study *s, const char *group, const struct kernel *k, const struct shape_entry *shape,
                      int count, struct error *e)
{
    struct error own = {0};
    uint32_t tune[KERNEL_TUNE_MAX] = {0};
    char values[160], words[180];
    struct study_run run = {.group = group, .kernel = k->name};
    const struct device_info *info = &pool_device(study_pool(s))->info;
    bool tuned = tuned_values(info, k, shape, count, tune);
    search_values(k, tune, values, sizeof values);
    snprintf(words, sizeof words, "%s%s", tuned ? "tuned: " : "", values);
    run.tune = k->tune_count ? words : NULL;
    run.plan = kernel_plan_for(k, info, shape, count, tune, e);
    if (!run.plan)
        return false;
    run.small = kernel_verify_plan(k, info, 0, tune, &own);
    study_add(s, &run);
    return true;
}
