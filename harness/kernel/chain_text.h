/* What the generators of GLSL (chain_glsl.c) and of C (chain_c.c) have in common: operators are written in the
 * common subset of both, so their declarations and arguments are the same text. */
#ifndef ROOFLAB_CHAIN_TEXT_H
#define ROOFLAB_CHAIN_TEXT_H

#include "harness/kernel/chain_glsl.h"

/* Bytes of the window on which ABLATE_WINDOW works: the half of a small first cache. */
#define WINDOW_BYTES 16384

/* The bodies of the group's operators, and of each statistic its term and finish as functions NAME_term0(x, n,
 * statistics before it, params) and NAME_finish0. */
void chain_declare_operators(const struct chain_group *g, struct text *t);

/* A float constant as GLSL and C read it alike, exact to the last bit. */
void chain_add_number(struct text *t, double value);
/* ", 0.1f, 1.0f": the arguments of an operator, and its first `count` statistics by name, each with `prefix`. */
void chain_add_params(const struct chain_item *item, struct text *t);
void chain_add_stats(int i, int count, const char *prefix, struct text *t);

bool chain_has_column_tensor(const struct chain_group *g);

#endif
