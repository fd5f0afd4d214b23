/* A SPIR-V module, read safely: what a hostile file says is checked here once, so that the floors above may
 * follow ids without fear.
 *
 * After module_read every instruction has its legal length, every result id is unique and within the
 * bound, every result type is a type, types and constants are built from earlier ones (so nothing that
 * recurses over them can loop, and depth is at most TYPE_DEPTH_MAX), functions and blocks nest rightly. What
 * is *not* promised: that an id used as an operand exists or is of the right kind. So follow ids only with
 * module_def, module_op, module_type and module_constant, which answer NULL, 0 or false for a bad one. */
#ifndef ROOFLAB_MODULE_H
#define ROOFLAB_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"
#include "harness/spirv/opcodes.h"
#include "harness/spirv/types.h"

#define MODULE_HEADER 5          /* words before the first instruction */
#define MODULE_BOUND_MAX 4194303 /* SPIR-V's universal limit on ids */
#define MEMBER_NONE UINT32_MAX

/* A value for a specialisation constant: by its SpecId; the bits are those of its type, a bool 0 or 1. */
struct spec_value {
    uint32_t id;
    uint64_t bits;
};

/* A basic block: words[at] is its OpLabel, words[last] its terminator, words[end] what follows. */
struct block {
    uint32_t label, function;
    uint32_t at, last, end;
};

struct function {
    uint32_t id, at, end; /* words[at] is OpFunction, words[end] follows OpFunctionEnd */
    uint32_t first_block, blocks;
};

/* A decoration or a name of an id or of a structure's member. */
struct decoration {
    uint32_t target, member; /* MEMBER_NONE: of the id itself */
    uint32_t kind;           /* SpvDecoration, or DECORATION_NAME */
    uint32_t at, count;      /* its literals: words[at], count of them; for a name its string */
};
#define DECORATION_NAME UINT32_MAX

struct module {
    uint32_t *words; /* in this machine's byte order */
    uint32_t count;
    uint32_t version; /* as in the header: 0x00010500 is 1.5 */
    uint32_t bound;
    uint32_t *def;  /* by id: its defining instruction's word, 0 where there is none */
    uint32_t *slot; /* by id: 1 + index into types, constants, blocks or functions, by what defines it */
    struct function *functions;
    struct block *blocks;
    uint32_t function_count, block_count;
    struct decoration *decorations; /* sorted by target, member and kind */
    uint32_t decoration_count;
    uint64_t group_work; /* spent on decoration groups, limited */
    struct spirv_type *types;
    struct constant *constants;
    uint32_t type_count, constant_count;
};

/* Reads a module of `count` words, either byte order, with values for its specialisation constants (others
 * keep their defaults). The words are copied. Fails with EXIT_USAGE and "SPIR-V word N: what". */
bool module_read(struct module *m, const uint32_t *words, size_t count, const struct spec_value *spec,
                 size_t specs, struct error *e);
void module_free(struct module *m);

static inline uint16_t word_op(uint32_t word) { return (uint16_t)(word & 0xffff); }
static inline uint32_t word_length(uint32_t word) { return word >> 16; }

/* The instruction that defines id, or NULL. [0] is opcode and length, [1] the result type if it has one. */
const uint32_t *module_def(const struct module *m, uint32_t id);
uint16_t module_op(const struct module *m, uint32_t id); /* 0 (OpNop) where id is not defined */
uint32_t module_type_of(const struct module *m, uint32_t id); /* the type id of a value, 0 for none */

const struct function *module_function(const struct module *m, uint32_t id);
const struct block *module_block(const struct module *m, uint32_t label);

/* The first decoration of that kind, or NULL; and its first literal, or `otherwise`. */
const struct decoration *module_decoration(const struct module *m, uint32_t target, uint32_t member,
                                           uint32_t kind);
uint32_t module_literal(const struct module *m, uint32_t target, uint32_t member, uint32_t kind,
                        uint32_t otherwise);

/* The string at words[at], at most `words` long, cut to size-1 and never without its NUL. Characters that
 * would upset a terminal become '?'. Returns the number of words that it takes. */
uint32_t module_string(const struct module *m, uint32_t at, uint32_t words, char *out, size_t size);
/* The name given by OpName or OpMemberName, "" where there is none. */
const char *module_name(const struct module *m, uint32_t id, uint32_t member, char *out, size_t size);

#endif
