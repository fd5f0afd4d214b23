/* The generator of kernels in C, in two parts: what is done with a block (chain_c_walks.c), and how blocks follow each other
 * and reach memory (chain_c.c). */
#ifndef ROOFLAB_CHAIN_C_PARTS_H
#define ROOFLAB_CHAIN_C_PARTS_H

#include "harness/kernel/chain_c.h"

/* Floats in a block, and in one of the last walk where several slow operators have a loop each: so many do not wait. */
#define BLOCK_FLOATS 64
#define SLOW_FLOATS  256
/* The longest row that is held as the terms of a statistic: in the second cache. */
#define KEPT_MAX 65536

struct c_kernel {
    const struct chain_group *g;
    struct text *t;
    bool rows; /* the shape */
    bool wrapped; /* flat, with column tensors that begin again and again */
    bool held; /* the row is held in scratch from the first walk on */
    int walks; /* of statistics */
    int reads; /* walks that read the input itself */
    int asks;  /* the walk that asks for the next row: the one with most to do meanwhile */
    int last_first; /* the first operator of the last walk */
    int step;  /* floats of a block of the last walk */
};

/* Is the row held as the terms of the operator's last statistic? Not where it would leave the caches. */
bool c_keeps_terms(const struct c_kernel *s, int i);
/* Which walk has most to do (s->asks), where the last one begins, and how large its blocks are. */
void c_look_at_walks(struct c_kernel *s);
/* Writes `struct row`, tensors and statistics of the row at hand, and all walks as functions: walk0, walk1, ... for the
 * statistics in order, the last one for the output. */
void c_declare_walks(struct c_kernel *s);

#endif
