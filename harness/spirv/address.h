/* The address of a pointer as code: its byte offset in its variable, from the access chains that made it. */
#ifndef ROOFLAB_ADDRESS_H
#define ROOFLAB_ADDRESS_H

#include "harness/spirv/emit.h"
#include "harness/spirv/layout.h"

struct address {
    uint32_t variable;  /* the root */
    uint32_t type;      /* type id of what is pointed at */
    struct matrix_layout matrix; /* that it inherits */
    uint32_t scatter;   /* a column of a row-major matrix: distance of its components; else 0 */
    uint32_t offset;    /* id of the offset that is computed, 0: none; `fixed` is added to it */
    uint64_t fixed;
    uint32_t bad;       /* id of a bool: some index is out of its array; 0: none can be */
    uint32_t index;     /* id of the first index into an array that is no constant, as u32; 0: none */
    uint32_t strides;   /* of the computed part, or-ed: its lowest bit divides that part */
};

/* A power of two that divides the offset, at most `limit` (itself one); `at` is added to the fixed part. */
uint32_t address_alignment(const struct address *a, uint64_t at, uint32_t limit);

/* The chain of instructions from a pointer down to its variable, in that order; false where it leads
 * through a function parameter, a selection or an access that is not logical. */
#define ADDRESS_CHAIN_MAX 32
struct chain {
    uint32_t count, variable;
    const uint32_t *link[ADDRESS_CHAIN_MAX]; /* access chains only, the last one first */
};
bool address_chain(const struct module *m, uint32_t pointer, struct chain *c);

/* Writes the code that computes an address. `resources`: the variable may be an array of resources. False
 * with *why where the layout does not allow it (nothing wrong is written then, perhaps something useless). */
bool address_write(struct emit *e, struct words *to, const struct chain *c, bool resources, struct address *a,
                   const char **why);

/* The address is bad, too, where index >= count. Gives the comparison's id. */
uint32_t address_limit(struct emit *e, struct words *to, struct address *a, uint32_t index, uint32_t count);

/* An index as a u32: converted, bit-cast or itself. */
uint32_t address_u32(struct emit *e, struct words *to, uint32_t value);

#endif
