/* The part of reflection that lists resources; called by reflect. */
#ifndef ROOFLAB_REFLECT_RESOURCES_H
#define ROOFLAB_REFLECT_RESOURCES_H

#include "harness/spirv/reflect.h"

bool reflect_resources(struct reflection *r, const struct module *m, const struct trace *t, struct error *e);

#endif
