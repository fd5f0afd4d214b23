/* The header of a kernel or .plan file: one table of keys, read in three sweeps, so that a line may name what
 * stands below it. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/kernel/kernel_header.h"

enum { SWEEPS = 3 };

/* ---- one function for every key ---- */

static bool read_kernel(struct header *h, char *rest)
{
    char shown[WORD_TEXT];
    if (strlen(rest) >= KERNEL_NAME_MAX)
        return header_refuse(h, "the kernel's name '%s' is too long; at most %d characters fit",
                             word_shown(shown, rest), KERNEL_NAME_MAX - 1);
    h->k->name = need_string(rest);
    return true;
}

static bool read_idea(struct header *h, char *rest)
{
    struct text idea = {0};
    text_add(&idea, "%s%s%s", h->k->idea ? h->k->idea : "", h->k->idea ? " " : "", rest);
    free(h->k->idea);
    h->k->idea = idea.s;
    return true;
}

static bool read_shape(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    for (char *word; *(word = header_word(&rest));) {
        struct shape_entry s = {.value = 0};
        uint32_t value = 0;
        char *text = header_pair(h, word, "rows=4096");
        if (!text || !header_name(h, s.name, sizeof s.name, word) || !header_whole(h, text, 1, &value))
            return false;
        if (k->shapes == RUN_SHAPE_MAX)
            return header_refuse(h, "too many shape names; at most %d fit", RUN_SHAPE_MAX);
        s.value = value;
        k->shape[k->shapes++] = s;
    }
    return true;
}

static bool read_tune(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    struct kernel_tune t = {.count = 0};
    if (!header_name(h, t.name, sizeof t.name, header_word(&rest)))
        return false;
    rest = trim(rest);
    if (*rest && !isdigit((unsigned char)*rest) && !starts_with(rest, "software=")) {
        struct scope s = kernel_scope(k, NULL, NULL);
        uint64_t value = 0;
        if (!header_expression(h, t.follows, sizeof t.follows, rest))
            return false;
        if (!scope_whole(&s, "the value", t.follows, 0, UINT32_MAX, &value, h->e))
            return header_placed(h);
        t.values[t.count++] = (uint32_t)value;
        rest += strlen(rest);
    }
    const char *software = NULL;
    for (char *word; *(word = header_word(&rest));) {
        if (starts_with(word, "software=")) {
            software = word + strlen("software=");
            continue;
        }
        if (t.count == KERNEL_TUNE_VALUES_MAX)
            return header_refuse(h, "too many values for '%s'; at most %d fit", t.name,
                                 KERNEL_TUNE_VALUES_MAX);
        if (!header_whole(h, word, 0, &t.values[t.count]))
            return false;
        t.count++;
    }
    if (t.count == 0)
        return header_refuse(h, "'%s' has no values; write them behind the name, like tune %s 4 8 16", t.name,
                             t.name);
    t.software = t.values[0];
    if (software && !header_whole(h, software, 0, &t.software))
        return false;
    if (k->tune_count == KERNEL_TUNE_MAX)
        return header_refuse(h, "too many tune lines; at most %d fit", KERNEL_TUNE_MAX);
    k->tune[k->tune_count++] = t;
    return true;
}

static bool read_reference(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    char *last = NULL;
    for (char *at = rest; (at = strstr(at, "tolerance")); at++)
        if (at > rest && isspace((unsigned char)at[-1]))
            last = at;
    if (last) {
        if (!header_expression(h, k->tolerance, sizeof k->tolerance, trim(last + strlen("tolerance"))))
            return false;
        struct scope s = kernel_scope(k, NULL, NULL);
        double value = 0;
        if (!scope_value(&s, k->tolerance, &value, h->e) || !(value > 0) || !isfinite(value))
            return header_refuse(h, "the tolerance is above 0; write it like tolerance 1e-3, or 2e-7*sqrt(k)");
        *last = '\0';
    }
    rest = trim(rest);
    if (!*rest)
        return header_refuse(
            h, "the reference has no name; write one of kernels/reference/, or a chain like scale(2)|relu");
    k->reference = need_string(rest);
    k->reference_line = h->line;
    return true;
}

