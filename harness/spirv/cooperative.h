/* Cooperative matrices in their KHR form, from the NV form that compilers here can write.
 *
 * GL_NV_cooperative_matrix is in every shaderc of the last years, GL_KHR_cooperative_matrix in new ones only; devices have
 * the KHR extension, and some the NV one. The two differ in that a KHR matrix has a *use*: it is the left operand of a
 * product, the right one, or an accumulator. Here that follows from the products: what is multiplied as A is of use A, and
 * whatever is loaded from, stored to, added to or converted from it, too. A matrix that meets no product is an accumulator. */
#ifndef ROOFLAB_COOPERATIVE_H
#define ROOFLAB_COOPERATIVE_H

#include "harness/spirv/module.h"

/* Does the module use the NV form? Safe for any words. */
bool cooperative_is_nv(const uint32_t *words, size_t count);

/* Rewrites a module of the NV form; *out is the caller's to free. Fails with EXIT_USAGE where a matrix would have two uses, or
 * stands where there is no rule for it (in a structure, or as a function's parameter). */
bool cooperative_to_khr(const uint32_t *words, size_t count, uint32_t **out, size_t *out_count, struct error *e);

#endif
