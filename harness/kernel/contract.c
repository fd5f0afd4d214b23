/* A kernel's contract against its module; see contract.h. */
#include "harness/kernel/contract.h"

#include <string.h>

#include "harness/spirv/reflect.h"

enum {
    /* What desktop devices have; one that has less says so itself when the program is made. */
    INVOCATIONS_MAX = 1024,
    DEPTH_MAX = 64 /* along z */
};

/* All that the module has at one binding: two blocks may name the same buffer, as floats and as vec4. */
struct found {
    const struct resource *first;
    bool reads, writes;
};

static struct found find(const struct reflection *r, uint32_t binding)
{
    struct found f = {NULL, false, false};
    for (uint32_t i = 0; i < r->resource_count; i++) {
        const struct resource *each = &r->resources[i];
        if (!each->bound || each->set != 0 || each->binding != binding)
            continue;
        if (!f.first)
            f.first = each;
        /* Where a pointer was not traced the use is a guess; then the declaration decides. */
        f.reads = f.reads || (each->reads && each->readable);
        f.writes = f.writes || (each->writes && each->writable);
    }
    return f;
}

static bool check_kind(const struct contract *c, int i, const struct resource *r, struct error *e)
{
    const struct contract_buffer *b = &c->buffers[i];
    enum resource_kind wanted = !b->texel   ? RESOURCE_STORAGE_BUFFER
                                : b->writes ? RESOURCE_STORAGE_TEXEL_BUFFER
                                            : RESOURCE_UNIFORM_TEXEL_BUFFER;
    if (r->kind != wanted)
        return error_set(
            e, EXIT_CHECK,
            "%s: buffer %s is `%s`%s%s in the header, which is a %s, but binding %d of the module is a %s; "
            "change one of them",
            c->file, b->name, b->role, b->texel ? " texel=" : "", b->texel ? b->texel : "",
            resource_kind_name(wanted), i, resource_kind_name(r->kind));
    if (!b->texel)
        return true;
    if (r->element_float != b->texel_float || (r->image_format && r->image_format != b->texel_format))
        return error_set(e, EXIT_CHECK,
                         "%s: buffer %s has texel=%s in the header, but the module declares another format; "
                         "change one of them",
                         c->file, b->name, b->texel);
    return true;
}

static bool check_direction(const struct contract *c, int i, const struct found *f, struct error *e)
{
    const struct contract_buffer *b = &c->buffers[i];
    const char *does = NULL;
    if (f->writes && !b->writes)
        does = "writes it";
    else if (f->reads && !b->reads)
        does = "reads it";
    else if (!f->writes && b->writes)
        does = "never writes it";
    else if (!f->reads && b->reads)
        does = "never reads it";
    return !does || error_set(e, EXIT_CHECK,
                              "%s: buffer %s is `%s` in the header, but the module %s; change one of them",
                              c->file, b->name, b->role, does);
}

static bool check_buffers(const struct contract *c, const struct reflection *r, struct error *e)
{
    for (int i = 0; i < c->buffer_count; i++) {
        struct found f = find(r, (uint32_t)i);
        if (!f.first)
            return error_set(
                e, EXIT_CHECK,
                "%s: buffer %s is number %d in the header, but the module has nothing at set 0, binding %d; "
                "declare it there, or take the line out",
                c->file, c->buffers[i].name, i, i);
        if (!check_kind(c, i, f.first, e) || !check_direction(c, i, &f, e))
            return false;
    }
    for (uint32_t i = 0; i < r->resource_count; i++) {
        const struct resource *each = &r->resources[i];
        if (each->used && (!each->bound || each->set != 0 || each->binding >= (uint32_t)c->buffer_count))
            return error_set(
                e, EXIT_CHECK,
                "%s: the module has a %s %s at set %u, binding %u, but the header has %d buffers, which are "
                "bindings 0, 1, ... of set 0; add a buffer line for it",
                c->file, resource_kind_name(each->kind), each->name, each->set, each->binding,
                c->buffer_count);
    }
    return true;
}