static bool read_passes(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    const char *names[KERNEL_BUFFERS_MAX];
    char shown[WORD_TEXT], hint[HINT_TEXT];
    k->passes_line = h->line;
    for (int i = 0; i < k->buffer_count; i++)
        names[i] = k->buffers[i].name;
    for (char *word; *(word = header_word(&rest));) {
        char *text = header_pair(h, word, "x=1 y=cols/16");
        if (!text)
            return false;
        int i = kernel_find_buffer(k, word);
        if (i < 0)
            return header_refuse(h, "there is no buffer '%s'%s", word_shown(shown, word),
                                 name_hint(hint, word, names, (size_t)k->buffer_count));
        if (k->buffers[i].passes[0])
            return header_refuse(h, "the passes of %s are told twice; leave one out", word);
        if (!header_expression(h, k->buffers[i].passes, sizeof k->buffers[i].passes, text))
            return false;
    }
    return true;
}

static bool read_flops(struct header *h, char *rest)
{
    char text[512];
    if (!header_expression(h, text, sizeof text, rest))
        return false;
    h->k->flops = need_string(text);
    h->k->flops_line = h->line;
    return true;
}

static bool read_launch(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    k->launch_line = h->line;
    if (!starts_with(rest, "groups="))
        return header_refuse(h, "launch says how many workgroups there are; write it like groups=rows");
    int count = 0;
    for (char *part = rest + strlen("groups="), *next; part; part = next, count++) {
        char *end = list_part_end(part);
        next = *end ? end + 1 : NULL;
        *end = '\0';
        if (count == 3)
            return header_refuse(h, "groups has more than 3 parts; a launch has at most 3 dimensions");
        if (!header_expression(h, k->launch[count], sizeof k->launch[0], trim(part)))
            return false;
    }
    return true;
}

/* "x=masked(-1,1)" of a verify line: the buffer filled otherwise at that shape. */
static bool verify_fill(struct header *h, struct kernel_verify *v, int buffer, char *text)
{
    struct kernel_buffer b = h->k->buffers[buffer];
    if (b.role != ROLE_IN && b.role != ROLE_INOUT)
        return header_refuse(h, "buffer %s is written before it is read; it has no fill", b.name);
    if (v->fill_count == KERNEL_FILLS_MAX)
        return header_refuse(h, "too many fills; at most %d fit", KERNEL_FILLS_MAX);
    memset(b.fill_args, 0, sizeof b.fill_args);
    if (!header_fill(h, &b, text))
        return false;
    struct kernel_fill *f = &v->fills[v->fill_count++];
    *f = (struct kernel_fill){.buffer = buffer, .fill = b.fill};
    memcpy(f->args, b.fill_args, sizeof f->args);
    return true;
}

static bool verify_shape(struct header *h, struct kernel_verify *v, int shape, const char *text)
{
    uint32_t value = 0;
    if (v->count == RUN_SHAPE_MAX)
        return header_refuse(h, "more values than there are names; leave some out");
    if (!header_whole(h, text, 1, &value))
        return false;
    v->shape[v->count] = h->k->shape[shape];
    v->shape[v->count++].value = value;
    return true;
}

static bool read_verify(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    struct kernel_verify v = {.count = 0};
    char shown[WORD_TEXT], hint[HINT_TEXT];
    const char *names[RUN_SHAPE_MAX];
    for (int i = 0; i < k->shapes; i++)
        names[i] = k->shape[i].name;
    for (char *word; *(word = header_word(&rest));) {
        char *text = header_pair(h, word, "rows=1");
        if (!text)
            return false;
        int at = kernel_find_shape(k, word), buffer = kernel_find_buffer(k, word);
        if (at < 0 && buffer < 0)
            return header_refuse(h, "there is no shape name '%s'%s", word_shown(shown, word),
                                 name_hint(hint, word, names, (size_t)k->shapes));
        if (at >= 0 ? !verify_shape(h, &v, at, text) : !verify_fill(h, &v, buffer, text))
            return false;
    }
    if (k->verify_count == KERNEL_VERIFY_MAX)
        return header_refuse(h, "too many verify lines; at most %d fit", KERNEL_VERIFY_MAX);
    k->verify[k->verify_count++] = v;
    return true;
}

