/* Marks that wait: a block with many accesses keeps their addresses in Private arrays, and marks them all in one loop.
 *
 * Drivers inline every function, so that a mark called where its access stands is compiled once for each access, and
 * compile time grows worse than linearly with them. An access that waits costs two stores. The loop runs before anything by
 * which another invocation could learn of the access (barriers, fences, atomics), before calls, and at the block's end.
 * What is known beforehand of a mark stands in a row of the lab buffer; arrays are few because every invocation has them,
 * and more than one because a compiler's work grows with the square of the uses of one array. */
#ifndef ROOFLAB_FOOTPRINT_QUEUE_H
#define ROOFLAB_FOOTPRINT_QUEUE_H

#include "harness/spirv/footprint_marks.h"
#include "harness/spirv/instrument.h"

#define QUEUE_FROM   6 /* accesses of a block that make waiting worth its loop */
#define QUEUE_MAX    32
#define QUEUE_GROUPS 4

enum { QUEUE_OFFSET, QUEUE_INDEX, QUEUE_COLUMNS };
struct queue {
    const struct marks *marks;
    struct instrumented *in;
    uint32_t row_room;
    uint32_t room;                   /* elements of each array; 0: no block is worth it */
    uint32_t columns[QUEUE_GROUPS][QUEUE_COLUMNS]; /* the arrays' variables */
    uint32_t array, pointer;         /* types of pointers to an array and to an element */
    uint32_t drain;                  /* void drain(offsets, indices, first row, count) */
    uint32_t group, first, waiting;  /* arrays in use, first row, and how many wait there */
};

/* Room for that many, at most QUEUE_MAX; below QUEUE_FROM nothing is made. */
void queue_begin(struct queue *q, struct instrumented *in, const struct marks *marks, uint32_t room);
/* A mark of `bytes` at offset; both are ids. false: the numbers are too large to wait (nothing is written). */
bool queue_add(struct queue *q, struct words *t, struct mark_row row, uint32_t offset, uint32_t index);
void queue_drain(struct queue *q, struct words *t); /* marks what waits */
void queue_function(struct queue *q, struct words *t);
/* What the lab buffer says of a row. */
void queue_row(struct mark_row row, uint32_t base, uint32_t size, uint32_t out[LAB_ROW_WORDS]);

#endif
