#include "harness/spirv/constants.h"

#include <spirv/unified1/spirv.h>

static uint64_t mask(uint64_t bits, uint32_t width)
{
    return width >= 64 ? bits : bits & ((UINT64_C(1) << width) - 1);
}

static int64_t extend(uint64_t bits, uint32_t width)
{
    if (width == 0 || width >= 64)
        return (int64_t)bits;
    uint64_t sign = UINT64_C(1) << (width - 1);
    return (int64_t)((mask(bits, width) ^ sign) - sign);
}

const struct constant *module_constant(const struct module *m, uint32_t id)
{
    const uint32_t *w = module_def(m, id);
    if (!w || !m->slot[id])
        return NULL;
    bool constant = opcode_find(word_op(*w)).class == CLASS_CONSTANT || word_op(*w) == SpvOpUndef;
    return constant ? &m->constants[m->slot[id] - 1] : NULL;
}

bool constant_value(const struct module *m, uint32_t id, int64_t *value)
{
    const struct constant *c = module_constant(m, id);
    const struct spirv_type *t = c ? module_type(m, c->type) : NULL;
    if (!t || !c->known || (t->kind != TYPE_INT && t->kind != TYPE_BOOL))
        return false;
    *value = t->is_signed ? extend(c->bits, t->width) : (int64_t)c->bits;
    return true;
}

/* Operands of a constant expression: as unsigned and signed 64-bit values. */
struct operand {
    bool known;
    uint64_t u;
    int64_t s;
};

static struct operand operand(const struct module *m, uint32_t id)
{
    const struct constant *c = module_constant(m, id);
    const struct spirv_type *t = c ? module_type(m, c->type) : NULL;
    if (!t || !c->known || (t->kind != TYPE_INT && t->kind != TYPE_BOOL))
        return (struct operand){0};
    return (struct operand){true, c->bits, extend(c->bits, t->kind == TYPE_BOOL ? 64 : t->width)};
}

/* Signed remainder and division are done on magnitudes, so that the most negative value cannot trap. */
static int64_t divide(int64_t a, int64_t b)
{
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t remainder_of(int64_t a, int64_t b)
{
    return b == -1 ? 0 : a % b;
}

static uint64_t shift(uint64_t value, uint64_t by, bool left)
{
    if (by >= 64)
        return 0;
    return left ? value << by : value >> by;
}

static bool divides(SpvOp op)
{
    return op == SpvOpUDiv || op == SpvOpSDiv || op == SpvOpUMod || op == SpvOpSRem || op == SpvOpSMod;
}

/* The value of `a op b`; false for an operation that the lab does not fold. */
static bool fold(SpvOp op, struct operand a, struct operand b, uint64_t *out)
{
    if (divides(op) && b.s == 0)
        return false;
    switch (op) {
    case SpvOpIAdd: *out = a.u + b.u; return true;
    case SpvOpISub: *out = a.u - b.u; return true;
    case SpvOpIMul: *out = a.u * b.u; return true;
    case SpvOpUDiv: *out = a.u / b.u; return true;
    case SpvOpSDiv: *out = (uint64_t)divide(a.s, b.s); return true;
    case SpvOpUMod: *out = a.u % b.u; return true;
    case SpvOpSRem: *out = (uint64_t)remainder_of(a.s, b.s); return true;
    case SpvOpSMod: {
        int64_t r = remainder_of(a.s, b.s);
        *out = (uint64_t)(r != 0 && (r < 0) != (b.s < 0) ? r + b.s : r);
        return true;
    }
    case SpvOpShiftLeftLogical: *out = shift(a.u, b.u, true); return true;
    case SpvOpShiftRightLogical: *out = shift(a.u, b.u, false); return true;
    case SpvOpShiftRightArithmetic: *out = (uint64_t)(a.s >> (b.u > 63 ? 63 : b.u)); return true;
    case SpvOpBitwiseOr:
    case SpvOpLogicalOr: *out = a.u | b.u; return true;
    case SpvOpBitwiseAnd:
    case SpvOpLogicalAnd: *out = a.u & b.u; return true;
    case SpvOpBitwiseXor: *out = a.u ^ b.u; return true;
    case SpvOpIEqual:
    case SpvOpLogicalEqual: *out = a.u == b.u; return true;
    case SpvOpINotEqual:
    case SpvOpLogicalNotEqual: *out = a.u != b.u; return true;
    case SpvOpULessThan: *out = a.u < b.u; return true;
    case SpvOpULessThanEqual: *out = a.u <= b.u; return true;
    case SpvOpUGreaterThan: *out = a.u > b.u; return true;
    case SpvOpUGreaterThanEqual: *out = a.u >= b.u; return true;
    case SpvOpSLessThan: *out = a.s < b.s; return true;
    case SpvOpSLessThanEqual: *out = a.s <= b.s; return true;
    case SpvOpSGreaterThan: *out = a.s > b.s; return true;
    case SpvOpSGreaterThanEqual: *out = a.s >= b.s; return true;
    default: return false;
    }
}

static bool fold_one(SpvOp op, struct operand a, uint64_t *out)
{
    switch (op) {
    case SpvOpNot: *out = ~a.u; return true;
    case SpvOpLogicalNot: *out = !a.u; return true;
    case SpvOpSNegate: *out = 0 - a.u; return true;
    case SpvOpUConvert: *out = a.u; return true;
    case SpvOpSConvert: *out = (uint64_t)a.s; return true;
    default: return false;
    }
}

/* The constituent of a constant composite that literal indices name; 0 where it is not there. */
static uint32_t constituent(const struct module *m, uint32_t id, const uint32_t *index, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *w = module_def(m, id);
        uint16_t op = w ? word_op(*w) : 0;
        bool composite = op == SpvOpConstantComposite || op == SpvOpSpecConstantComposite;
        if (!composite || index[i] >= word_length(*w) - 3)
            return 0;
        id = w[3 + index[i]];
    }
    return id;
}

