#include "harness/kernel/foreign_bind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <spirv/unified1/spirv.h>

#define UNSIZED_COUNT 8 /* elements bound of an array of resources without a length */

/* How a resource is bound. */
static const struct binding_facts {
    enum resource_kind kind;
    enum bind_kind bind;
    bool texel, image;
} facts[] = {
    {RESOURCE_STORAGE_BUFFER, BIND_STORAGE, false, false},
    {RESOURCE_UNIFORM_BUFFER, BIND_UNIFORM, false, false},
    {RESOURCE_UNIFORM_TEXEL_BUFFER, BIND_TEXEL_READ, true, false},
    {RESOURCE_STORAGE_TEXEL_BUFFER, BIND_TEXEL_WRITE, true, false},
    {RESOURCE_STORAGE_IMAGE, BIND_IMAGE, true, true},
    {RESOURCE_SAMPLED_IMAGE, BIND_TEXTURE, true, true},
    {RESOURCE_COMBINED_IMAGE, BIND_SAMPLED, true, true},
    {RESOURCE_SAMPLER, BIND_SAMPLER, false, false},
};

static const struct binding_facts *facts_of(enum resource_kind kind)
{
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (facts[i].kind == kind)
            return &facts[i];
    return NULL;
}

static void __attribute__((format(printf, 2, 3))) refuse(struct foreign_verdict *v, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(v->why, sizeof v->why, format, list);
    va_end(list);
    v->runnable = false;
}

static uint64_t size_of(const struct foreign_options *o)
{
    return o->size ? o->size : FOREIGN_SIZE;
}

/* What texels are made of where the shader leaves it open, as textures and formatless images do: the widest of the kind. */
static enum texel_format texel_format(const struct resource *r)
{
    if (r->image_format != SpvImageFormatUnknown)
        return (enum texel_format)r->image_format;
    return r->element_float ? TEXEL_RGBA32F : strcmp(r->element_type, "i32") == 0 ? TEXEL_RGBA32I : TEXEL_RGBA32UI;
}

static struct image_shape shape_of(const struct resource *r, const struct foreign_options *o)
{
    uint32_t width = o->image[0] ? o->image[0] : 64, height = o->image[1] ? o->image[1] : 64;
    uint32_t depth = o->image[2] ? o->image[2] : 4;
    struct image_shape s = {.dimensions = 2, .width = width, .height = height, .depth = 1, .arrayed = r->image_arrayed};
    s.layers = r->image_arrayed ? depth : 1;
    if (r->image_dim == SpvDim1D) {
        s.dimensions = 1;
        s.height = 1;
    } else if (r->image_dim == SpvDim3D) {
        s.dimensions = 3;
        s.depth = depth;
    } else if (r->image_dim == SpvDimCube) {
        s.cube = true;
        s.height = width;
        s.layers *= 6;
    }
    return s;
}

/* Numbers of which a fill's bits make sense in texels of that format. */
static enum type texel_type(enum texel_format f)
{
    switch ((int)f) {
    case SpvImageFormatRgba32f:
    case SpvImageFormatRg32f:
    case SpvImageFormatR32f: return TYPE_F32;
    case SpvImageFormatRgba16f:
    case SpvImageFormatRg16f:
    case SpvImageFormatR16f: return TYPE_F16;
    case SpvImageFormatRgba32i:
    case SpvImageFormatRg32i:
    case SpvImageFormatR32i:
    case SpvImageFormatRgba32ui:
    case SpvImageFormatRg32ui:
    case SpvImageFormatR32ui: return TYPE_U32;
    default: return TYPE_I8;
    }
}

static enum type element_type(const struct resource *r)
{
    if (r->element_float)
        return r->element_width == 16 ? TYPE_F16 : TYPE_F32;
    return r->element_width == 8 ? TYPE_I8 : TYPE_U32;
}

