/* Escape sequences for emphasis; all empty where nobody would see them. */
#ifndef ROOFLAB_STYLE_H
#define ROOFLAB_STYLE_H

#include <stdio.h>

struct style {
    const char *bold, *dim, *green, *red, *yellow, *off;
};

/* The style for a stream: empty where it is no terminal, where NO_COLOR is set (https://no-color.org), or
 * where TERM is "dumb". */
const struct style *style_of(FILE *f);

/* Columns that text on this stream may take, at most 100: the terminal's width; where it is none, COLUMNS or
 * 100. */
int style_width(FILE *f);

#endif
