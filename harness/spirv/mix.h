/* The static mix: what one execution of each block does. Times the blocks' counts it gives exact totals.
 *
 * The counting rules, beyond DESIGN section 4:
 * - flops: add, subtract, compare, min, max, round, multiply, divide 1 per component; fma 2; a function
 *   that is defined by a formula (mix, length, reflect) its formula; exp, log, sqrt, sine and the like 1,
 *   and they are also counted as special. Negation, absolute value, selection and rearrangement are free.
 * - a dot product of n is n multiplications and n-1 additions: 2n-1; matrix products are made of them.
 * - integer operations: 1 per component, comparisons too; addresses inside access chains are free, as are
 *   logical operations on bool and bit casts. Conversions between number types are counted apart.
 * - loads and stores name the bytes of their value without padding (a whole structure its members').
 *   Function variables, private variables, builtins and sampler handles are registers: free.
 * - subgroup operations are counted as such, not as flops.
 * - a cooperative matrix's work is done once by its scope: the item's share says so. */
#ifndef ROOFLAB_MIX_H
#define ROOFLAB_MIX_H

#include "harness/base/record.h"
#include "harness/spirv/lines.h"
#include "harness/spirv/reflect.h"
#include "harness/spirv/trace.h"

enum count_kind {
    COUNT_LOAD, COUNT_STORE,      /* count accesses of `bytes` bytes in all, to a resource */
    COUNT_ATOMIC,                 /* its loads and stores stand beside it as items of their own */
    COUNT_SHARED_LOAD, COUNT_SHARED_STORE, COUNT_SHARED_ATOMIC,
    COUNT_FLOAT16, COUNT_FLOAT32, COUNT_FLOAT64, /* count operations of kind op */
    COUNT_INT,                    /* likewise */
    COUNT_CONVERT, COUNT_BARRIER, COUNT_FENCE, COUNT_SUBGROUP, COUNT_BRANCH,
    COUNT_TILE,                   /* cooperative-matrix multiplications; their flops stand beside as fma */
    COUNT_KINDS
};
enum count_share { SHARE_INVOCATION, SHARE_SUBGROUP, SHARE_WORKGROUP };

struct mix_item {
    uint32_t block;    /* index into module.blocks */
    uint8_t kind;      /* enum count_kind */
    uint8_t op;        /* enum op of float and integer operations */
    uint8_t share;     /* enum count_share */
    uint32_t resource; /* index of a resource of loads, stores, atomics */
    struct source_line line;
    uint64_t count, bytes;
};

struct not_counted {
    char what[96]; /* the instruction, and on what */
    char why[128];
    struct source_line line; /* of the first */
    uint32_t times;          /* in the text of the shader */
};
#define NOT_COUNTED_MAX 64

/* What is bound at a place, where the shader does not tell; 0 is not known. */
struct bound_size {
    uint32_t set, binding;
    uint32_t texel_bytes;
    uint32_t count;                 /* elements of an array of resources without a length */
    uint32_t width, height, layers; /* texels of an image; layers of a 3-D image are its depth */
};
const struct bound_size *bound_find(const struct resource *r, const struct bound_size *bound, uint32_t count); /* or NULL */

struct static_mix {
    struct mix_item *items; /* by block */
    uint32_t item_count, item_room;
    uint32_t resources; /* those of the reflection come first, then: */
    uint32_t push;      /* index that stands for push constants */
    uint32_t address;   /* index that stands for buffer_reference */
    uint32_t *elements; /* by resource of the reflection: the index of an array's first element, 0: it has none. What is done
                           to an element that is known stands there, the rest with the resource itself */
    struct not_counted *not_counted;
    uint32_t not_counted_count;
};

/* Builds the mix of every block that the entry point reaches. */
void mix_build(struct static_mix *x, const struct module *m, const struct trace *t,
               const struct reflection *r, const struct bound_size *bound, uint32_t bound_count);
void mix_free(struct static_mix *x);
/* Adds a sentence to not_counted, once per pair of texts. */
void mix_not_counted(struct static_mix *x, struct source_line line, const char *what, const char *why);

#endif