/* Numbers of the array's own kind. Integers stay below the size, since they are often indices; so does what is mixed, since
 * a float's bits as a count of rounds would be a billion. */
static int add_tensor(struct plan *p, const char *of, enum type type, uint64_t bytes, enum role role, uint64_t size)
{
    struct fill fill = {.kind = FILL_UNIFORM, .a = 0.5, .b = 1.5, .seed = 1u + (uint32_t)p->tensor_count};
    if (type == TYPE_U32 || type == TYPE_I8)
        fill.a = 0, fill.b = type == TYPE_I8 ? 100 : (double)(size > 1 ? size - 1 : 1);
    uint64_t unit = type_bytes(type, 1);
    char name[32];
    snprintf(name, sizeof name, "%.31s", of);
    return plan_add_tensor(p, name, type, 1, (bytes + unit - 1) / unit, role, fill);
}

static uint64_t block_bytes(const struct resource *r, uint64_t size)
{
    return r->fixed_bytes + r->stride * (r->has_runtime_array ? size : 0);
}

static void bind_one(struct plan *p, struct step *s, const struct resource *r, const struct binding_facts *how,
                     const struct foreign_options *o)
{
    enum texel_format format = how->texel ? texel_format(r) : TEXEL_NONE;
    struct image_shape shape = how->image ? shape_of(r, o) : (struct image_shape){0};
    uint64_t texels = how->image ? (uint64_t)shape.width * shape.height * shape.depth * shape.layers : size_of(o);
    uint64_t bytes = how->texel ? texels * texel_format_bytes(format) : block_bytes(r, size_of(o));
    uint64_t stride = (bytes + DEVICE_STRIDE - 1) / DEVICE_STRIDE * DEVICE_STRIDE;
    uint32_t count = r->count == 1 ? 0 : r->count ? r->count : UNSIZED_COUNT;
    enum role role = r->reads && r->writes ? ROLE_INOUT : r->writes ? ROLE_TEMP : ROLE_IN;
    int tensor = -1;
    if (how->bind != BIND_SAMPLER)
        tensor = add_tensor(p, r->name, how->image ? texel_type(format) : element_type(r), count ? stride * count : bytes, role,
                            size_of(o));
    step_bind(s, tensor, how->bind, format, r->reads, r->writes);
    struct program_binding *slot = &s->bindings[s->binding_count - 1].slot;
    slot->set = r->set;
    slot->binding = r->binding;
    slot->image = shape;
    if (count) {
        slot->count = count;
        slot->bytes = (bytes + 3) & ~3ull;
        slot->stride = stride;
    }
}

/* Is it what this lab binds? */
static bool is_bindable(const struct resource *r, const struct binding_facts *how, const struct step *s, struct foreign_verdict *v)
{
    if (!how)
        refuse(v, "%s is %s %s, which this lab does not bind", r->name, r->count == 1 ? "an" : "an array of", resource_kind_name(r->kind));
    else if (r->count > DEVICE_ARRAY_MAX)
        refuse(v, "%s is an array of %u, and this lab binds at most %d", r->name, r->count, DEVICE_ARRAY_MAX);
    else if (s->binding_count + 1 >= STEP_BINDINGS_MAX)
        refuse(v, "it has more than %d resources", STEP_BINDINGS_MAX - 1);
    else if (how->texel && !texel_format_bytes(texel_format(r)))
        refuse(v, "%s has a texel format that this lab does not know", r->name);
    else if (how->image && (r->image_samples || r->image_compares || r->image_dim > SpvDimCube))
        refuse(v, "%s is an image of several samples, a depth or an attachment, which this lab does not bind", r->name);
    else
        return true;
    return false;
}

