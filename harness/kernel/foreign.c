#include "harness/kernel/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#include "harness/kernel/shader.h"
#include "harness/spirv/reflect.h"

bool foreign_is(const char *path)
{
    struct text t = {0};
    if (ends_with(path, ".spv"))
        return true;
    if (ends_with(path, ".plan") || !file_exists(path) || !file_read(path, &t, NULL))
        return false;
    bool ours = t.len && strstr(t.s, "//! kernel") != NULL;
    text_free(&t);
    return !ours;
}

/* "512", "-3i", "0.5f": one word. */
static bool parse_word(const char *text, uint32_t *out, struct error *e)
{
    char *end;
    size_t n = strlen(text);
    bool hex = starts_with(text, "0x") || starts_with(text, "0X");
    if (n && !hex && (text[n - 1] == 'f' || strchr(text, '.'))) {
        float f = strtof(text, &end);
        memcpy(out, &f, 4);
        if (end != text && (*end == '\0' || strcmp(end, "f") == 0))
            return true;
    } else {
        *out = (uint32_t)strtoll(text, &end, 0);
        if (end != text && (*end == '\0' || strcmp(end, "i") == 0 || strcmp(end, "u") == 0))
            return true;
    }
    return error_set(e, EXIT_USAGE, "'%s' is not a word: write 512, -3i or 0.5f", text);
}

static bool parse_push(struct step *s, const char *list, struct error *e)
{
    char *copy = need_string(list), *save = NULL;
    bool ok = true;
    int n = 0;
    for (char *word = list ? strtok_r(copy, ",", &save) : NULL; word && ok; word = strtok_r(NULL, ",", &save)) {
        ok = n < DEVICE_PUSH_MAX || error_set(e, EXIT_USAGE, "--push: at most %d words", DEVICE_PUSH_MAX);
        ok = ok && parse_word(trim(word), &s->push[n++], e);
    }
    if (n > s->push_count)
        s->push_count = n;
    free(copy);
    return ok || error_prefix(e, "--push");
}

static bool parse_specs(struct step *s, const struct foreign_options *o, struct error *e)
{
    for (int i = 0; i < o->spec_count; i++) {
        char *copy = need_string(o->specs[i]), *equals = strchr(copy, '=');
        bool ok = equals && s->spec_count < DEVICE_SPEC_MAX;
        if (ok) {
            *equals = '\0';
            s->spec_ids[s->spec_count] = (uint32_t)strtoul(copy, NULL, 10);
            ok = parse_word(trim(equals + 1), &s->spec_values[s->spec_count++], e);
        } else {
            error_set(e, EXIT_USAGE, "'%s': write ID=VALUE, at most %d of them", copy, DEVICE_SPEC_MAX);
        }
        free(copy);
        if (!ok)
            return error_prefix(e, "--spec");
    }
    return true;
}

/* The defines stand behind #version, which must come first, and the lines keep their numbers. */
static void add_defines(struct text *out, const char *source, const struct foreign_options *o)
{
    const char *version = strstr(source, "#version"), *rest = version ? strchr(version, '\n') : NULL;
    if (!rest || o->define_count == 0) {
        text_add(out, "%s", source);
        return;
    }
    int lines = 1;
    for (const char *p = source; p <= rest; p++)
        lines += *p == '\n';
    text_bytes(out, source, (size_t)(rest + 1 - source));
    for (int i = 0; i < o->define_count; i++) {
        const char *equals = strchr(o->defines[i], '=');
        int name = equals ? (int)(equals - o->defines[i]) : (int)strlen(o->defines[i]);
        text_add(out, "#define %.*s %s\n", name, o->defines[i], equals ? equals + 1 : "1");
    }
    text_add(out, "#line %d\n%s", lines, rest + 1);
}

