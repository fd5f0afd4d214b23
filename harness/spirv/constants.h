/* Constants of a module and their values under given specialisation. */
#ifndef ROOFLAB_CONSTANTS_H
#define ROOFLAB_CONSTANTS_H

#include "harness/spirv/module.h"

/* Adds the constant defined at words[at] to m->constants; called in order of definition by types_build. */
void constant_add(struct module *m, uint32_t at, const struct spec_value *spec, uint32_t specs);

#endif