static bool read_valid(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    if (k->valid_count == KERNEL_VALID_MAX)
        return header_refuse(h, "too many valid lines; at most %d fit", KERNEL_VALID_MAX);
    return header_expression(h, k->valid[k->valid_count++], sizeof k->valid[0], rest);
}

static bool read_needs(struct header *h, char *rest)
{
    char shown[WORD_TEXT];
    for (char *word; *(word = header_word(&rest));) {
        unsigned need = plan_need(word);
        if (!need)
            return header_refuse(h, "a device has no feature '%s'; these are known: " PLAN_NEEDS, word_shown(shown, word));
        h->k->needs |= need;
    }
    return true;
}

static bool read_only(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    if (k->only_count == KERNEL_ONLY_MAX)
        return header_refuse(h, "too many 'only' lines; at most %d fit", KERNEL_ONLY_MAX);
    return header_expression(h, k->only[k->only_count++], sizeof k->only[0], rest);
}

static bool read_epilogue(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    const char *name = header_word(&rest), *unit = header_word(&rest);
    char shown[WORD_TEXT];
    int at = kernel_find_buffer(k, name);
    if (at < 0 || k->buffers[at].role != ROLE_OUT)
        return header_refuse(h, "an epilogue is for an out buffer, which '%s' is not", word_shown(shown, name));
    k->epilogue_vectors = strcmp(unit, "vec4") == 0;
    if (!k->epilogue_vectors && strcmp(unit, "float") != 0)
        return header_refuse(h, "say what one store writes: epilogue %s float, or vec4", name);
    return header_copy(h, k->epilogue, sizeof k->epilogue, name, "the buffer's name");
}

/* Does the length take the shape name's value? It has been parsed before. */
static bool takes(const struct kernel *k, const char *length, const char *name)
{
    struct scope s = kernel_scope(k, NULL, NULL);
    struct expr *x = expr_parse(length, s.names, s.count, NULL);
    bool uses = x && expr_uses(x, kernel_find_shape(k, name));
    expr_free(x);
    return uses;
}

/* What is written must be cut (two parts would write all of it), and what is not cut must be the same for all of them. */
static bool read_split(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    char shown[WORD_TEXT], hint[HINT_TEXT];
    const char *names[RUN_SHAPE_MAX];
    for (int i = 0; i < k->shapes; i++)
        names[i] = k->shape[i].name;
    if (kernel_find_shape(k, rest) < 0)
        return header_refuse(h, "there is no shape name '%s'%s", word_shown(shown, rest),
                             name_hint(hint, rest, names, (size_t)k->shapes));
    if (!header_copy(h, k->split, sizeof k->split, rest, "the shape name"))
        return false;
    for (int i = 0; i < k->buffer_count; i++) {
        const struct kernel_buffer *b = &k->buffers[i];
        bool cut = kernel_cuts(k, b);
        if (!cut && b->role != ROLE_IN)
            return header_refuse(h, "every part would write all of %s, as its first length is not %s; leave split out", b->name, rest);
        if (cut && b->dim_count == 1 && (b->type == TYPE_Q8_0 || b->type == TYPE_Q4_0)) /* a row would be a part of a block */
            return header_refuse(h, "%s cannot be cut by %s: %s comes in blocks of 32; leave split out", b->name, rest,
                                 type_name(b->type));
        for (int d = cut; d < b->dim_count; d++)
            if (takes(k, b->dims[d], rest))
                return header_refuse(h, "%s cannot be cut by %s: it stands in a length other than the first; leave split out",
                                     b->name, rest);
    }
    return true;
}

