#include "harness/spirv/cooperative.h"

#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/emit.h"
#include "harness/spirv/validate.h"

#define EXTENSION_NV   "SPV_NV_cooperative_matrix"
#define EXTENSION_KHR  "SPV_KHR_cooperative_matrix"

/* SPIR-V's own numbers; they serve as layouts too, where 0 is row-major and 1 column-major. */
enum use { USE_A, USE_B, USE_ACCUMULATOR, USES, USE_NONE = USES };

struct rewriting {
    const struct module *m;
    uint32_t *parent;      /* by id: values of one use are one set */
    uint8_t *use;          /* by id, of a set's first: enum use */
    bool *holds;           /* by id of a type: it is a matrix, or a pointer to or an array of them */
    uint32_t *named[USES]; /* by id of such a type or of a constant: its id with that use, 0: not needed */
    bool *taken;           /* by such an id: the old id serves one use already */
    uint32_t next_id;
    uint32_t number[USES]; /* constants 0, 1 and 2; 0 until they are written */
    struct words to;
};

bool cooperative_is_nv(const uint32_t *words, size_t count)
{
    uint32_t capability = 2u << 16 | SpvOpCapability;
    for (size_t at = MODULE_HEADER; at + 1 < count && words[at] == capability; at += 2)
        if (words[at + 1] == SpvCapabilityCooperativeMatrixNV)
            return true;
    return false;
}

/* ---- what has which use */

static bool holds_matrix(const struct rewriting *r, uint32_t id)
{
    uint32_t type = id < r->m->bound ? module_type_of(r->m, id) : 0;
    return type && r->holds[type];
}

/* Constants serve any use: each has its own copy. */
static bool is_constant(const struct rewriting *r, uint32_t id)
{
    const uint32_t *w = module_def(r->m, id);
    bool global = w && w < r->m->words + r->m->functions[0].at;
    return global && (opcode_find(word_op(*w)).class == CLASS_CONSTANT || word_op(*w) == SpvOpUndef);
}

static bool find_types(struct rewriting *r, struct error *e)
{
    for (uint32_t i = 0; i < r->m->type_count; i++) {
        const struct spirv_type *t = &r->m->types[i];
        bool part = false;
        for (uint32_t k = 0; t->kind == TYPE_STRUCT && k < t->count; k++)
            part |= r->holds[type_member(r->m, t, k)];
        for (uint32_t k = 2; t->kind == TYPE_FUNCTION && k < word_length(r->m->words[t->at]); k++)
            part |= r->m->words[t->at + k] < r->m->bound && r->holds[r->m->words[t->at + k]];
        if (part)
            return error_set(e, EXIT_USAGE,
                             "a cooperative matrix in a structure, or as a function's parameter, has no KHR form here");
        bool through = t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY;
        r->holds[t->id] = t->kind == TYPE_TILE || (through && t->element < r->m->bound && r->holds[t->element]);
    }
    return true;
}

static uint32_t find(struct rewriting *r, uint32_t id)
{
    while (r->parent[id] != id)
        id = r->parent[id] = r->parent[r->parent[id]];
    return id;
}

static const char *use_name(enum use u)
{
    static const char *const names[USES] = {"as the left operand", "as the right operand", "as an accumulator"};
    return names[u];
}

static bool set_use(struct rewriting *r, uint32_t id, enum use u, struct error *e)
{
    if (!holds_matrix(r, id) || is_constant(r, id) || u == USE_NONE)
        return true;
    uint8_t *own = &r->use[find(r, id)];
    if (*own != USE_NONE && *own != u)
        return error_set(e, EXIT_USAGE,
                         "a cooperative matrix (%%%u) is used %s and %s: its KHR form has one use; go through memory", id,
                         use_name(*own), use_name(u));
    *own = (uint8_t)u;
    return true;
}

