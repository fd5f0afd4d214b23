#include "harness/spirv/reflect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/base/text.h"
#include "harness/spirv/layout.h"
#include "harness/spirv/reflect_resources.h"

const char *type_text(const struct module *m, uint32_t type, char *out, size_t size)
{
    const struct spirv_type *t = module_type(m, type);
    char tail[48] = "";
    /* Vectors, matrices and arrays add their part behind that of what they are made of. */
    while (t && (t->kind == TYPE_VECTOR || t->kind == TYPE_MATRIX || t->kind == TYPE_ARRAY ||
                 t->kind == TYPE_RUNTIME_ARRAY)) {
        char part[24], kept[48];
        if (t->kind == TYPE_VECTOR || t->kind == TYPE_MATRIX)
            snprintf(part, sizeof part, "x%u", t->count);
        else if (t->count)
            snprintf(part, sizeof part, "[%u]", t->count);
        else
            snprintf(part, sizeof part, "[]");
        snprintf(kept, sizeof kept, "%s", tail);
        snprintf(tail, sizeof tail, "%s%.23s", part, strlen(kept) < 24 ? kept : "..");
        t = module_type(m, t->element);
    }
    const char *kind = !t                        ? "unknown"
                       : t->kind == TYPE_STRUCT  ? "struct"
                       : t->kind == TYPE_BOOL    ? "bool"
                       : t->kind == TYPE_POINTER ? "address"
                       : t->kind == TYPE_VOID    ? "void"
                                                 : "opaque";
    if (t && (t->kind == TYPE_INT || t->kind == TYPE_FLOAT))
        snprintf(out, size, "%c%u%s", t->is_float ? 'f' : t->is_signed ? 'i' : 'u', t->width, tail);
    else
        snprintf(out, size, "%s%s", kind, tail);
    return out;
}

/* Chooses the entry point by name, or the only one, or the first compute one. */
static bool choose_entry(struct reflection *r, const struct module *m, const char *entry, struct error *e)
{
    char name[REFLECT_NAME];
    for (uint32_t at = MODULE_HEADER; at < m->count; at += word_length(m->words[at])) {
        const uint32_t *w = m->words + at;
        if (word_op(*w) == SpvOpFunction)
            break;
        if (word_op(*w) != SpvOpEntryPoint)
            continue;
        r->entry_points++;
        uint32_t taken = module_string(m, at + 3, word_length(*w) - 3, name, sizeof name);
        if (r->entry_at || w[1] != SpvExecutionModelGLCompute || (entry && strcmp(entry, name) != 0))
            continue;
        r->entry_at = at;
        r->model = w[1];
        r->function = w[2];
        r->interface_at = at + 3 + taken;
        memcpy(r->entry, name, sizeof name);
    }
    if (!r->entry_at && entry)
        return error_set(e, EXIT_USAGE,
                         "the SPIR-V module has no compute entry point '%s' (%u entry points in all)", entry,
                         r->entry_points);
    if (!r->entry_at)
        return error_set(e, EXIT_USAGE, "the SPIR-V module has no compute entry point (%u of other kinds)",
                         r->entry_points);
    if (!module_function(m, r->function))
        return error_set(e, EXIT_USAGE, "the SPIR-V module's entry point '%s' names no function", r->entry);
    return true;
}

static uint32_t small_value(const struct module *m, uint32_t id)
{
    int64_t value;
    return constant_value(m, id, &value) && value > 0 && value <= UINT32_MAX ? (uint32_t)value : 0;
}

static void find_local_size(struct reflection *r, const struct module *m)
{
    for (uint32_t at = MODULE_HEADER; at < m->count; at += word_length(m->words[at])) {
        const uint32_t *w = m->words + at;
        uint16_t op = word_op(*w);
        if (op == SpvOpFunction)
            break;
        bool mode = op == SpvOpExecutionMode || op == SpvOpExecutionModeId;
        if (!mode || w[1] != r->function || word_length(*w) < 6)
            continue;
        for (int i = 0; i < 3; i++) {
            if (op == SpvOpExecutionMode && w[2] == SpvExecutionModeLocalSize)
                r->local_size[i] = w[3 + i];
            else if (op == SpvOpExecutionModeId && w[2] == SpvExecutionModeLocalSizeId)
                r->local_size[i] = small_value(m, w[3 + i]);
        }
    }
    /* A constant decorated as WorkgroupSize overrides both. */
    for (uint32_t i = 0; i < m->decoration_count; i++) {
        const struct decoration *d = &m->decorations[i];
        if (d->kind != SpvDecorationBuiltIn || d->count == 0 || m->words[d->at] != SpvBuiltInWorkgroupSize)
            continue;
        const uint32_t *w = module_def(m, d->target);
        bool composite =
            w && (word_op(*w) == SpvOpConstantComposite || word_op(*w) == SpvOpSpecConstantComposite);
        for (uint32_t k = 0; composite && k < 3 && word_length(*w) >= 6; k++)
            r->local_size[k] = small_value(m, w[3 + k]);
    }
}