static bool read_step(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    struct kernel_step s = {.line = h->line};
    if (!header_copy(h, s.kernel, sizeof s.kernel, header_word(&rest), "the kernel's name"))
        return false;
    for (char *word; *(word = header_word(&rest)); s.count++) {
        char *value = header_pair(h, word, "x=tensor");
        if (!value)
            return false;
        for (int i = 0; i < s.count; i++)
            if (strcmp(s.bindings[i][0], word) == 0)
                return header_refuse(h, "'%s' is bound twice; leave one out", s.bindings[i][0]);
        if (s.count == KERNEL_BINDINGS_MAX + RUN_SHAPE_MAX)
            return header_refuse(h, "the step binds too many names; a kernel has at most %d", s.count);
        if (!header_copy(h, s.bindings[s.count][0], sizeof s.bindings[0][0], word, "the name") ||
            !header_copy(h, s.bindings[s.count][1], sizeof s.bindings[0][1], value, "the value"))
            return false;
    }
    if (k->step_count == KERNEL_STEPS_MAX)
        return header_refuse(h, "too many steps; at most %d fit", KERNEL_STEPS_MAX);
    k->steps = need_more(k->steps, sizeof *k->steps * (size_t)(k->step_count + 1));
    k->steps[k->step_count++] = s;
    return true;
}

static bool read_repeat(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    struct kernel_repeat r = {.first = k->step_count};
    if (k->repeat_count == KERNEL_REPEATS_MAX)
        return header_refuse(h, "too many repeats; at most %d fit", KERNEL_REPEATS_MAX);
    if (k->repeat_count && !k->repeats[k->repeat_count - 1].end)
        return header_refuse(h, "a repeat within a repeat; end the first one with 'end %s'", k->repeats[k->repeat_count - 1].name);
    if (!header_name(h, r.name, sizeof r.name, header_word(&rest)) ||
        !header_expression(h, r.times, sizeof r.times, trim(rest)))
        return false;
    k->repeats[k->repeat_count++] = r;
    return true;
}

static bool read_end(struct header *h, char *rest)
{
    struct kernel *k = h->k;
    struct kernel_repeat *r = k->repeat_count ? &k->repeats[k->repeat_count - 1] : NULL;
    char shown[WORD_TEXT];
    if (!r || r->end || strcmp(r->name, rest) != 0)
        return header_refuse(h, "there is no 'repeat %s' to end here", word_shown(shown, rest));
    if (k->step_count == r->first)
        return header_refuse(h, "there are no steps in 'repeat %s'", r->name);
    r->end = k->step_count;
    return true;
}

/* ---- the table ---- */

enum files { IN_COMP = 1, IN_PLAN = 2, IN_C = 4, IN_KERNEL = IN_COMP | IN_C, IN_ALL = IN_KERNEL | IN_PLAN };

static const struct key {
    const char *name;
    enum files files, wanted; /* where it may stand; where it must */
    int sweep;                /* names are known one sweep before they are used */
    bool many;                /* it may stand on several lines */
    bool (*read)(struct header *h, char *rest);
    const char *example;
} keys[HEADER_KEYS_MAX] = {
    {"kernel", IN_ALL, IN_ALL, 0, false, read_kernel, "kernel layernorm/3-one-read"},
    {"idea", IN_ALL, 0, 0, true, read_idea, "idea One workgroup per row."},
    {"shape", IN_ALL, 0, 0, true, read_shape, "shape rows=4096 cols=1024"},
    {"tune", IN_ALL, 0, 0, true, read_tune, "tune TM 4 8 16"},
    {"buffer", IN_ALL, IN_ALL, 1, true, header_buffer, "buffer x in f32[rows,cols] uniform(-1,1)"},
    {"temp", IN_PLAN, 0, 1, true, header_temp, "temp m f32[rows]"},
    {"reference", IN_ALL, 0, 1, false, read_reference, "reference layernorm tolerance 1e-3"},
    {"passes", IN_KERNEL, 0, 2, true, read_passes, "passes x=1 y=1"},
    {"flops", IN_KERNEL, 0, 2, false, read_flops, "flops 8*rows*cols"},
    {"launch", IN_COMP, IN_COMP, 2, false, read_launch, "launch groups=rows"},
    {"split", IN_COMP, 0, 2, false, read_split, "split rows"},
    {"verify", IN_ALL, 0, 2, true, read_verify, "verify rows=1 cols=4097"},
    {"needs", IN_KERNEL, 0, 1, true, read_needs, "needs subgroup"},
    {"valid", IN_KERNEL, 0, 1, true, read_valid, "valid TM*TN<=64"},
    {"only", IN_ALL, 0, 1, true, read_only, "only cols%4==0"},
    {"repeat", IN_PLAN, 0, 2, true, read_repeat, "repeat layer layers"},
    {"end", IN_PLAN, 0, 2, true, read_end, "end layer"},
    {"epilogue", IN_KERNEL, 0, 2, false, read_epilogue, "epilogue c float"},
    {"step", IN_PLAN, IN_PLAN, 2, true, read_step, "step softmax/parts/row-max x=x m=m"},
};