static bool join(struct rewriting *r, uint32_t *first, uint32_t id, struct error *e)
{
    if (!holds_matrix(r, id) || is_constant(r, id))
        return true;
    if (!*first) {
        *first = id;
        return true;
    }
    uint32_t a = find(r, *first), b = find(r, id);
    enum use u = r->use[b];
    r->parent[b] = a;
    return a == b || set_use(r, a, u, e);
}

/* The operands of an instruction that may be matrices: words [*from, *to). Literals look like ids, so others are left out. */
static void operands_of(const struct rewriting *r, const uint32_t *w, uint32_t *from, uint32_t *to)
{
    uint32_t length = word_length(*w);
    bool result = opcode_find(word_op(*w)).ids == 2;
    *from = result ? 3 : 1;
    switch (word_op(*w)) {
    case SpvOpVariable: *from = 4, *to = 5; break;
    case SpvOpLoad:
    case SpvOpCopyObject:
    case SpvOpAccessChain:
    case SpvOpInBoundsAccessChain:
    case SpvOpCompositeExtract: *to = 4; break;
    case SpvOpCompositeInsert: *to = 5; break;
    case SpvOpStore:
    case SpvOpCopyMemory:
    case SpvOpCooperativeMatrixStoreNV: *to = 3; break;
    case SpvOpCooperativeMatrixLoadNV: /* its pointer is to numbers */
    case SpvOpFunction:
    case SpvOpFunctionParameter:
    case SpvOpFunctionCall: *to = *from; break;
    default: *to = result && holds_matrix(r, w[2]) ? length : *from;
    }
    *to = *to < length ? *to : length;
}

static bool infer_instruction(struct rewriting *r, const uint32_t *w, struct error *e)
{
    uint32_t from, to, first = 0;
    struct opcode row = opcode_find(word_op(*w));
    if (word_op(*w) == SpvOpCooperativeMatrixMulAddNV)
        return join(r, &first, w[2], e) && join(r, &first, w[5], e) && set_use(r, w[2], USE_ACCUMULATOR, e) &&
               set_use(r, w[3], USE_A, e) && set_use(r, w[4], USE_B, e);
    if (row.ids == 2 && !join(r, &first, w[2], e))
        return false;
    operands_of(r, w, &from, &to);
    for (uint32_t i = from; i < to; i++)
        if (!join(r, &first, w[i], e))
            return false;
    bool known = row.class != CLASS_UNCOUNTED && row.class != CLASS_EXT;
    return !first || known ||
           error_set(e, EXIT_USAGE, "Op%s of a cooperative matrix has no KHR form here", spirv_opcode_name(word_op(*w)));
}

static bool infer(struct rewriting *r, struct error *e)
{
    for (uint32_t at = MODULE_HEADER; at < r->m->count; at += word_length(r->m->words[at])) {
        const uint32_t *w = r->m->words + at;
        bool code = at >= r->m->functions[0].at || word_op(*w) == SpvOpVariable;
        if (code && !infer_instruction(r, w, e))
            return false;
    }
    return true;
}

static enum use use_of(struct rewriting *r, uint32_t id)
{
    enum use u = r->use[find(r, id)];
    return u == USE_NONE ? USE_ACCUMULATOR : u;
}

/* The use that an instruction's constants and types have: its other matrices'. */
static enum use use_here(struct rewriting *r, const uint32_t *w)
{
    uint32_t from, to;
    if (opcode_find(word_op(*w)).ids == 2 && holds_matrix(r, w[2]) && !is_constant(r, w[2]))
        return use_of(r, w[2]);
    operands_of(r, w, &from, &to);
    for (uint32_t i = from; i < to; i++)
        if (holds_matrix(r, w[i]) && !is_constant(r, w[i]))
            return use_of(r, w[i]);
    return USE_ACCUMULATOR;
}

/* ---- which types and constants are needed with which use */