/* Fills the step's words from a .spv file or by compiling. */
static bool load(struct step *s, const char *path, const struct foreign_options *o, struct error *e)
{
    struct text file = {0};
    if (!file_read(path, &file, e))
        return false;
    bool ok = true;
    if (ends_with(path, ".spv")) {
        s->spirv = need(file.len + 4);
        s->spirv_words = file.len / 4;
        memcpy(s->spirv, file.s ? file.s : "", file.len);
        ok = file.len % 4 == 0 || error_set(e, EXIT_USAGE, "%s: its length is not a multiple of 4: it is not SPIR-V", path);
    } else {
        struct spirv spirv;
        add_defines(&s->glsl, text_get(&file), o);
        ok = shader_compile(path, text_get(&s->glsl), &spirv, e);
        if (ok) {
            s->spirv_words = spirv.count;
            s->spirv = need(spirv.count * 4);
            memcpy(s->spirv, spirv.words, spirv.count * 4);
        }
    }
    text_free(&file);
    return ok;
}

/* How a resource is bound, where this lab can. */
static const struct binding_facts {
    enum resource_kind kind;
    enum bind_kind bind;
    bool texel;
} facts[] = {
    {RESOURCE_STORAGE_BUFFER, BIND_STORAGE, false},
    {RESOURCE_UNIFORM_BUFFER, BIND_UNIFORM, false},
    {RESOURCE_UNIFORM_TEXEL_BUFFER, BIND_TEXEL_READ, true},
    {RESOURCE_STORAGE_TEXEL_BUFFER, BIND_TEXEL_WRITE, true},
};

static const struct binding_facts *facts_of(enum resource_kind kind)
{
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (facts[i].kind == kind)
            return &facts[i];
    return NULL;
}

/* TEXEL_NONE: this lab does not have the format. Samplers do not name one. */
static enum texel_format texel_format(const struct resource *r)
{
    switch (r->image_format) {
    case SpvImageFormatUnknown: return r->element_float ? TEXEL_RGBA32F : TEXEL_R32UI;
    case SpvImageFormatRgba32f: return TEXEL_RGBA32F;
    case SpvImageFormatRgba16f: return TEXEL_RGBA16F;
    case SpvImageFormatR32f: return TEXEL_R32F;
    case SpvImageFormatR16f: return TEXEL_R16F;
    case SpvImageFormatR32ui: return TEXEL_R32UI;
    default: return TEXEL_NONE;
    }
}

/* Numbers of the array's own kind. Integers stay below the size, since they are often indices; so does what is mixed, since
 * a float's bits as a count of rounds would be a billion. */
static int add_tensor(struct plan *p, const struct resource *r, const struct binding_facts *f, uint64_t size)
{
    uint64_t bytes = f->texel ? size * (r->texel_bytes ? r->texel_bytes : 16) : r->fixed_bytes + r->stride * (r->has_runtime_array ? size : 0);
    enum type type = r->element_float && r->element_width == 16 ? TYPE_F16
                     : r->element_float                         ? TYPE_F32
                     : r->element_width == 8                    ? TYPE_I8
                                                                : TYPE_U32;
    struct fill fill = {.kind = FILL_UNIFORM, .a = 0.5, .b = 1.5, .seed = 1u + (uint32_t)p->tensor_count};
    if (type == TYPE_U32 || type == TYPE_I8)
        fill.a = 0, fill.b = type == TYPE_I8 ? 100 : (double)(size > 1 ? size - 1 : 1);
    enum role role = r->reads && r->writes ? ROLE_INOUT : r->writes ? ROLE_TEMP : ROLE_IN;
    uint64_t unit = type_bytes(type, 1);
    char name[32];
    snprintf(name, sizeof name, "%.31s", r->name);
    return plan_add_tensor(p, name, type, 1, (bytes + unit - 1) / unit, role, fill);
}

