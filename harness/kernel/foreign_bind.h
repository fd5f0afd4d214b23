/* What a foreign shader's resources and push constants are bound to: the part of foreign.h that makes buffers. */
#ifndef ROOFLAB_FOREIGN_BIND_H
#define ROOFLAB_FOREIGN_BIND_H

#include "harness/kernel/foreign.h"
#include "harness/spirv/reflect.h"

#define FOREIGN_SIZE 1024 /* elements of a runtime array where nothing else is said */

void foreign_bind(struct plan *p, struct step *s, const struct reflection *f, const struct foreign_options *o,
                  struct foreign_verdict *v);
/* What the device must have, by the module's capabilities. */
unsigned foreign_needs(const struct module *m);
/* The address of a fresh buffer at a word of the push constants. */
void foreign_address(struct plan *p, struct step *s, int word, uint64_t bytes);
/* Push constants behind the first `given` words: addresses where they are declared as such. */
void foreign_push(struct plan *p, struct step *s, const struct module *m, const struct reflection *f,
                  const struct foreign_options *o, int given, struct foreign_verdict *v);

#endif
