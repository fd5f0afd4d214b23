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
    [TEXEL_NONE] = {"none", TYPE_COUNT, 0, 0},     [TEXEL_RGBA32F] = {"rgba32f", TYPE_F32, 4, 1},
    [TEXEL_RGBA16F] = {"rgba16f", TYPE_F16, 4, 2}, [TEXEL_R32F] = {"r32f", TYPE_F32, 1, 3},
    [TEXEL_R16F] = {"r16f", TYPE_F16, 1, 9},       [TEXEL_R32UI] = {"r32ui", TYPE_U32, 1, 33},
};

static bool read_texel(const struct header *h, struct kernel_buffer *b, const char *format)
{
    const char *names[TEXEL_FORMATS];
    char shown[WORD_TEXT], hint[HINT_TEXT];
    for (int i = TEXEL_NONE + 1; i < TEXEL_FORMATS; i++) {
        names[i - 1] = texel_facts[i].name;
        if (strcmp(texel_facts[i].name, format) == 0)
            b->texel = (enum texel_format)i;
    }
    if (b->texel == TEXEL_NONE)
        return header_refuse(h, "there is no texel format '%s'%s", word_shown(shown, format),
                             name_hint(hint, format, names, TEXEL_FORMATS - 1));
    if (texel_facts[b->texel].type != b->type)
        return header_refuse(h, "texels of %s hold %s, but buffer %s is %s; write the one that is meant",
                             format, type_name(texel_facts[b->texel].type), b->name, type_name(b->type));
    return true;
}

/* "uniform(99.7,100.7)": the numbers may be expressions without names, like 1/32. */
static bool read_fill(const struct header *h, struct kernel_buffer *b, char *word)
{
    static const struct {
        const char *name, *example;
        int args;
    } kinds[] = {[FILL_UNIFORM] = {"uniform", "uniform(-1,1)", 2},
                 [FILL_NORMAL] = {"normal", "normal(0,1)", 2},
                 [FILL_CONSTANT] = {"constant", "constant(0)", 1}};
    const char *names[] = {"uniform", "normal", "constant", "texel"};
    char shown[WORD_TEXT], hint[HINT_TEXT];
    size_t n = strcspn(word, "(="), kind = 0;
    char *open = word[n] == '(' && ends_with(word, ")") ? word + n + 1 : NULL;
    word_shown(shown, word);
    word[n] = '\0';
    while (kind < 3 && strcmp(kinds[kind].name, word) != 0)
        kind++;
    if (kind == 3)
        return header_refuse(h, "'%s' says nothing about a buffer%s", shown, name_hint(hint, word, names, 4));
    double v[2] = {0, 0};
    int count = 0;
    if (open)
        open[strlen(open) - 1] = '\0';
    for (char *next; open; open = next, count++) {
        char *end = list_part_end(open);
        next = *end ? end + 1 : NULL;
        *end = '\0';
        struct scope none = {.count = 0};
        if (count < 2 && !scope_value(&none, open, &v[count], h->e))
            return header_placed(h);
    }
    bool sound = count == kinds[kind].args && isfinite(v[0]) && isfinite(v[1]) &&
                 (kind != FILL_UNIFORM || v[0] < v[1]) && (kind != FILL_NORMAL || v[1] >= 0);
    if (!sound)
        return header_refuse(h, "'%s' is no fill; %s", shown,
                             kind == FILL_UNIFORM  ? "write the low end first, like uniform(-1,1)"
                             : kind == FILL_NORMAL ? "write mean and deviation, like normal(0,1)"
                                                   : "write one number, like constant(0)");
    b->fill.kind = (enum fill_kind)kind;
    b->fill.a = v[0];
    b->fill.b = v[1];
    return true;
}

/* What follows a buffer's name and role: type, then texel= and a fill in any order. */
static bool read_tensor(struct header *h, struct kernel_buffer *b, char *rest)
{
    struct kernel *k = h->k;
    bool filled = false, input = b->role == ROLE_IN || b->role == ROLE_INOUT;
    b->line = h->line;
    b->fill = (struct fill){FILL_UNIFORM, -1, 1, (uint32_t)hash_bytes(b->name, strlen(b->name))};
    if (!read_type(h, b, header_word(&rest)))
        return false;
    for (char *word; *(word = header_word(&rest));) {
        if (starts_with(word, "texel=")) {
            if (k->is_plan)
                return header_refuse(
                    h, "texel= says how a kernel binds a buffer; write it in the kernel's own file");
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
            if (!read_fill(h, b, word))
                return false;
        }
    }
    if (k->buffer_count == KERNEL_BUFFERS_MAX)
        return header_refuse(h, "too many buffers; at most %d fit", KERNEL_BUFFERS_MAX);
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
