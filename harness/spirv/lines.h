/* Source lines: which line an instruction comes from, and bytes and operations per line. */
#ifndef ROOFLAB_LINES_H
#define ROOFLAB_LINES_H

#include "harness/spirv/module.h"

/* A line of a file; file is the id of an OpString (lines_file gives its text), line 0: not known. */
struct source_line {
    uint32_t file, line;
};

/* Follows OpLine, OpNoLine and the non-semantic DebugLine: call it for every instruction in order, then the
 * state is the line of the instructions that follow. Blocks begin without a line. */
void lines_follow(struct source_line *state, const struct module *m, const uint32_t *w);

/* The file's name as the compiler wrote it; "" where there is none. */
const char *lines_file(const struct module *m, uint32_t file, char *out, size_t size);

#endif