static int name_find(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static bool check_push(const struct contract *c, const struct reflection *r, struct error *e)
{
    if (r->push_bytes != 4 * (uint64_t)c->shapes)
        return error_set(
            e, EXIT_CHECK,
            "%s: the shape in the header has %d names, which are %d bytes of push constants, but the "
            "module's take %llu bytes; declare one uint for each name, in that order",
            c->file, c->shapes, 4 * c->shapes, (unsigned long long)r->push_bytes);
    for (uint32_t i = 0; i < r->push_count; i++) {
        const struct push_member *m = &r->push[i];
        if (m->width != 32 || m->scalars != 1 || m->is_float)
            return error_set(e, EXIT_CHECK,
                             "%s: shape name %s is a uint, but the module's push constant %s is %s; make "
                             "it a uint",
                             c->file, c->shape[m->offset / 4], m->name, m->type_name);
        int named = name_find(c->shape, c->shapes, m->name);
        if (named >= 0 && (uint32_t)named * 4 != m->offset)
            return error_set(e, EXIT_CHECK,
                             "%s: %s is shape name number %d in the header, but number %u of the module's "
                             "push constants; put them in one order",
                             c->file, m->name, named, m->offset / 4);
    }
    return true;
}

static bool check_tune(const struct contract *c, const struct reflection *r, struct error *e)
{
    for (int i = 0; i < c->tunes; i++) {
        const struct spec_constant *s = NULL;
        for (uint32_t k = 0; k < r->spec_count; k++)
            if (r->spec[k].id == (uint32_t)i)
                s = &r->spec[k];
        if (!s)
            return error_set(
                e, EXIT_CHECK,
                "%s: tune %s is specialisation constant %d in the header, but the module has none of that "
                "number; declare it: layout(constant_id = %d) const uint %s = %u;",
                c->file, c->tune[i], i, i, c->tune[i], c->tune_values[i]);
        int named = name_find(c->tune, c->tunes, s->name);
        if (named >= 0 && named != i)
            return error_set(e, EXIT_CHECK,
                             "%s: tune %s is number %d in the header, but specialisation constant %d of the "
                             "module is called %s; put them in one order",
                             c->file, c->tune[i], i, i, s->name);
    }
    return true;
}

static bool check_workgroup(const struct contract *c, const struct reflection *r, struct error *e)
{
    const uint32_t *n = r->local_size;
    uint64_t all = (uint64_t)n[0] * n[1] * n[2];
    bool small =
        n[0] <= INVOCATIONS_MAX && n[1] <= INVOCATIONS_MAX && n[2] <= DEPTH_MAX && all <= INVOCATIONS_MAX;
    return (small && all > 0) ||
           error_set(e, EXIT_CHECK,
                     "%s: a workgroup is %u x %u x %u invocations, but devices take %d in all, and %d "
                     "along z; make it smaller",
                     c->file, n[0], n[1], n[2], INVOCATIONS_MAX, DEPTH_MAX);
}

bool contract_check(const struct contract *c, const uint32_t *words, size_t count, struct error *e)
{
    struct spec_value values[CONTRACT_MAX];
    for (int i = 0; i < c->tunes; i++)
        values[i] = (struct spec_value){(uint32_t)i, c->tune_values[i]};
    struct module m;
    struct reflection r;
    if (!module_read(&m, words, count, values, (size_t)c->tunes, e))
        return error_prefix(e, "%s", c->file);
    bool reflected = reflect(&r, &m, NULL, NULL, e);
    bool ok = reflected ? check_buffers(c, &r, e) && check_push(c, &r, e) && check_tune(c, &r, e) &&
                              check_workgroup(c, &r, e)
                        : error_prefix(e, "%s", c->file);
    if (reflected)
        reflection_free(&r);
    module_free(&m);
    return ok;
}
