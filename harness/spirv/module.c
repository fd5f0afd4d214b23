#include "harness/spirv/module.h"

#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"

static bool fail(struct error *e, size_t at, const char *what)
{
    return error_set(e, EXIT_USAGE, "SPIR-V word %zu: %s; the file is damaged or not a SPIR-V module", at,
                     what);
}

static uint32_t swap(uint32_t w)
{
    return w >> 24 | (w >> 8 & 0xff00) | (w << 8 & 0xff0000) | w << 24;
}

static bool read_header(struct module *m, const uint32_t *words, size_t count, struct error *e)
{
    if (count < MODULE_HEADER)
        return fail(e, count, "it ends inside the header");
    if (count > UINT32_MAX / 8)
        return fail(e, 0, "more words than the lab reads");
    bool swapped = words[0] == swap(SpvMagicNumber);
    if (words[0] != SpvMagicNumber && !swapped)
        return fail(e, 0, "it does not begin with SPIR-V's magic number");
    m->count = (uint32_t)count;
    m->words = need(count * sizeof *words);
    for (size_t i = 0; i < count; i++)
        m->words[i] = swapped ? swap(words[i]) : words[i];
    m->version = m->words[1];
    m->bound = m->words[3];
    if (m->version < 0x10000 || m->version >= 0x20000 || (m->version & 0xff0000ff) != 0)
        return fail(e, 1, "its version is not 1.x");
    if (m->bound == 0 || m->bound > MODULE_BOUND_MAX)
        return fail(e, 3, "its bound on ids is 0 or above SPIR-V's limit");
    if (m->words[4] != 0)
        return fail(e, 4, "its schema is not 0");
    m->def = need((size_t)m->bound * sizeof *m->def);
    m->slot = need((size_t)m->bound * sizeof *m->slot);
    return true;
}

/* Where the reader stands among functions and blocks. */
struct nesting {
    bool in_function, in_block, parameters_done;
    uint32_t functions, blocks, decorations; /* capacities: counted in a first pass */
};

static bool check_instruction(struct module *m, uint32_t at, struct opcode *row, struct error *e)
{
    uint32_t length = word_length(m->words[at]);
    *row = opcode_find(word_op(m->words[at]));
    if (length == 0 || length > m->count - at)
        return fail(e, at, "an instruction's length runs past the end");
    if (length < row->min_words)
        return fail(e, at, "an instruction is shorter than its kind allows");
    if (row->ids == 0)
        return true;
    uint32_t id = m->words[at + row->ids];
    if (id == 0 || id >= m->bound)
        return fail(e, at, "a result id is 0 or not below the bound");
    if (m->def[id])
        return fail(e, at, "a result id is defined twice");
    m->def[id] = at;
    if (row->ids == 2) {
        uint32_t type = m->words[at + 1];
        if (type >= m->bound || !m->def[type] || opcode_find(module_op(m, type)).class != CLASS_TYPE)
            return fail(e, at, "a result type is not a type that was defined before");
    }
    return true;
}

static void open_function(struct module *m, uint32_t at, struct nesting *n)
{
    m->functions[m->function_count] = (struct function){m->words[at + 2], at, 0, m->block_count, 0};
    m->slot[m->words[at + 2]] = ++m->function_count;
    *n = (struct nesting){.in_function = true};
}

static void open_block(struct module *m, uint32_t at, struct nesting *n)
{
    m->blocks[m->block_count] = (struct block){m->words[at + 1], m->function_count - 1, at, 0, 0};
    m->slot[m->words[at + 1]] = ++m->block_count;
    n->in_block = n->parameters_done = true;
}

