/* GLSL.std.450 and other extended instruction sets: what each instruction costs. */
#ifndef ROOFLAB_SPECIAL_H
#define ROOFLAB_SPECIAL_H

#include "harness/base/record.h"
#include "harness/spirv/module.h"

/* Costs are n[0] + n[1] * (components of the first operand) operations of each kind. */
struct special_cost {
    uint8_t instruction; /* GLSLstd450 */
    bool integer;        /* the operations are integer ones */
    struct {
        uint8_t op; /* enum op */
        int8_t fixed, each;
    } part[3]; /* a part with fixed = each = 0 is none */
};

enum ext_set { EXT_NONE, EXT_GLSL, EXT_FREE, EXT_DEBUG_LINES, EXT_UNKNOWN };
/* Which set the operand of an OpExtInst names: GLSL.std.450, one that does no work (NonSemantic.*), the
 * non-semantic one that carries source lines, or one that the lab does not know. */
enum ext_set ext_set_of(const struct module *m, uint32_t set_id);

/* The cost of a GLSL.std.450 instruction, or NULL for one that is not counted. */
const struct special_cost *special_find(uint32_t instruction);

#endif
