/* What the tests of experiments share. */
#ifndef ROOFLAB_TESTS_SUPPORT_EXPERIMENT_H
#define ROOFLAB_TESTS_SUPPORT_EXPERIMENT_H

#include "harness/measure/experiment.h"

/* The experiment of this text, written to my.txt of the test's own house (support_kernel.h), while operators may be the real ones.
 * read_right fails the test where it is none. */
struct experiment *read_text(const char *text, struct error *e);
struct experiment *read_right(const char *text);

#endif