static void request(struct rewriting *r, uint32_t id, enum use u)
{
    const struct spirv_type *t = module_type(r->m, id);
    if (r->named[u][id])
        return;
    r->named[u][id] = r->taken[id] ? r->next_id++ : id;
    r->taken[id] = true;
    if (t && t->kind != TYPE_TILE) {
        request(r, t->element, u);
    } else if (!t) {
        const uint32_t *w = module_def(r->m, id);
        request(r, w[1], u);
        for (uint32_t i = 3; word_op(*w) == SpvOpConstantComposite && i < word_length(*w); i++)
            if (holds_matrix(r, w[i]))
                request(r, w[i], u);
    }
}

static void request_operand(struct rewriting *r, uint32_t id, enum use u)
{
    if (holds_matrix(r, id) && is_constant(r, id))
        request(r, id, u);
}

static void request_instruction(struct rewriting *r, const uint32_t *w)
{
    uint32_t from, to;
    enum use u = use_here(r, w);
    if (opcode_find(word_op(*w)).ids == 2 && holds_matrix(r, w[2]))
        request(r, w[1], u);
    operands_of(r, w, &from, &to);
    for (uint32_t i = from; i < to; i++)
        request_operand(r, w[i], word_op(*w) == SpvOpCooperativeMatrixMulAddNV && i < 5 ? (enum use)(i - 3) : u);
}

static void request_all(struct rewriting *r)
{
    for (uint32_t at = MODULE_HEADER; at < r->m->count; at += word_length(r->m->words[at])) {
        const uint32_t *w = r->m->words + at;
        if (at >= r->m->functions[0].at || word_op(*w) == SpvOpVariable)
            request_instruction(r, w);
    }
    for (uint32_t id = 1; id < r->m->bound; id++) { /* what nothing uses keeps its name */
        bool unused = r->holds[id] || (holds_matrix(r, id) && is_constant(r, id));
        if (unused && !r->taken[id])
            request(r, id, USE_ACCUMULATOR);
    }
}

/* ---- writing */

static uint32_t named(const struct rewriting *r, uint32_t id, enum use u)
{
    bool ours = id < r->m->bound && r->taken[id];
    return ours && r->named[u][id] ? r->named[u][id] : id;
}

/* Before the first matrix type: its scope is a u32 constant, so that type is there. */
static void write_numbers(struct rewriting *r, uint32_t scope)
{
    uint32_t type = module_type_of(r->m, scope);
    for (uint32_t i = 0; i < USES; i++) {
        r->number[i] = r->next_id++;
        words_op(&r->to, SpvOpConstant, 3, (uint32_t[]){type, r->number[i], i});
    }
}

static void write_type(struct rewriting *r, const uint32_t *w, enum use u)
{
    if (word_op(*w) == SpvOpTypeCooperativeMatrixNV) {
        words_op(&r->to, OP_TYPE_COOPERATIVE_MATRIX_KHR, 6,
                 (uint32_t[]){r->named[u][w[1]], w[2], w[3], w[4], w[5], r->number[u]});
        return;
    }
    size_t at = r->to.count;
    uint32_t part = word_op(*w) == SpvOpTypePointer ? 3 : 2;
    words_add(&r->to, w, word_length(*w));
    r->to.w[at + 1] = r->named[u][w[1]];
    r->to.w[at + part] = named(r, w[part], u);
}

/* Constants, with all of their operands that are named anew. */
static void write_constant(struct rewriting *r, const uint32_t *w, enum use u)
{
    size_t at = r->to.count;
    words_add(&r->to, w, word_length(*w));
    r->to.w[at + 1] = named(r, w[1], u);
    r->to.w[at + 2] = r->named[u][w[2]];
    for (uint32_t i = 3; word_op(*w) == SpvOpConstantComposite && i < word_length(*w); i++)
        r->to.w[at + i] = named(r, w[i], u);
}

