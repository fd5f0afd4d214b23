/* Shapes on the command line: "rows=1000 cols=768". */
#ifndef ROOFLAB_CLI_SHAPE_H
#define ROOFLAB_CLI_SHAPE_H

#include "harness/base/record.h"

/* Parses words of the form name=value, also several in one word, "m=512,n=512"; *count is how many. `option` is what --shape
 * says, or NULL; words go before it. Whether a kernel has such a name, kernel_plan says. */
bool shape_parse(const char *option, char *const *words, int word_count, struct shape_entry shape[RUN_SHAPE_MAX], int *count,
                 struct error *e);

#endif