static void bind_resources(struct plan *p, struct step *s, const struct reflection *f, uint64_t size, bool *runnable,
                           char why[200])
{
    for (uint32_t i = 0; i < f->resource_count; i++) {
        const struct resource *r = &f->resources[i];
        const struct binding_facts *facts_here = facts_of(r->kind);
        if (!r->used || !r->bound)
            continue;
        if (!facts_here || r->count != 1 || s->binding_count + 1 >= STEP_BINDINGS_MAX) {
            *runnable = false;
            snprintf(why, 200, "%s is %s%s, which this lab does not bind", r->name, r->count == 1 ? "a " : "an array of ",
                     resource_kind_name(r->kind));
            continue;
        }
        if (facts_here->texel && texel_format(r) == TEXEL_NONE) {
            *runnable = false;
            snprintf(why, 200, "%s has a texel format that this lab does not bind", r->name);
            continue;
        }
        const struct program_binding *seen = NULL; /* two variables may share a binding */
        for (int k = 0; k < s->binding_count; k++)
            if (s->bindings[k].slot.set == r->set && s->bindings[k].slot.binding == r->binding)
                seen = &s->bindings[k].slot;
        if (seen && seen->kind != facts_here->bind) {
            *runnable = false;
            snprintf(why, 200, "%s shares set %u, binding %u with a resource of another kind", r->name, r->set, r->binding);
        }
        if (seen)
            continue;
        int tensor = add_tensor(p, r, facts_here, size);
        step_bind(s, tensor, facts_here->bind, facts_here->texel ? texel_format(r) : TEXEL_NONE, r->reads, r->writes);
        s->bindings[s->binding_count - 1].slot.set = r->set;
        s->bindings[s->binding_count - 1].slot.binding = r->binding;
    }
}

static bool fill_step(struct plan *p, struct step *s, const struct foreign_options *o, bool *runnable, char why[200],
                      struct error *e)
{
    struct module m;
    struct reflection f;
    struct spec_value spec[DEVICE_SPEC_MAX];
    if (!parse_specs(s, o, e))
        return false;
    for (int i = 0; i < s->spec_count; i++)
        spec[i] = (struct spec_value){s->spec_ids[i], s->spec_values[i]};
    if (!module_read(&m, s->spirv, s->spirv_words, spec, (size_t)s->spec_count, e))
        return false;
    bool ok = reflect(&f, &m, NULL, NULL, e);
    if (ok) {
        bind_resources(p, s, &f, o->size ? o->size : 1024, runnable, why);
        uint64_t push = (f.push_bytes + 3) / 4;
        if (push > DEVICE_PUSH_MAX) {
            *runnable = false;
            snprintf(why, 200, "it has more than %d bytes of push constants", 4 * DEVICE_PUSH_MAX);
        }
        s->push_count = (int)(push > DEVICE_PUSH_MAX ? DEVICE_PUSH_MAX : push);
        if (f.uses_physical) {
            *runnable = false;
            snprintf(why, 200, "it follows addresses (buffer_reference) that only its own program can give it");
        }
        snprintf(s->entry, sizeof s->entry, "%s", f.entry);
        reflection_free(&f);
    }
    module_free(&m);
    for (int i = 0; i < 3; i++)
        s->groups[i] = o->groups[i] ? o->groups[i] : 1;
    return ok && parse_push(s, o->push, e);
}

struct plan *foreign_plan(const char *path, const struct foreign_options *o, bool *runnable, char why[200],
                          struct error *e)
{
    struct plan *p = need(sizeof *p);
    char unused[200];
    p->name = need_string(path);
    p->variant = need_string("single");
    p->counts_from = "counted";
    *runnable = true;
    struct step *s = plan_add_step(p, path);
    if (!load(s, path, o, e) || !fill_step(p, s, o, runnable, why ? why : unused, e)) {
        error_prefix(e, "%s", path);
        plan_free(p);
        return NULL;
    }
    p->tensor_bytes = p->tensor_count ? (double)tensor_bytes(&p->tensors[0]) : 0;
    plan_finish(p);
    return p;
}