static int by_spec_id(const void *x, const void *y)
{
    const struct spec_constant *a = x, *b = y;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return (a->name_of > b->name_of) - (a->name_of < b->name_of);
}

/* Compilers may declare one SpecId twice (a workgroup size and the constant of that name): it is one. */
static void join_spec_constants(struct reflection *r)
{
    uint32_t kept = 0;
    qsort(r->spec, r->spec_count, sizeof *r->spec, by_spec_id);
    for (uint32_t i = 0; i < r->spec_count; i++) {
        bool again = kept && r->spec[kept - 1].id == r->spec[i].id;
        if (again && !*r->spec[kept - 1].name)
            memcpy(r->spec[kept - 1].name, r->spec[i].name, sizeof r->spec[i].name);
        if (!again)
            r->spec[kept++] = r->spec[i];
    }
    r->spec_count = kept;
}

static void list_spec_constants(struct reflection *r, const struct module *m)
{
    r->spec = need((m->constant_count + 1) * sizeof *r->spec);
    for (uint32_t i = 0; i < m->constant_count; i++) {
        const struct constant *c = &m->constants[i];
        const struct decoration *d = module_decoration(m, c->id, MEMBER_NONE, SpvDecorationSpecId);
        const struct spirv_type *t = module_type(m, c->type);
        if (!d || d->count == 0 || !t || !c->known)
            continue;
        struct spec_constant *s = &r->spec[r->spec_count++];
        *s = (struct spec_constant){.id = m->words[d->at],
                                    .name_of = c->id,
                                    .width = t->width,
                                    .is_float = t->is_float,
                                    .is_bool = t->kind == TYPE_BOOL,
                                    .is_signed = t->is_signed,
                                    .bits = c->bits};
        module_name(m, c->id, MEMBER_NONE, s->name, sizeof s->name);
        type_text(m, c->type, s->type_name, sizeof s->type_name);
    }
    join_spec_constants(r);
}

static void list_push_members(struct reflection *r, const struct module *m, const struct spirv_type *block,
                              uint64_t *cache)
{
    if (r->push || !block || block->kind != TYPE_STRUCT)
        return;
    r->push = need((block->count + 1) * sizeof *r->push);
    for (uint32_t i = 0; i < block->count; i++) {
        struct push_member *p = &r->push[r->push_count++];
        const struct spirv_type *t = module_type(m, type_member(m, block, i));
        p->type = type_member(m, block, i);
        p->offset = (uint32_t)layout_offset(m, block->id, i);
        p->bytes = layout_bytes(m, p->type, layout_matrix(m, block->id, i), cache);
        p->width = t ? t->width : 0;
        p->scalars = t && t->scalars <= UINT32_MAX ? (uint32_t)t->scalars : 0;
        p->is_float = t && t->is_float;
        p->is_signed = t && t->is_signed;
        module_name(m, block->id, i, p->name, sizeof p->name);
        type_text(m, p->type, p->type_name, sizeof p->type_name);
        uint64_t end = saturating_add(p->offset, p->bytes);
        r->push_bytes = end > r->push_bytes ? end : r->push_bytes;
    }
}

/* Push constants and shared memory: variables that are not bound to a set. */
static void list_unbound(struct reflection *r, const struct module *m)
{
    uint64_t *cache = need((m->type_count + 1) * sizeof *cache);
    uint32_t end = m->function_count ? m->functions[0].at : m->count;
    for (uint32_t at = MODULE_HEADER; at < end; at += word_length(m->words[at])) {
        const uint32_t *w = m->words + at;
        if (word_op(*w) != SpvOpVariable)
            continue;
        const struct spirv_type *t = type_pointee(m, w[2]);
        if (w[3] == SpvStorageClassPushConstant)
            list_push_members(r, m, t, cache);
        if (w[3] == SpvStorageClassWorkgroup && t)
            r->shared_bytes = saturating_add(r->shared_bytes, t->bytes);
    }
    free(cache);
}

bool reflect(struct reflection *r, const struct module *m, const char *entry, const struct trace *t,
             struct error *e)
{
    memset(r, 0, sizeof *r);
    if (!choose_entry(r, m, entry, e))
        return false;
    struct trace own = {0};
    if (!t)
        trace_build(&own, m);
    r->reached = need((m->function_count + 1) * sizeof *r->reached);
    trace_reached(m, r->function, r->reached);
    find_local_size(r, m);
    list_spec_constants(r, m);
    list_unbound(r, m);
    bool listed = reflect_resources(r, m, t ? t : &own, e);
    trace_free(&own);
    if (!listed)
        reflection_free(r);
    return listed;
}

void reflection_free(struct reflection *r)
{
    free(r->spec);
    free(r->push);
    free(r->resources);
    free(r->reached);
    memset(r, 0, sizeof *r);
}