static bool nest(struct module *m, uint32_t at, const struct opcode *row, struct nesting *n, struct error *e)
{
    uint32_t end = at + word_length(m->words[at]);
    if (row->op == SpvOpLine || row->op == SpvOpNoLine || row->op == SpvOpExtInst)
        return true;
    if (row->op == SpvOpFunction) {
        if (n->in_function)
            return fail(e, at, "a function begins inside another");
        open_function(m, at, n);
        return true;
    }
    bool ends = row->class == CLASS_END || row->class == CLASS_BRANCH || row->class == CLASS_KILL;
    bool body = ends || row->class >= CLASS_FREE || row->class == CLASS_FUNCTION;
    if (!n->in_function) {
        if (body && row->op != SpvOpVariable && row->op != SpvOpUndef && row->op != SpvOpNop)
            return fail(e, at, "an instruction of a function's body stands outside any function");
        return true;
    }
    if (row->class != CLASS_UNCOUNTED && !body)
        return fail(e, at, "a declaration stands inside a function");
    if (row->op == SpvOpFunctionEnd) {
        if (n->in_block)
            return fail(e, at, "a function ends inside a block");
        m->functions[m->function_count - 1].end = end;
        n->in_function = false;
    } else if (row->op == SpvOpFunctionParameter) {
        if (n->parameters_done)
            return fail(e, at, "a function's parameter stands after its first block");
    } else if (row->op == SpvOpLabel) {
        if (n->in_block)
            return fail(e, at, "a block begins before the last one ended");
        open_block(m, at, n);
        m->functions[m->function_count - 1].blocks++;
    } else if (!n->in_block) {
        return fail(e, at, "an instruction stands between blocks");
    } else if (ends) {
        m->blocks[m->block_count - 1].last = at;
        m->blocks[m->block_count - 1].end = end;
        n->in_block = false;
    }
    return true;
}

static bool group_decorate(struct module *m, uint32_t at, struct error *e);

static bool decorate(struct module *m, uint32_t at, struct error *e)
{
    const uint32_t *w = m->words + at;
    uint32_t end = at + word_length(*w);
    struct decoration d = {w[1], MEMBER_NONE, 0, at + 3, end - at - 3};
    switch (word_op(*w)) {
    case SpvOpDecorate:
    case SpvOpDecorateId:
    case SpvOpDecorateString: d.kind = w[2]; break;
    case SpvOpMemberDecorate:
    case SpvOpMemberDecorateString: d = (struct decoration){w[1], w[2], w[3], at + 4, end - at - 4}; break;
    case SpvOpName: d = (struct decoration){w[1], MEMBER_NONE, DECORATION_NAME, at + 2, end - at - 2}; break;
    case SpvOpMemberName: d = (struct decoration){w[1], w[2], DECORATION_NAME, at + 3, end - at - 3}; break;
    case SpvOpGroupDecorate:
    case SpvOpGroupMemberDecorate: return group_decorate(m, at, e);
    default: return true;
    }
    m->decorations[m->decoration_count++] = d;
    return true;
}

#define GROUP_WORK_MAX (UINT64_C(1) << 26)

/* Groups are deprecated and rare. A group's decorations are copied to each target; the work is limited,
 * because a small file could ask for a great deal. */
static bool group_decorate(struct module *m, uint32_t at, struct error *e)
{
    uint32_t group = m->words[at + 1], length = word_length(m->words[at]);
    uint32_t step = word_op(m->words[at]) == SpvOpGroupDecorate ? 1 : 2, before = m->decoration_count;
    m->group_work += before;
    if (m->group_work > GROUP_WORK_MAX)
        return fail(e, at, "more decoration groups than the lab reads");
    for (uint32_t i = 0; i < before; i++) {
        if (m->decorations[i].target != group || m->decorations[i].kind == DECORATION_NAME)
            continue;
        uint64_t targets = (length - 2) / step;
        if (m->decoration_count + targets > (uint64_t)m->count + 65536)
            return fail(e, at, "decoration groups expand beyond all measure");
        m->decorations =
            need_more(m->decorations, ((size_t)m->count * 2 + 65536 + targets) * sizeof *m->decorations);
        for (uint32_t t = 0; t < targets; t++) {
            struct decoration d = m->decorations[i];
            d.target = m->words[at + 2 + t * step];
            d.member = step == 2 ? m->words[at + 3 + t * step] : MEMBER_NONE;
            m->decorations[m->decoration_count++] = d;
        }
    }
    return true;
}

