/* What a study needs to know of kernel files. */
#include <string.h>

#include "harness/kernel/kernel.h"
#include "harness/measure/study.h"

bool study_add_kernel(struct study *s, const char *group, const struct kernel *k, const struct shape_entry *shape,
                      int count, struct error *e)
{
    struct shape_entry small[RUN_SHAPE_MAX];
    struct error own = {0};
    struct study_run run = {.group = group, .kernel = k->name};
    run.plan = kernel_plan(k, shape, count, NULL, e);
    if (!run.plan)
        return false;
    kernel_verify_shape(k, 0, small);
    run.small = kernel_plan(k, small, k->shapes, NULL, &own);
    study_add(s, &run);
    return true;
}
