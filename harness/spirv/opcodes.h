/* The opcode table: what the lab knows of each SPIR-V instruction, its shape and how it counts. */
#ifndef ROOFLAB_OPCODES_H
#define ROOFLAB_OPCODES_H

#include <stdbool.h>
#include <stdint.h>

/* What an instruction is to the lab. Those above CLASS_FREE stand outside blocks or end them. */
enum op_class {
    CLASS_UNCOUNTED,  /* not in the table: counted work may hide in it, so it is reported */
    CLASS_HEAD,       /* capabilities, extensions, entry points, modes */
    CLASS_DEBUG,      /* names and sources */
    CLASS_ANNOTATION, /* decorations */
    CLASS_TYPE,
    CLASS_CONSTANT,
    CLASS_FUNCTION,   /* functions, parameters, labels */
    CLASS_END,        /* ends a block and counts nothing */
    CLASS_BRANCH,     /* ends a block and decides: a branch */
    CLASS_KILL,       /* ends a block and the invocation with it: its counters would be lost */
    CLASS_FREE,       /* moves, names or rearranges; nothing the lab counts */
    CLASS_FLOP,       /* one floating-point operation per component of the result */
    CLASS_FLOP_OPERAND, /* likewise, by the type of the first operand (comparisons) */
    CLASS_INT,        /* one integer operation per component of the result */
    CLASS_INT_OPERAND,
    CLASS_CONVERT,    /* a conversion between number types, per component */
    CLASS_DOT, CLASS_SCALE, CLASS_VECTOR_MATRIX, CLASS_MATRIX_VECTOR, CLASS_MATRIX_MATRIX, CLASS_OUTER,
    CLASS_INT_DOT,
    CLASS_LOAD, CLASS_STORE, CLASS_COPY, CLASS_COPY_SIZED,
    CLASS_ATOMIC_LOAD, CLASS_ATOMIC_STORE, CLASS_ATOMIC,
    CLASS_IMAGE_READ, CLASS_IMAGE_WRITE, CLASS_IMAGE_SAMPLE, CLASS_IMAGE_GATHER,
    CLASS_BARRIER, CLASS_FENCE, CLASS_SUBGROUP,
    CLASS_EXT,        /* an extended instruction: special.h decides */
    CLASS_TILE_LOAD, CLASS_TILE_STORE, CLASS_TILE_MUL /* cooperative matrices */
};

struct opcode {
    uint16_t op;
    uint8_t min_words; /* shortest legal length, the first word included */
    uint8_t ids;       /* 0: no result, 1: a result id, 2: a result type and a result id */
    uint8_t class;
};

/* The row of an opcode. One that the table does not have gives CLASS_UNCOUNTED with the shape that the
 * SPIR-V headers know; never NULL. */
struct opcode opcode_find(uint16_t op);

/* Cooperative matrices in their KHR form are younger than the distribution's headers. */
enum {
    OP_TYPE_COOPERATIVE_MATRIX_KHR = 4456,
    OP_COOPERATIVE_MATRIX_LOAD_KHR = 4457,
    OP_COOPERATIVE_MATRIX_STORE_KHR = 4458,
    OP_COOPERATIVE_MATRIX_MUL_ADD_KHR = 4459,
    OP_COOPERATIVE_MATRIX_LENGTH_KHR = 4460,
    CAPABILITY_COOPERATIVE_MATRIX_KHR = 6022
};

#endif
