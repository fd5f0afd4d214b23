/* The lines `buffer` and `temp` of a header: a tensor's name, direction, type, lengths and fill. */
#include <math.h>
#include <string.h>

#include "harness/kernel/kernel_header.h"

/* "f32[rows,cols]" */
static bool read_type(const struct header *h, struct kernel_buffer *b, char *word)
{
    const char *names[TYPE_COUNT];
    char shown[WORD_TEXT], hint[HINT_TEXT];
    for (int t = 0; t < TYPE_COUNT; t++)
        names[t] = type_name((enum type)t);
    size_t n = strlen(word);
    char *open = strchr(word, '[');
    if (!open || word[n - 1] != ']')
        return header_refuse(h, "'%s' is not a type with its lengths; write it like f32[rows,cols]",
                             *word ? word_shown(shown, word) : "");
    *open = word[n - 1] = '\0';
    b->type = type_find(word);
    if (b->type == TYPE_COUNT)
        return header_refuse(h, "there is no type '%s'%s", word_shown(shown, word),
                             name_hint(hint, word, names, TYPE_COUNT));
    for (char *dim = open + 1, *next; dim; dim = next) {
        char *end = list_part_end(dim);
        next = *end ? end + 1 : NULL;
        *end = '\0';
        if (b->dim_count == 3)
            return header_refuse(h, "buffer %s has more than 3 dimensions; multiply some of them", b->name);
        if (!header_expression(h, b->dims[b->dim_count], sizeof b->dims[0], trim(dim)))
            return false;
        b->dim_count++;
    }
    return true;
}

const struct texel_facts texel_facts[TEXEL_FORMATS] = {
    [TEXEL_NONE] = {"none", TYPE_COUNT, 0},     [TEXEL_RGBA32F] = {"rgba32f", TYPE_F32, 4},
    [TEXEL_RGBA16F] = {"rgba16f", TYPE_F16, 4}, [TEXEL_R32F] = {"r32f", TYPE_F32, 1},
    [TEXEL_R16F] = {"r16f", TYPE_F16, 1},       [TEXEL_R32UI] = {"r32ui", TYPE_U32, 1},
    [TEXEL_RGBA32UI] = {"rgba32ui", TYPE_U32, 4},
};

static bool read_texel(const struct header *h, struct kernel_buffer *b, const char *format)
{
    const char *names[TEXEL_FORMATS];
    char shown[WORD_TEXT], hint[HINT_TEXT];
    int count = 0;
    for (int i = TEXEL_NONE + 1; i < TEXEL_FORMATS; i++) {
        if (!texel_facts[i].name)
            continue;
        names[count++] = texel_facts[i].name;
        if (strcmp(texel_facts[i].name, format) == 0)
            b->texel = (enum texel_format)i;
    }
    if (b->texel == TEXEL_NONE)
        return header_refuse(h, "there is no texel format '%s'%s", word_shown(shown, format),
                             name_hint(hint, format, names, count));
    /* Any type may be fetched as words: that is how blocks are read, which are no numbers. */
    if (texel_facts[b->texel].type != b->type && texel_facts[b->texel].type != TYPE_U32)
        return header_refuse(h, "texels of %s hold %s, but buffer %s is %s; write the one that is meant",
                             format, type_name(texel_facts[b->texel].type), b->name, type_name(b->type));
    return true;
}

/* "uniform(99.7,100.7)": the numbers may be expressions over the shape, like 1/sqrt(k); then they are known with it. */
bool header_fill(const struct header *h, struct kernel_buffer *b, char *word)
{
    static const struct {
        const char *name, *example;
        int args;
    } kinds[] = {[FILL_UNIFORM] = {"uniform", "uniform(-1,1)", 2},
                 [FILL_NORMAL] = {"normal", "normal(0,1)", 2},
                 [FILL_CONSTANT] = {"constant", "constant(0)", 1},
                 [FILL_MASKED] = {"masked", "masked(-1,1)", 2},
                 [FILL_INDICES] = {"indices", "indices(rows)", 1}};
    const char *names[] = {"uniform", "normal", "constant", "masked", "indices", "texel"};
    char shown[WORD_TEXT], hint[HINT_TEXT];
    size_t n = strcspn(word, "(="), kind = 0;
    char *open = word[n] == '(' && ends_with(word, ")") ? word + n + 1 : NULL;
    word_shown(shown, word);
    word[n] = '\0';
    while (kind < FILL_KINDS && strcmp(kinds[kind].name, word) != 0)
        kind++;
    if (kind == FILL_KINDS)
        return header_refuse(h, "'%s' says nothing about a buffer%s", shown, name_hint(hint, word, names, FILL_KINDS + 1));
    int count = 0;
    if (open)
        open[strlen(open) - 1] = '\0';
    for (char *next; open; open = next, count++) {
        char *end = list_part_end(open);
        next = *end ? end + 1 : NULL;
        *end = '\0';
        if (count < 2 && !header_expression(h, b->fill_args[count], sizeof b->fill_args[0], trim(open)))
            return false;
    }
    if (count != kinds[kind].args)
        return header_refuse(h, "'%s' is no fill; write it like %s", shown, kinds[kind].example);
    b->fill.kind = (enum fill_kind)kind;
    struct scope s = kernel_scope(h->k, NULL, NULL);
    return kernel_fill(b, &s, &b->fill, h->e) || header_placed(h);
}