void foreign_bind(struct plan *p, struct step *s, const struct reflection *f, const struct foreign_options *o,
                  struct foreign_verdict *v)
{
    for (uint32_t i = 0; i < f->resource_count; i++) {
        const struct resource *r = &f->resources[i];
        const struct binding_facts *how = facts_of(r->kind);
        const struct program_binding *seen = NULL; /* two variables may share a binding */
        if (!r->used || !r->bound || !is_bindable(r, how, s, v))
            continue;
        for (int k = 0; k < s->binding_count; k++)
            if (s->bindings[k].slot.set == r->set && s->bindings[k].slot.binding == r->binding)
                seen = &s->bindings[k].slot;
        if (!seen)
            bind_one(p, s, r, how, o);
        else if (seen->kind != how->bind)
            refuse(v, "%s shares set %u, binding %u with a resource of another kind", r->name, r->set, r->binding);
        else if (seen->count != (r->count == 1 ? 0 : r->count ? r->count : UNSIZED_COUNT))
            refuse(v, "%s shares set %u, binding %u with an array of another length", r->name, r->set, r->binding);
    }
}

unsigned foreign_needs(const struct module *m)
{
    static const struct {
        uint32_t capability;
        const char *need;
    } needs[] = {{SpvCapabilityFloat16, "f16_arithmetic"},
                 {SpvCapabilityInt64, "i64"},
                 {SpvCapabilityFloat64, "f64"},
                 {SpvCapabilityStorageBuffer16BitAccess, "f16_storage"},
                 {SpvCapabilityStorageBuffer8BitAccess, "i8_storage"},
                 {SpvCapabilityGroupNonUniformArithmetic, "subgroup"},
                 {SpvCapabilityCooperativeMatrixNV, "cooperative_matrix"},
                 {CAPABILITY_COOPERATIVE_MATRIX_KHR, "cooperative_matrix"},
                 {SpvCapabilityPhysicalStorageBufferAddresses, "buffer_address"}};
    unsigned bits = 0;
    for (uint32_t at = MODULE_HEADER; at < m->count && word_op(m->words[at]) == SpvOpCapability; at += word_length(m->words[at]))
        for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
            bits |= m->words[at + 1] == needs[i].capability ? plan_need(needs[i].need) : 0;
    return bits;
}

static void add_address(struct step *s, int word, int tensor)
{
    s->addresses[s->address_count].word = word;
    s->addresses[s->address_count++].tensor = tensor;
}

void foreign_address(struct plan *p, struct step *s, int word, uint64_t bytes)
{
    char name[32];
    snprintf(name, sizeof name, "&%d", word);
    add_address(s, word, add_tensor(p, name, TYPE_F32, bytes, ROLE_INOUT, bytes / 4));
}

void foreign_push(struct plan *p, struct step *s, const struct module *m, const struct reflection *f,
                  const struct foreign_options *o, int given, struct foreign_verdict *v)
{
    uint64_t words = (f->push_bytes + 3) / 4;
    if (words > DEVICE_PUSH_MAX)
        refuse(v, "it has more than %d bytes of push constants", 4 * DEVICE_PUSH_MAX);
    for (uint32_t i = 0; i < f->push_count && words <= DEVICE_PUSH_MAX; i++) {
        struct resource r;
        bool free_place = f->push[i].offset >= 4u * (uint32_t)given && s->address_count < STEP_ADDRESSES_MAX;
        if (free_place && reflect_pointee(&r, m, f->push[i].type))
            add_address(s, (int)(f->push[i].offset / 4),
                        add_tensor(p, f->push[i].name, element_type(&r), block_bytes(&r, size_of(o)), ROLE_INOUT, size_of(o)));
    }
    if ((uint64_t)s->push_count < words)
        s->push_count = (int)(words > DEVICE_PUSH_MAX ? DEVICE_PUSH_MAX : words);
    if (f->uses_physical && f->follows_memory)
        refuse(v, "it follows addresses that lie in memory (buffer_reference), which only its own program can put there");
    else if (f->uses_physical && s->address_count == 0)
        refuse(v, "it follows addresses (buffer_reference): give them by --push, & for that of a fresh buffer");
}