static enum files files_of(const struct kernel *k)
{
    return k->is_plan ? IN_PLAN : k->language == LANGUAGE_C ? IN_C : IN_COMP;
}

static bool unknown_key(const struct header *h, const char *word, enum files here)
{
    const char *names[HEADER_KEYS_MAX];
    char shown[WORD_TEXT], hint[HINT_TEXT];
    size_t count = 0;
    for (const struct key *key = keys; key->name; key++) {
        if (strcmp(key->name, word) == 0)
            return header_refuse(h, "'%s' belongs in %s files; take it out of here", key->name,
                                 key->files & IN_PLAN ? ".plan" : ".comp");
        if (key->files & here)
            names[count++] = key->name;
    }
    return header_refuse(h, "there is no header line '%s'%s", word_shown(shown, word),
                         name_hint(hint, word, names, count));
}

/* Reads one header line where its turn is in this sweep. */
static bool read_line(struct header *h, char *line, int sweep)
{
    enum files here = files_of(h->k);
    char *rest = line;
    const char *word = header_word(&rest);
    const struct key *key = keys;
    while (key->name && (strcmp(key->name, word) != 0 || !(key->files & here)))
        key++;
    if (!key->name)
        return unknown_key(h, word, here);
    if (key->sweep != sweep)
        return true;
    if (h->seen[key - keys] && !key->many)
        return header_refuse(h, "a second '%s' line; leave one out", key->name);
    h->seen[key - keys] = true;
    rest = trim(rest);
    if (!*rest)
        return header_refuse(h, "'%s' says nothing; write it like %s", key->name, key->example);
    return key->read(h, rest);
}

/* The header's part of a line of the file, or NULL where the line is none of the header's. */
static char *header_part(const struct kernel *k, char *line)
{
    line = trim(line);
    if (k->is_plan)
        return *line && *line != '#' ? line : NULL;
    return starts_with(line, "//!") ? trim(line + 3) : NULL;
}

static bool sweep_lines(struct header *h, int sweep)
{
    const char *at = h->k->source.s, *end = at + h->k->source.len;
    bool ok = true;
    for (h->line = 1; ok && at < end; h->line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        char *line = need(len + 1);
        memcpy(line, at, len);
        if (memchr(at, '\0', len))
            ok = header_refuse(h, "a NUL byte; this is not a text file");
        char *part = ok ? header_part(h->k, line) : NULL;
        if (part && *part)
            ok = read_line(h, part, sweep);
        free(line);
        at += len + 1;
    }
    return ok;
}

bool kernel_parse(struct kernel *k, struct error *e)
{
    struct error unheard;
    struct header h = {.k = k, .e = e ? e : &unheard};
    enum files here = files_of(k);
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        if (!sweep_lines(&h, sweep))
            return false;
    h.line = 1;
    for (const struct key *key = keys; key->name; key++)
        if ((key->wanted & here) && !h.seen[key - keys])
            return header_refuse(&h, "the header has no '%s' line; add one like: %s%s", key->name,
                                 k->is_plan ? "" : "//! ", key->example);
    return true;
}
