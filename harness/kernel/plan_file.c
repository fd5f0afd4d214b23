/* .plan files: the kernels of its steps are read, and bound to the plan's own tensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/kernel_parts.h"

/* One step line while it is joined to the plan. */
struct joint {
    struct plan *p;
    const struct kernel *whole, *part; /* the .plan file, and the kernel of this step */
    const struct kernel_step *line;
    struct error *e;
};

static bool refuse(const struct joint *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const struct joint *j, const char *format, ...)
{
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(j->e, EXIT_USAGE, "%s:%d: %s", j->whole->path, j->line->line, text);
}

/* What the step line gives for a name of its kernel, or NULL. */
static const char *given(const struct joint *j, const char *name)
{
    for (int i = 0; i < j->line->count; i++)
        if (strcmp(j->line->bindings[i][0], name) == 0)
            return j->line->bindings[i][1];
    return NULL;
}

/* The tune line of that name whose value a step may choose, or -1. */
static int find_tune(const struct kernel *k, const char *name)
{
    for (int i = 0; i < k->tune_count; i++)
        if (!k->tune[i].follows[0] && strcmp(k->tune[i].name, name) == 0)
            return i;
    return -1;
}

static bool names_exist(const struct joint *j)
{
    const char *names[KERNEL_BUFFERS_MAX + RUN_SHAPE_MAX + KERNEL_TUNE_MAX];
    char hint[HINT_TEXT], shown[WORD_TEXT];
    size_t count = 0;
    for (int i = 0; i < j->part->buffer_count; i++)
        names[count++] = j->part->buffers[i].name;
    for (int i = 0; i < j->part->shapes; i++)
        names[count++] = j->part->shape[i].name;
    for (int i = 0; i < j->part->tune_count; i++)
        names[count++] = j->part->tune[i].name;
    for (int i = 0; i < j->line->count; i++) {
        const char *name = j->line->bindings[i][0];
        if (kernel_find_buffer(j->part, name) < 0 && kernel_find_shape(j->part, name) < 0 && find_tune(j->part, name) < 0)
            return refuse(j, "%s has no buffer and no shape name '%s'%s", j->part->name,
                          word_shown(shown, name), name_hint(hint, name, names, count));
    }
    return true;
}

static bool shape_of_part(const struct joint *j, const struct scope *s, struct shape_entry *shape)
{
    for (int i = 0; i < j->part->shapes; i++) {
        const char *name = j->part->shape[i].name, *value = given(j, name);
        if (!value && kernel_find_shape(j->whole, name) < 0)
            return refuse(j, "%s also wants a value for %s; add %s=...", j->part->name, name, name);
        shape[i] = j->part->shape[i];
        if (!scope_whole(s, name, value ? value : name, 1, UINT32_MAX, &shape[i].value, j->e))
            return error_prefix(j->e, "%s:%d", j->whole->path, j->line->line);
    }
    return true;
}

/* A step's own values of what its kernel leaves to be tuned; the defaults elsewhere. */
static bool tune_of_part(const struct joint *j, const struct scope *s, uint32_t tune[KERNEL_TUNE_MAX])
{
    for (int i = 0; i < j->part->tune_count; i++) {
        const char *name = j->part->tune[i].name, *text = find_tune(j->part, name) == i ? given(j, name) : NULL;
        uint64_t value = j->part->tune[i].values[0];
        if (text && !scope_whole(s, name, text, 0, UINT32_MAX, &value, j->e))
            return error_prefix(j->e, "%s:%d", j->whole->path, j->line->line);
        tune[i] = (uint32_t)value;
    }
    return true;
}

/* The tensor of that name, or of "name[index]" a part of it, which is one of its first dimension, or "name[index,count]"
 * several of them. */
static bool find_part(const struct joint *j, const struct scope *s, const char *text, struct part *out)
{
    const char *names[KERNEL_BUFFERS_MAX], *bracket = strchr(text, '[');
    char name[48], index[48], hint[HINT_TEXT], shown[WORD_TEXT];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "["), text);
    for (int i = 0; i < j->p->tensor_count; i++)
        names[i] = j->p->tensors[i].name;
    *out = (struct part){.tensor = plan_find_tensor(j->p, name)};
    if (out->tensor < 0)
        return refuse(j, "there is no tensor '%s'%s", word_shown(shown, name),
                      name_hint(hint, name, names, (size_t)j->p->tensor_count));
    if (!bracket)
        return true;
    uint64_t count = 0, at = 0, some = 1, bytes = tensor_bytes(&j->p->tensors[out->tensor]);
    snprintf(index, sizeof index, "%.*s", (int)strcspn(bracket + 1, "]"), bracket + 1);
    char *comma = strchr(index, ',');
    if (strcmp(bracket + 1 + strlen(index), "]") != 0) /* before a comma is cut off */
        return refuse(j, "'%s' is no part of a tensor; write it like weights[layer]", word_shown(shown, text));
    if (!scope_whole(s, "the length", j->whole->buffers[out->tensor].dims[0], 1, UINT32_MAX, &count, j->e) ||
        (comma && !scope_whole(s, "the part's length", comma + 1, 1, (double)count, &some, j->e)))
        return error_prefix(j->e, "%s:%d", j->whole->path, j->line->line);
    if (comma)
        *comma = '\0';
    if (!scope_whole(s, "the part", index, 0, (double)(count - some), &at, j->e))
        return error_prefix(j->e, "%s:%d", j->whole->path, j->line->line);
    out->bytes = bytes / count * some;
    out->offset = bytes / count * at;
    return true;
}

