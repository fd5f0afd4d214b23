/* What the tests of kernel files share: a house of their own in a temporary folder. */
#ifndef ROOFLAB_TESTS_SUPPORT_KERNEL_H
#define ROOFLAB_TESTS_SUPPORT_KERNEL_H

#include "harness/kernel/kernel.h"

/* Makes an empty house (kernels/elementwise in a temporary folder), and removes it with all that is in it. As
 * cmocka wants them. */
int house_make(void **state);
int house_remove(void **state);
/* ROOFLAB_HOME becomes the temporary house, or what it was when the tests began. */
void house_own(bool own);

/* The path of a file of the house, "kernels/op/rung.comp". Valid until the next but one call. */
const char *house_path(const char *name);
/* Writes a file there, and reads it as a kernel. */
void house_write(const char *name, const char *text, size_t len);
struct kernel *house_kernel(const char *name, const char *text, struct error *e);
/* The plan of a kernel with this text; fails the test where it is not even a kernel. */
struct plan *house_plan(const char *text, const struct shape_entry *shape, int count, const uint32_t *tune,
                        struct error *e);

/* Fails the test where text does not contain all of the words, which are separated by '|'. */
void assert_says(const char *text, const char *words);

#endif