static int by_target(const void *x, const void *y)
{
    const struct decoration *a = x, *b = y;
    if (a->target != b->target)
        return a->target < b->target ? -1 : 1;
    if (a->member != b->member)
        return a->member < b->member ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Room for all functions, blocks and decorations, from a first look that trusts no more than lengths. */
static void make_room(struct module *m)
{
    uint32_t functions = 0, blocks = 0, decorations = 0;
    for (uint64_t at = MODULE_HEADER; at < m->count;) {
        uint16_t op = word_op(m->words[at]);
        functions += op == SpvOpFunction;
        blocks += op == SpvOpLabel;
        struct opcode row = opcode_find(op);
        decorations += row.class == CLASS_ANNOTATION || row.class == CLASS_DEBUG;
        uint32_t length = word_length(m->words[at]);
        if (length == 0)
            break;
        at += length;
    }
    m->functions = need((functions + 1) * sizeof *m->functions);
    m->blocks = need((blocks + 1) * sizeof *m->blocks);
    m->decorations = need((decorations + 1) * sizeof *m->decorations);
}

static bool read_instructions(struct module *m, struct error *e)
{
    struct nesting n = {0};
    make_room(m);
    for (uint32_t at = MODULE_HEADER; at < m->count; at += word_length(m->words[at])) {
        struct opcode row;
        if (!check_instruction(m, at, &row, e) || !nest(m, at, &row, &n, e))
            return false;
        if ((row.class == CLASS_ANNOTATION || row.class == CLASS_DEBUG) && !decorate(m, at, e))
            return false;
    }
    if (n.in_function)
        return fail(e, m->count, "it ends inside a function");
    if (m->decoration_count)
        qsort(m->decorations, m->decoration_count, sizeof *m->decorations, by_target);
    return true;
}

bool module_read(struct module *m, const uint32_t *words, size_t count, const struct spec_value *spec,
                 size_t specs, struct error *e)
{
    memset(m, 0, sizeof *m);
    if (read_header(m, words, count, e) && read_instructions(m, e) &&
        types_build(m, spec, (uint32_t)specs, e))
        return true;
    module_free(m);
    return false;
}

void module_free(struct module *m)
{
    free(m->words);
    free(m->def);
    free(m->slot);
    free(m->functions);
    free(m->blocks);
    free(m->decorations);
    free(m->types);
    free(m->constants);
    memset(m, 0, sizeof *m);
}

const uint32_t *module_def(const struct module *m, uint32_t id)
{
    return id < m->bound && m->def[id] ? m->words + m->def[id] : NULL;
}

uint16_t module_op(const struct module *m, uint32_t id)
{
    const uint32_t *w = module_def(m, id);
    return w ? word_op(*w) : 0;
}

uint32_t module_type_of(const struct module *m, uint32_t id)
{
    const uint32_t *w = module_def(m, id);
    return w && opcode_find(word_op(*w)).ids == 2 ? w[1] : 0;
}

const struct function *module_function(const struct module *m, uint32_t id)
{
    return module_op(m, id) == SpvOpFunction ? &m->functions[m->slot[id] - 1] : NULL;
}

const struct block *module_block(const struct module *m, uint32_t label)
{
    return module_op(m, label) == SpvOpLabel ? &m->blocks[m->slot[label] - 1] : NULL;
}

static bool before(const struct decoration *d, uint32_t target, uint32_t member, uint32_t kind)
{
    if (d->target != target)
        return d->target < target;
    return d->member != member ? d->member < member : d->kind < kind;
}

const struct decoration *module_decoration(const struct module *m, uint32_t target, uint32_t member,
                                           uint32_t kind)
{
    size_t low = 0, high = m->decoration_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (before(&m->decorations[middle], target, member, kind))
            low = middle + 1;
        else
            high = middle;
    }
    const struct decoration *d = m->decorations + low;
    bool found = low < m->decoration_count && d->target == target && d->member == member && d->kind == kind;
    return found ? d : NULL;
}

uint32_t module_literal(const struct module *m, uint32_t target, uint32_t member, uint32_t kind,
                        uint32_t otherwise)
{
    const struct decoration *d = module_decoration(m, target, member, kind);
    return d && d->count ? m->words[d->at] : otherwise;
}

uint32_t module_string(const struct module *m, uint32_t at, uint32_t words, char *out, size_t size)
{
    size_t length = 0;
    for (uint32_t i = 0; i < words; i++) {
        for (int byte = 0; byte < 4; byte++) {
            unsigned char c = (unsigned char)(m->words[at + i] >> (8 * byte));
            if (c == 0) {
                out[length] = 0;
                return i + 1;
            }
            if (length + 1 < size)
                out[length++] = (char)(c < 32 || c == 127 ? '?' : c);
        }
    }
    out[length] = 0;
    return words;
}

const char *module_name(const struct module *m, uint32_t id, uint32_t member, char *out, size_t size)
{
    const struct decoration *d = module_decoration(m, id, member, DECORATION_NAME);
    *out = 0;
    if (d)
        module_string(m, d->at, d->count, out, size);
    return out;
}
