/* Text broken at blanks, so that it fits the terminal. */
#ifndef ROOFLAB_WRAP_H
#define ROOFLAB_WRAP_H

#include <stdio.h>

/* Prints text and a line feed. The cursor stands in column `at`; further lines begin in column `indent`. Line
 * feeds in the text stay. */
void wrap_print(FILE *out, const char *text, int at, int indent);

#endif
