/* Writing SPIR-V: growing word lists, fresh ids, and types and constants that are made once. */
#ifndef ROOFLAB_EMIT_H
#define ROOFLAB_EMIT_H

#include "harness/spirv/module.h"

struct words {
    uint32_t *w;
    size_t count, room;
};
void words_add(struct words *to, const uint32_t *from, size_t count);
/* One instruction; operands follow the first word, which is made here. */
void words_op(struct words *to, uint16_t op, uint32_t count, const uint32_t *operands);
void words_free(struct words *w);

/* A module in the making: what is added to one that was read. */
struct emit {
    const struct module *m;
    uint32_t next_id;
    struct words decorations; /* go behind the old annotations */
    struct words globals;     /* go behind the old types and variables */
    uint32_t u32, boolean, nothing; /* type ids, 0 until they are asked for */
};

uint32_t emit_id(struct emit *e);
/* The id of a type that is neither structure nor array, the old one where the module has it: SPIR-V wants
 * each such type once. Operands are those behind the result id. */
uint32_t emit_type(struct emit *e, uint16_t op, uint32_t count, const uint32_t *operands);
uint32_t emit_u32(struct emit *e);
uint32_t emit_bool(struct emit *e);
uint32_t emit_void(struct emit *e);
uint32_t emit_pointer(struct emit *e, uint32_t storage, uint32_t type);
uint32_t emit_constant(struct emit *e, uint32_t value); /* a u32 */
/* A module-scope variable with that initial value; 0: none. */
uint32_t emit_variable(struct emit *e, uint32_t storage, uint32_t type, uint32_t initial);
void emit_decorate(struct emit *e, uint32_t target, uint32_t decoration, uint32_t count,
                   const uint32_t *literals);

/* An instruction with a result of that type into a list; returns the new id. */
uint32_t emit_op(struct emit *e, struct words *to, uint16_t op, uint32_t type, uint32_t count,
                 const uint32_t *operands);
/* Likewise with two operands. */
uint32_t emit_two(struct emit *e, struct words *to, uint16_t op, uint32_t type, uint32_t a, uint32_t b);
uint32_t emit_load(struct emit *e, struct words *to, uint32_t type, uint32_t pointer);
void emit_label(struct words *to, uint32_t label);
/* A structured if: merge and branch; the caller writes label `then` and, after it, label `end`. */
void emit_if(struct words *to, uint32_t condition, uint32_t then, uint32_t end);

#endif