bool kernel_fill(const struct kernel_buffer *b, const struct scope *s, struct fill *out, struct error *e)
{
    *out = b->fill;
    if (b->fill_args[0][0] && !scope_value(s, b->fill_args[0], &out->a, e))
        return false;
    if (b->fill_args[1][0] && !scope_value(s, b->fill_args[1], &out->b, e))
        return false;
    bool range = out->kind == FILL_UNIFORM || out->kind == FILL_MASKED;
    bool sound = isfinite(out->a) && isfinite(out->b) && (!range || out->a < out->b) &&
                 (out->kind != FILL_NORMAL || out->b >= 0) &&
                 (out->kind != FILL_INDICES || (out->a >= 1 && out->a <= UINT32_MAX));
    return sound || error_set(e, EXIT_USAGE, "(%g,%g) is no fill of %s; %s", out->a, out->b, b->name,
                              range                      ? "write the low end first, like uniform(-1,1)"
                              : out->kind == FILL_NORMAL ? "write mean and deviation, like normal(0,1)"
                                                         : "write a number, of indices one from 1 to 4294967295");
}

/* What follows a buffer's name and role: type, then texel= and a fill in any order. */
static bool read_tensor(struct header *h, struct kernel_buffer *b, char *rest)
{
    struct kernel *k = h->k;
    bool filled = false, input = b->role == ROLE_IN || b->role == ROLE_INOUT;
    b->line = h->line;
    b->fill = (struct fill){.a = -1, .b = 1, .seed = (uint32_t)hash_bytes(b->name, strlen(b->name))};
    if (!read_type(h, b, header_word(&rest)))
        return false;
    for (char *word; *(word = header_word(&rest));) {
        if (starts_with(word, "texel=")) {
            if (k->is_plan)
                return header_refuse(
                    h, "texel= says how a kernel binds a buffer; write it in the kernel's own file");
            if (k->language == LANGUAGE_C)
                return header_refuse(h, "the host processor has no texel buffers; leave texel= out");
            if (!read_texel(h, b, word + strlen("texel=")))
                return false;
        } else if (!input) {
            char shown[WORD_TEXT];
            return header_refuse(
                h, "buffer %s is written before it is read, so '%s' has no meaning; leave it out", b->name,
                word_shown(shown, word));
        } else if (filled) {
            return header_refuse(h, "buffer %s is filled twice; leave one out", b->name);
        } else {
            filled = true;
            if (!header_fill(h, b, word))
                return false;
        }
    }
    int most = k->is_plan ? KERNEL_BUFFERS_MAX : KERNEL_BINDINGS_MAX;
    if (k->buffer_count == most)
        return header_refuse(h, "too many buffers; at most %d fit", most);
    k->buffers[k->buffer_count++] = *b;
    return true;
}

bool header_buffer(struct header *h, char *rest)
{
    static const char *const roles[] = {[ROLE_IN] = "in", [ROLE_OUT] = "out", [ROLE_INOUT] = "inout"};
    struct kernel_buffer b = {.role = ROLE_IN};
    char shown[WORD_TEXT], hint[HINT_TEXT];
    if (!header_name(h, b.name, sizeof b.name, header_word(&rest)))
        return false;
    const char *role = header_word(&rest);
    int r = 0;
    while (r < 3 && strcmp(roles[r], role) != 0)
        r++;
    if (r == 3)
        return header_refuse(h, "'%s' is no direction%s", word_shown(shown, role),
                             name_hint(hint, role, roles, 3));
    b.role = (enum role)r;
    return read_tensor(h, &b, rest);
}

bool header_temp(struct header *h, char *rest)
{
    struct kernel_buffer b = {.role = ROLE_TEMP};
    return header_name(h, b.name, sizeof b.name, header_word(&rest)) && read_tensor(h, &b, rest);
}