static void write_string(struct words *to, uint16_t op, const char *s)
{
    uint32_t packed[16] = {0}, count = (uint32_t)strlen(s) / 4 + 1;
    for (uint32_t i = 0; s[i]; i++)
        packed[i / 4] |= (uint32_t)(unsigned char)s[i] << (8 * (i % 4));
    words_op(to, op, count, packed);
}

static bool layout_of(const struct rewriting *r, uint32_t column_major, uint32_t *layout, struct error *e)
{
    int64_t value;
    if (!constant_value(r->m, column_major, &value))
        return error_set(e, EXIT_USAGE, "the layout of a cooperative matrix in memory is not known beforehand");
    *layout = r->number[value != 0];
    return true;
}

/* NV: pointer, (object,) stride, column-major, memory access; KHR: layout before stride. */
static bool write_access(struct rewriting *r, const uint32_t *w, struct error *e)
{
    bool load = word_op(*w) == SpvOpCooperativeMatrixLoadNV;
    uint32_t stride = load ? 4 : 3, layout = 0;
    size_t at = r->to.count;
    if (!layout_of(r, w[stride + 1], &layout, e))
        return false;
    words_add(&r->to, w, word_length(*w));
    uint32_t *out = r->to.w + at;
    out[0] = word_length(*w) << 16 | (uint32_t)(load ? OP_COOPERATIVE_MATRIX_LOAD_KHR : OP_COOPERATIVE_MATRIX_STORE_KHR);
    out[stride] = layout;
    out[stride + 1] = w[stride];
    if (load)
        out[1] = named(r, w[1], use_here(r, w));
    else
        out[2] = named(r, w[2], use_here(r, w));
    return true;
}

/* Of integers it is said which are signed. */
static void write_product(struct rewriting *r, const uint32_t *w)
{
    uint32_t all[6] = {named(r, w[1], USE_ACCUMULATOR), w[2]}, signs = 0;
    for (uint32_t i = 0; i < 3; i++) {
        const struct spirv_type *t = type_of_value(r->m, w[3 + i]);
        all[2 + i] = named(r, w[3 + i], (enum use)i);
        signs |= t && !t->is_float && t->is_signed ? 1u << i : 0;
    }
    const struct spirv_type *result = module_type(r->m, w[1]);
    signs |= result && !result->is_float && result->is_signed ? 8 : 0;
    all[5] = signs;
    words_op(&r->to, OP_COOPERATIVE_MATRIX_MUL_ADD_KHR, signs ? 6 : 5, all);
}

static bool write_length(struct rewriting *r, const uint32_t *w, uint32_t at, struct error *e)
{
    uint32_t type = w[at], uses = 0;
    size_t begin = r->to.count;
    words_add(&r->to, w, word_length(*w));
    for (int u = 0; u < USES; u++) {
        if (type >= r->m->bound || !r->named[u][type])
            continue;
        r->to.w[begin + at] = r->named[u][type];
        uses++;
    }
    if (uses != 1)
        return error_set(e, EXIT_USAGE, "the length of a cooperative matrix is asked for, but that type has several uses");
    if (at == 3)
        r->to.w[begin] = word_length(*w) << 16 | OP_COOPERATIVE_MATRIX_LENGTH_KHR;
    else
        r->to.w[begin + 3] = OP_COOPERATIVE_MATRIX_LENGTH_KHR;
    return true;
}

static bool write_code(struct rewriting *r, const uint32_t *w, struct error *e)
{
    uint32_t from, to;
    switch (word_op(*w)) {
    case SpvOpCooperativeMatrixLoadNV:
    case SpvOpCooperativeMatrixStoreNV: return write_access(r, w, e);
    case SpvOpCooperativeMatrixMulAddNV: write_product(r, w); return true;
    case SpvOpCooperativeMatrixLengthNV: return write_length(r, w, 3, e);
    }
    enum use u = use_here(r, w);
    size_t at = r->to.count;
    words_add(&r->to, w, word_length(*w));
    if (opcode_find(word_op(*w)).ids == 2 && holds_matrix(r, w[2]))
        r->to.w[at + 1] = named(r, w[1], u);
    operands_of(r, w, &from, &to);
    for (uint32_t i = from; i < to; i++)
        if (holds_matrix(r, w[i]) && is_constant(r, w[i]))
            r->to.w[at + i] = named(r, w[i], u);
    return true;
}