/* Does the tensor, or its part, suit the kernel's buffer b, which at this shape would be `wanted`? */
static bool part_suits(const struct joint *j, const struct kernel_buffer *b, const struct tensor *wanted,
                       const struct part *part, const bool *written)
{
    const struct tensor *got = &j->p->tensors[part->tensor];
    uint64_t elements = tensor_elements(got) / (part->bytes ? tensor_bytes(got) / part->bytes : 1);
    if (got->type != wanted->type || elements != tensor_elements(wanted))
        return refuse(j, "%s of %s is %llu elements of %s, but %stensor %s is %llu of %s; change one of them",
                      b->name, j->part->name, (unsigned long long)tensor_elements(wanted),
                      type_name(wanted->type), part->bytes ? "the part of " : "", got->name, (unsigned long long)elements,
                      type_name(got->type));
    if (b->role != ROLE_IN && got->role == ROLE_IN)
        return refuse(j, "%s writes %s, but tensor %s is `in`; make it inout, or bind another", j->part->name,
                      b->name, got->name);
    if (b->role != ROLE_OUT && !written[part->tensor] && (got->role == ROLE_OUT || got->role == ROLE_TEMP))
        return refuse(j, "%s reads %s, but no step before it has written tensor %s; put that step first",
                      j->part->name, b->name, got->name);
    return true;
}

static bool bind_tensors(const struct joint *j, const struct scope *s, const struct scope *part_scope, struct part *parts,
                         bool *written)
{
    struct plan wanted = {0}; /* the tensors that the kernel would have alone */
    bool ok = kernel_add_tensors(&wanted, j->part, part_scope, j->e);
    for (int i = 0; ok && i < j->part->buffer_count; i++) {
        const struct kernel_buffer *b = &j->part->buffers[i];
        const char *name = given(j, b->name);
        if (!name)
            ok = refuse(j, "%s also wants a tensor for %s; add %s=...", j->part->name, b->name, b->name);
        else
            ok = find_part(j, s, name, &parts[i]) && part_suits(j, b, &wanted.tensors[i], &parts[i], written);
    }
    for (int i = 0; ok && i < j->part->buffer_count; i++)
        written[parts[i].tensor] |= j->part->buffers[i].role != ROLE_IN;
    free(wanted.tensors);
    return ok;
}

static bool add_step(struct joint *j, const struct scope *s, bool *written)
{
    struct shape_entry shape[RUN_SHAPE_MAX];
    struct part parts[KERNEL_BINDINGS_MAX];
    if (j->part->is_plan)
        return refuse(j, "%s is a plan itself; a step is one kernel, from a .comp file", j->part->name);
    uint32_t tune[KERNEL_TUNE_MAX];
    if (!names_exist(j) || !shape_of_part(j, s, shape) || !tune_of_part(j, s, tune))
        return false;
    struct scope part_scope = kernel_scope(j->part, shape, tune);
    return bind_tensors(j, s, &part_scope, parts, written) &&
           kernel_add_steps(j->p, j->part, &part_scope, parts, j->e);
}

/* Every tensor must have a part in the plan: one that is forgotten is a slip of the pen. */
static bool tensors_used(const struct plan *p, const struct kernel *k, const bool *written, struct error *e)
{
    for (int t = 0; t < p->tensor_count; t++) {
        bool read = false;
        for (int i = 0; i < p->step_count; i++)
            for (int b = 0; b < p->steps[i].binding_count; b++)
                read = read || (p->steps[i].bindings[b].tensor == t && p->steps[i].bindings[b].reads);
        const char *missing = NULL;
        if (k->buffers[t].role != ROLE_OUT && !read)
            missing = "reads";
        if (k->buffers[t].role != ROLE_IN && !written[t])
            missing = "writes";
        if (missing)
            return error_set(e, EXIT_USAGE, "%s:%d: no step %s tensor %s; bind it, or leave it out", k->path,
                             k->buffers[t].line, missing, p->tensors[t].name);
    }
    return true;
}

static bool add_steps(struct plan *p, const struct kernel *k, int first, int end, const struct scope *s, bool *written,
                      struct error *e)
{
    for (int i = first; i < end; i++) {
        struct joint j = {.p = p, .whole = k, .line = &k->steps[i], .e = e};
        struct kernel *part = kernel_of_step(&k->steps[i], k->language, e);
        if (!part)
            return error_prefix(e, "%s:%d", k->path, k->steps[i].line);
        j.part = part;
        bool ok = add_step(&j, s, written);
        kernel_free(part);
        if (!ok)
            return false;
    }
    return true;
}

bool plan_file_add_steps(struct plan *p, const struct kernel *k, const struct scope *s, struct error *e)
{
    bool written[KERNEL_BUFFERS_MAX] = {false};
    int at = 0;
    for (int i = 0; i < k->repeat_count; i++) {
        const struct kernel_repeat *r = &k->repeats[i];
        struct scope inner = *s;
        uint64_t times = 0;
        if (!r->end)
            return error_set(e, EXIT_USAGE, "%s: there is no 'end %s'", k->path, r->name);
        if (!add_steps(p, k, at, r->first, s, written, e))
            return false;
        if (!scope_whole(s, "the repeat", r->times, 1, 4096, &times, e))
            return error_prefix(e, "%s", k->path);
        inner.names[inner.count++] = r->name;
        for (uint64_t t = 0; t < times; t++) {
            inner.values[inner.count - 1] = (double)t;
            if (!add_steps(p, k, r->first, r->end, &inner, written, e))
                return false;
        }
        at = r->end;
    }
    return add_steps(p, k, at, k->step_count, s, written, e) && tensors_used(p, k, written, e);
}
