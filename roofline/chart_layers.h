/* A run of many steps as layers: what the two charts of it share (chart_layers.c). Private to roofline/chart*.c. */
#ifndef ROOFLAB_CHART_LAYERS_H
#define ROOFLAB_CHART_LAYERS_H

#include "roofline/chart_roofs.h"

/* A run with fewer steps is no network. */
#define LAYERS_LEAST 12
#define LAYER_KINDS  6 /* further kernels share the last colour */

/* Was it timed, and has it so many steps that are? */
bool layers_of(const struct run *r);

/* The fastest such run of a record and group (NULL: all); NULL where there is none. */
const struct run *layers_run(const struct record *r, const char *group);

/* The kernels of a run's steps in order of their first appearance, each once. */
struct layer_kinds {
    const char *names[LAYER_KINDS];
    int count;
};
void layers_kinds(const struct run *r, struct layer_kinds *k);
const char *layers_colour(const struct layer_kinds *k, const struct run *step);
/* "pointwise" of "mobilenet/parts/pointwise" */
const char *layers_name(const char *kernel);

#endif