static bool write_global(struct rewriting *r, const uint32_t *w, struct error *e)
{
    struct opcode row = opcode_find(word_op(*w));
    uint32_t result = row.ids == 1 ? w[1] : row.ids == 2 ? w[2] : 0;
    char name[40];
    switch (word_op(*w)) {
    case SpvOpCapability:
        if (w[1] == SpvCapabilityCooperativeMatrixNV)
            words_op(&r->to, SpvOpCapability, 1, (uint32_t[]){CAPABILITY_COOPERATIVE_MATRIX_KHR});
        else
            words_add(&r->to, w, word_length(*w));
        return true;
    case SpvOpExtension:
        module_string(r->m, (uint32_t)(w - r->m->words) + 1, word_length(*w) - 1, name, sizeof name);
        if (strcmp(name, EXTENSION_NV) == 0)
            write_string(&r->to, SpvOpExtension, EXTENSION_KHR);
        else
            words_add(&r->to, w, word_length(*w));
        return true;
    case SpvOpVariable: return write_code(r, w, e);
    case SpvOpSpecConstantOp:
        if (w[3] == SpvOpCooperativeMatrixLengthNV && word_length(*w) == 5)
            return write_length(r, w, 4, e);
        break;
    case SpvOpTypeCooperativeMatrixNV:
        if (!r->number[0])
            write_numbers(r, w[3]);
        break;
    }
    bool type = row.class == CLASS_TYPE, ours = result && r->taken[result];
    if (!ours)
        words_add(&r->to, w, word_length(*w));
    for (int u = 0; ours && u < USES; u++) {
        if (r->named[u][result] && type)
            write_type(r, w, (enum use)u);
        else if (r->named[u][result])
            write_constant(r, w, (enum use)u);
    }
    return true;
}

static bool write_all(struct rewriting *r, struct error *e)
{
    const struct module *m = r->m;
    words_add(&r->to, m->words, MODULE_HEADER);
    for (uint32_t at = MODULE_HEADER; at < m->count; at += word_length(m->words[at])) {
        const uint32_t *w = m->words + at;
        if (!(at >= m->functions[0].at ? write_code(r, w, e) : write_global(r, w, e)))
            return false;
    }
    r->to.w[3] = r->next_id;
    return true;
}

bool cooperative_to_khr(const uint32_t *words, size_t count, uint32_t **out, size_t *out_count, struct error *e)
{
    struct module m;
    if (!module_read(&m, words, count, NULL, 0, e))
        return false;
    struct rewriting r = {.m = &m, .next_id = m.bound};
    r.parent = need(m.bound * sizeof *r.parent);
    r.use = need(m.bound);
    r.holds = need(m.bound * sizeof *r.holds);
    r.taken = need(m.bound * sizeof *r.taken);
    for (int u = 0; u < USES; u++)
        r.named[u] = need(m.bound * sizeof **r.named);
    for (uint32_t id = 0; id < m.bound; id++) {
        r.parent[id] = id;
        r.use[id] = USE_NONE;
    }
    bool ok = m.function_count > 0 || error_set(e, EXIT_USAGE, "the module has no function");
    ok = ok && find_types(&r, e) && infer(&r, e);
    if (ok) {
        request_all(&r);
        ok = write_all(&r, e);
    }
    if (!ok)
        words_free(&r.to);
    *out = r.to.w;
    *out_count = r.to.count;
    for (int u = 0; u < USES; u++)
        free(r.named[u]);
    free(r.parent);
    free(r.use);
    free(r.holds);
    free(r.taken);
    module_free(&m);
    return ok || error_prefix(e, "cooperative matrices");
}