static void fold_operation(struct module *m, struct constant *c, const uint32_t *w)
{
    uint32_t length = word_length(*w);
    SpvOp op = (SpvOp)w[3];
    const struct spirv_type *t = module_type(m, c->type);
    uint64_t bits = 0;
    struct operand a = length > 4 ? operand(m, w[4]) : (struct operand){0};
    struct operand b = length > 5 ? operand(m, w[5]) : (struct operand){0};
    c->specialised = true;
    if (!t || (t->kind != TYPE_INT && t->kind != TYPE_BOOL))
        return;
    if (op == SpvOpSelect && length > 6 && a.known) {
        struct operand chosen = operand(m, a.u ? w[5] : w[6]);
        c->known = chosen.known;
        bits = chosen.u;
    } else if (op == SpvOpCompositeExtract && length > 5) {
        struct operand part = operand(m, constituent(m, w[4], w + 5, length - 5));
        c->known = part.known;
        bits = part.u;
    } else if (length == 5) {
        c->known = a.known && fold_one(op, a, &bits);
    } else if (length == 6) {
        c->known = a.known && b.known && fold(op, a, b, &bits);
    }
    c->bits = mask(bits, t->width);
}

static bool given(const struct module *m, uint32_t id, const struct spec_value *spec, uint32_t specs,
                  uint64_t *bits)
{
    const struct decoration *d = module_decoration(m, id, MEMBER_NONE, SpvDecorationSpecId);
    for (uint32_t i = 0; d && d->count && i < specs; i++) {
        if (spec[i].id == m->words[d->at]) {
            *bits = spec[i].bits;
            return true;
        }
    }
    return false;
}

static void read_scalar(struct module *m, struct constant *c, const uint32_t *w)
{
    const struct spirv_type *t = module_type(m, c->type);
    uint32_t words = t && t->width > 32 ? 2 : 1;
    if (!t || (t->kind != TYPE_INT && t->kind != TYPE_FLOAT) || word_length(*w) < 3 + words)
        return;
    c->known = true;
    c->bits = mask(w[3] | (words == 2 ? (uint64_t)w[4] << 32 : 0), t->width);
}

void constant_add(struct module *m, uint32_t at, const struct spec_value *spec, uint32_t specs)
{
    const uint32_t *w = m->words + at;
    struct constant *c = &m->constants[m->constant_count];
    *c = (struct constant){.id = w[2], .type = w[1]};
    const struct spirv_type *t = module_type(m, c->type);
    switch (word_op(*w)) {
    case SpvOpConstantTrue:
    case SpvOpSpecConstantTrue:
        c->bits = 1;
        c->known = true;
        break;
    case SpvOpConstantFalse:
    case SpvOpSpecConstantFalse: c->known = true; break;
    case SpvOpConstantNull: c->known = t && t->kind >= TYPE_BOOL && t->kind <= TYPE_FLOAT; break;
    case SpvOpConstant:
    case SpvOpSpecConstant: read_scalar(m, c, w); break;
    case SpvOpSpecConstantOp: fold_operation(m, c, w); break;
    default: break;
    }
    SpvOp op = (SpvOp)word_op(*w);
    if (op == SpvOpSpecConstant || op == SpvOpSpecConstantTrue || op == SpvOpSpecConstantFalse) {
        uint64_t bits;
        c->specialised = true;
        if (t && c->known && given(m, c->id, spec, specs, &bits))
            c->bits = t->kind == TYPE_BOOL ? bits != 0 : mask(bits, t->width);
    }
    m->slot[c->id] = ++m->constant_count;
}
