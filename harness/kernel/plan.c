#include "harness/kernel/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/units.h"
#include "harness/kernel/quantise.h"

/* Of a device's memory, what buffers may fill: the rest is the driver's. */
#define MEMORY_SHARE 0.9

/* Bytes of a block of `elements` elements; the quantised types hold 32 numbers and one f16 scale. */
static const struct type_facts {
    const char *name;
    uint32_t elements, bytes;
} types[TYPE_COUNT] = {
    [TYPE_F32] = {"f32", 1, 4},    [TYPE_F16] = {"f16", 1, 2},    [TYPE_I8] = {"i8", 1, 1},
    [TYPE_Q8_0] = {"q8_0", 32, 34}, [TYPE_Q4_0] = {"q4_0", 32, 18}, [TYPE_U32] = {"u32", 1, 4},
    [TYPE_I32] = {"i32", 1, 4},
};

const char *type_name(enum type t)
{
    return types[t].name;
}

enum type type_find(const char *name)
{
    int t = 0;
    while (t < TYPE_COUNT && strcmp(types[t].name, name) != 0)
        t++;
    return (enum type)t;
}

uint64_t type_bytes(enum type t, uint64_t elements)
{
    return (elements + types[t].elements - 1) / types[t].elements * types[t].bytes;
}

uint64_t tensor_elements(const struct tensor *t)
{
    return t->rows * t->cols;
}

uint64_t tensor_bytes(const struct tensor *t)
{
    return type_bytes(t->type, tensor_elements(t));
}

uint64_t binding_bytes(const struct plan *p, const struct step_binding *b)
{
    return b->tensor < 0 ? 0 : b->bytes ? b->bytes : tensor_bytes(&p->tensors[b->tensor]);
}

/* Half precision by bits, so that nothing depends on the compiler having _Float16. */
uint16_t half_from_float(float f)
{
    uint32_t u;
    memcpy(&u, &f, 4);
    uint32_t sign = u >> 16 & 0x8000, magnitude = u & 0x7fffffff;
    if (magnitude >= 0x7f800000) /* inf and nan */
        return (uint16_t)(sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0));
    if (magnitude >= 0x477ff000) /* rounds past the largest half, 65504 */
        return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) { /* subnormal: scaled so that the float unit does the rounding */
        float scaled = fabsf(f) * 16777216.0f;
        return (uint16_t)(sign | (uint32_t)lrintf(scaled));
    }
    uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | ((rounded - 0x38000000) >> 13));
}

float half_to_float(uint16_t h)
{
    int exponent = h >> 10 & 31;
    float mantissa = (float)(h & 1023), value;
    if (exponent == 31)
        value = mantissa > 0 ? NAN : INFINITY;
    else if (exponent == 0)
        value = ldexpf(mantissa, -24);
    else
        value = ldexpf(1024 + mantissa, exponent - 25);
    return h & 0x8000 ? -value : value;
}

double type_get(enum type t, const void *data, uint64_t i)
{
    const unsigned char *block = (const unsigned char *)data + i / 32 * types[t].bytes;
    uint16_t scale;
    switch (t) {
    case TYPE_F32:
        return ((const float *)data)[i];
    case TYPE_F16:
        return half_to_float(((const uint16_t *)data)[i]);
    case TYPE_I8:
        return ((const signed char *)data)[i];
    case TYPE_U32:
        return ((const uint32_t *)data)[i];
    case TYPE_I32:
        return ((const int32_t *)data)[i];
    case TYPE_Q8_0:
        memcpy(&scale, block, 2);
        return half_to_float(scale) * (double)(signed char)block[2 + i % 32];
    case TYPE_Q4_0: { /* low nibbles are elements 0..15 of the block, high ones 16..31 */
        memcpy(&scale, block, 2);
        unsigned char pair = block[2 + i % 16];
        return half_to_float(scale) * ((i % 32 < 16 ? pair & 15 : pair >> 4) - 8.0);
    }
    default:
        return NAN;
    }
}

/* A number of [0, 1) with 24 random bits: all that a float holds. */
static double unit_random(uint32_t seed, uint64_t i)
{
    return (expr_hash(seed + (uint32_t)(i >> 32) * 77u, (uint32_t)i) >> 8) * 0x1p-24;
}

/* All 32 bits: a float has not enough of them for a long list. */
static uint32_t fill_index(const struct fill *f, uint64_t i)
{
    return (uint32_t)((double)expr_hash(f->seed + (uint32_t)(i >> 32) * 77u, (uint32_t)i) * 0x1p-32 * f->a);
}

/* Masked rows stand between whole ones, and the first row is none of them. */
static bool is_masked(const struct fill *f, uint64_t i)
{
    uint64_t row = f->cols ? i / f->cols : 0;
    return row % 7 == 1 || row % 7 == 4 || row % 7 == 5 || expr_hash(f->seed + 0x3a5cedu, (uint32_t)i) % 4 == 0;
}

/* Of all kinds but uniform, which fill_floats does itself. */
static double fill_value(const struct fill *f, uint64_t i)
{
    if (f->kind == FILL_CONSTANT)
        return f->a;
    if (f->kind == FILL_INDICES)
        return (double)fill_index(f, i);
    double u = unit_random(f->seed, i);
    if (f->kind == FILL_MASKED)
        return is_masked(f, i) ? -INFINITY : f->a + (f->b - f->a) * u;
    double v = unit_random(f->seed + 0x51ed27u, i); /* Box and Muller 1958; 1 - u is never 0 */
    return f->a + f->b * sqrt(-2 * log(1 - u)) * cos(2 * M_PI * v);
}

static void fill_floats(const struct fill *f, uint64_t first, uint64_t count, float *out)
{
    if (f->kind != FILL_UNIFORM) {
        for (uint64_t i = 0; i < count; i++)
            out[i] = (float)fill_value(f, first + i);
        return;
    }
    float a = (float)f->a, span = (float)(f->b - f->a);
    while (count > 0) { /* the common case, without calls: once, but for a piece over a multiple of 2^32 */
        uint64_t left = (1ull << 32) - (uint32_t)first, n = count < left ? count : left;
        uint32_t seed = f->seed + (uint32_t)(first >> 32) * 77u;
        for (uint64_t i = 0; i < n; i++)
            out[i] = a + span * ((float)(expr_hash(seed, (uint32_t)(first + i)) >> 8) * 0x1p-24f);
        first += n;
        count -= n;
        out += n;
    }
}

static void fill_block(const struct tensor *t, uint64_t first, unsigned char *block)
{
    float values[QUANTISE_BLOCK];
    fill_floats(&t->fill, first, QUANTISE_BLOCK, values);
    if (t->type == TYPE_Q8_0)
        quantise_q8_0(values, block);
    else
        quantise_q4_0(values, block);
}

static bool is_rounded(enum type t)
{
    return t == TYPE_F16 || t == TYPE_Q8_0 || t == TYPE_Q4_0;
}

bool plan_rounds(const struct plan *p)
{
    for (int i = 0; i < p->tensor_count; i++)
        if (is_rounded(p->tensors[i].type) && (p->tensors[i].role == ROLE_IN || p->tensors[i].role == ROLE_INOUT))
            return true;
    return false;
}

bool plan_input_unrounded(const struct plan *p, int tensor, uint64_t i, double *value)
{
    const struct tensor *t = &p->tensors[tensor];
    float f;
    if (!p->unrounded || !is_rounded(t->type))
        return false;
    fill_floats(&t->fill, i, 1, &f);
    *value = f;
    return true;
}

void tensor_fill(const struct tensor *t, uint64_t first, uint64_t count, void *out)
{
    unsigned char *block = out;
    if (t->type == TYPE_F32) {
        fill_floats(&t->fill, first, count, out);
    } else if (types[t->type].elements > 1) {
        for (uint64_t i = 0; i < count; i += 32, block += types[t->type].bytes)
            fill_block(t, first + i, block);
    } else {
        for (uint64_t i = 0; i < count; i++) {
            float f;
            if (t->fill.kind == FILL_INDICES && (t->type == TYPE_U32 || t->type == TYPE_I32)) {
                ((uint32_t *)out)[i] = fill_index(&t->fill, first + i);
                continue;
            }
            fill_floats(&t->fill, first + i, 1, &f);
            if (t->type == TYPE_F16)
                ((uint16_t *)out)[i] = half_from_float(f);
            else if (t->type == TYPE_I8)
                ((signed char *)out)[i] = (signed char)lrintf(f);
            else
                ((int32_t *)out)[i] = (int32_t)lrintf(f);
        }
    }
}

double plan_input(const struct plan *p, int tensor, uint64_t i)
{
    const struct tensor *t = &p->tensors[tensor];
    uint64_t per = types[t->type].elements;
    unsigned char raw[64];
    double unrounded;
    if (plan_input_unrounded(p, tensor, i, &unrounded))
        return unrounded;
    tensor_fill(t, i / per * per, per, raw);
    return type_get(t->type, raw, i % per);
}

int plan_add_tensor(struct plan *p, const char *name, enum type type, uint64_t rows, uint64_t cols, enum role role,
                    struct fill fill)
{
    p->tensors = need_more(p->tensors, sizeof *p->tensors * (size_t)(p->tensor_count + 1));
    struct tensor *t = &p->tensors[p->tensor_count];
    *t = (struct tensor){.type = type, .rows = rows, .cols = cols, .role = role, .fill = fill};
    t->fill.cols = cols;
    snprintf(t->name, sizeof t->name, "%s", name);
    return p->tensor_count++;
}

int plan_find_tensor(const struct plan *p, const char *name)
{
    for (int i = 0; i < p->tensor_count; i++)
        if (strcmp(p->tensors[i].name, name) == 0)
            return i;
    return -1;
}

struct step *plan_add_step(struct plan *p, const char *label)
{
    p->steps = need_more(p->steps, sizeof *p->steps * (size_t)(p->step_count + 1));
    struct step *s = &p->steps[p->step_count++];
    memset(s, 0, sizeof *s);
    s->label = need_string(label);
    s->groups[0] = s->groups[1] = s->groups[2] = 1;
    return s;
}

void step_bind(struct step *s, int tensor, enum bind_kind kind, enum texel_format format, bool reads, bool writes)
{
    struct step_binding *b = &s->bindings[s->binding_count];
    *b = (struct step_binding){.tensor = tensor, .reads = reads, .writes = writes, .passes_declared = NAN};
    b->slot = (struct program_binding){.set = 0, .binding = (uint32_t)s->binding_count, .kind = kind, .format = format};
    s->binding_count++;
}

/* Does an earlier binding of the step already count this tensor's read (or write)? */
static bool counted(const struct step *s, int i, bool write)
{
    for (int k = 0; k < i; k++)
        if (s->bindings[k].tensor == s->bindings[i].tensor &&
            (write ? s->bindings[k].writes : s->bindings[k].reads))
            return true;
    return false;
}

/* Distinct bytes that a binding can touch: all, or less where its header says that it issues less than one pass (a gather). */
static double touched_bytes(const struct plan *p, const struct step_binding *b)
{
    bool part = b->reads != b->writes && b->passes_declared < 1;
    return (double)binding_bytes(p, b) * (part ? b->passes_declared : 1);
}

void plan_finish(struct plan *p)
{
    for (int i = 0; i < p->step_count; i++) {
        struct step *s = &p->steps[i];
        s->cost.bytes_read = s->cost.bytes_written = s->cost.largest_buffer_bytes = 0;
        for (int k = 0; k < s->binding_count; k++) {
            const struct step_binding *b = &s->bindings[k];
            double bytes = touched_bytes(p, b);
            if (b->reads && !counted(s, k, false))
                s->cost.bytes_read += bytes;
            if (b->writes && !counted(s, k, true))
                s->cost.bytes_written += bytes;
            s->cost.largest_buffer_bytes = fmax(s->cost.largest_buffer_bytes, (double)binding_bytes(p, b));
        }
        if (s->cost.bytes_issued <= 0)
            s->cost.bytes_issued = s->cost.bytes_read + s->cost.bytes_written;
    }
}

uint64_t binding_limit(const struct device_info *info, enum texel_format format)
{
    return format == TEXEL_NONE ? info->max_binding_bytes : info->max_texel_elements * texel_format_bytes(format);
}

uint64_t part_alignment(const struct device_info *info)
{
    return info->copy_alignment > 16 ? info->copy_alignment : 16;
}

/* The most bytes that a tensor can have: what one allocation holds, or what one binding does of all or a part of it. */
static double most_of_tensor(const struct plan *p, const struct device_info *info, int tensor)
{
    double most = (double)info->max_buffer_bytes, all = (double)tensor_bytes(&p->tensors[tensor]);
    for (int i = 0; i < p->step_count; i++)
        for (int k = 0; k < p->steps[i].binding_count; k++) {
            const struct step_binding *b = &p->steps[i].bindings[k];
            if (b->tensor == tensor)
                most = fmin(most, (double)binding_limit(info, b->slot.format) * (all / (double)binding_bytes(p, b)));
        }
    return most;
}

/* The largest S for which no limit is in the way. Whole megabytes where the memory as a whole is the limit: what else
 * lies in it is not known. */
static double largest_size(const struct plan *p, const struct device_info *info, double total)
{
    double memory = p->tensor_bytes * (double)info->memory_bytes * MEMORY_SHARE / total, most = INFINITY;
    for (int i = 0; i < p->tensor_count; i++)
        most = fmin(most, most_of_tensor(p, info, i) * (p->tensor_bytes / (double)tensor_bytes(&p->tensors[i])));
    return floor(most <= memory ? most : memory >= 1e6 ? floor(memory / 1e6) * 1e6 : memory);
}

enum { ADVICE_TEXT = 128 };

/* What to do about it: chains are given a size, kernels a shape. */
static const char *smaller(const struct plan *p, double works, char out[ADVICE_TEXT])
{
    char most[UNITS_TEXT];
    if (p->counts_from && strcmp(p->counts_from, "header") == 0)
        snprintf(out, ADVICE_TEXT, "Choose a smaller shape: with tensors in these proportions S can be up to %s.",
                 units_format(most, UNIT_BYTES, works));
    else
        snprintf(out, ADVICE_TEXT, "The largest size that works is --tensor %.0fB.", works);
    return out;
}

/* `bytes`: of the tensor, or of the part of it that a step binds. */
static bool too_large(const struct plan *p, const struct tensor *t, uint64_t bytes, const struct device_info *info, double limit,
                      const char *of, double works, struct error *e)
{
    char asked[UNITS_TEXT], most[UNITS_TEXT], advice[ADVICE_TEXT];
    return error_set(e, EXIT_ENVIRONMENT, "%stensor %s of %s is %s, but %s on %s is %s (%.0f bytes). %s",
                     bytes < tensor_bytes(t) ? "a part of " : "", t->name, p->name ? p->name : "the plan",
                     units_format(asked, UNIT_BYTES, (double)bytes), of, info->name, units_format(most, UNIT_BYTES, limit), limit,
                     smaller(p, works, advice));
}

/* Features that a kernel can ask for, and where a device says that it has them. */
static const struct {
    const char *name;
    size_t at;
    const char *what;
} needs[] = {
    {"subgroup", offsetof(struct device_info, subgroup_arithmetic), "subgroup arithmetic"},
    {"shuffle", offsetof(struct device_info, subgroup_shuffle), "shuffles among eight invocations of a subgroup"},
    {"f16_storage", offsetof(struct device_info, f16_storage), "16-bit storage"},
    {"f16_arithmetic", offsetof(struct device_info, f16_arithmetic), "arithmetic in half precision"},
    {"i8_storage", offsetof(struct device_info, i8_storage), "8-bit storage"},
    {"i64", offsetof(struct device_info, i64), "64-bit integers"},
    {"f64", offsetof(struct device_info, f64), "double precision"},
    {"cooperative_matrix", offsetof(struct device_info, cooperative_matrix), "cooperative matrices"},
    {"buffer_address", offsetof(struct device_info, buffer_address), "addresses of buffers in shaders (buffer_reference)"},
};
enum { NEEDS = sizeof needs / sizeof *needs };

unsigned plan_need(const char *name)
{
    for (unsigned i = 0; i < NEEDS; i++)
        if (strcmp(needs[i].name, name) == 0)
            return 1u << i;
    return 0;
}

static bool has_needs(const struct step *s, const struct device_info *info, struct error *e)
{
    for (unsigned i = 0; i < NEEDS; i++)
        if (s->needs >> i & 1 && !*(const bool *)((const char *)info + needs[i].at))
            return error_set(e, EXIT_ENVIRONMENT, "%s needs %s, which %s does not have", s->label, needs[i].what, info->name);
    return true;
}

/* The first binding that is more than the device can make, or NULL. */
static const struct step_binding *too_wide(const struct plan *p, const struct device_info *info)
{
    for (int i = 0; i < p->step_count; i++)
        for (int k = 0; k < p->steps[i].binding_count; k++) {
            const struct step_binding *b = &p->steps[i].bindings[k];
            if (binding_bytes(p, b) > binding_limit(info, b->slot.format))
                return b;
        }
    return NULL;
}

/* Parts of tensors may begin at some addresses only. */
static bool parts_aligned(const struct plan *p, const struct device_info *info, struct error *e)
{
    uint64_t align = part_alignment(info);
    for (int i = 0; i < p->step_count; i++)
        for (int k = 0; k < p->steps[i].binding_count; k++) {
            const struct step_binding *b = &p->steps[i].bindings[k];
            if (b->offset % align)
                return error_set(e, EXIT_ENVIRONMENT,
                                 "%s is given a part of %s from byte %llu on, but on %s parts begin at multiples of %llu; "
                                 "choose another shape",
                                 p->steps[i].label, p->tensors[b->tensor].name, (unsigned long long)b->offset, info->name,
                                 (unsigned long long)align);
        }
    return true;
}

bool plan_fits(const struct plan *p, const struct device_info *info, struct error *e)
{
    for (int i = 0; i < p->step_count; i++)
        if (!has_needs(&p->steps[i], info, e))
            return false;
    if (!parts_aligned(p, info, e))
        return false;
    double total = 0, allocation = (double)info->max_buffer_bytes;
    for (int i = 0; i < p->tensor_count; i++)
        total += (double)tensor_bytes(&p->tensors[i]);
    double works = largest_size(p, info, total);
    const struct step_binding *wide = too_wide(p, info);
    if (wide)
        return too_large(p, &p->tensors[wide->tensor], binding_bytes(p, wide), info, (double)binding_limit(info, wide->slot.format),
                         wide->slot.format == TEXEL_NONE ? "the largest buffer binding" : "the largest texel buffer", works, e);
    for (int i = 0; i < p->tensor_count; i++) {
        const struct tensor *t = &p->tensors[i];
        if ((double)tensor_bytes(t) > allocation)
            return too_large(p, t, tensor_bytes(t), info, allocation, "the largest allocation", works, e);
    }
    if (total > (double)info->memory_bytes * MEMORY_SHARE) {
        char asked[UNITS_TEXT], heap[UNITS_TEXT], advice[ADVICE_TEXT];
        return error_set(e, EXIT_ENVIRONMENT, "%s needs %s in all, but %s has %s of memory. %s", p->name ? p->name : "the plan",
                         units_format(asked, UNIT_BYTES, total), info->name,
                         units_format(heap, UNIT_BYTES, (double)info->memory_bytes), smaller(p, works, advice));
    }
    return true;
}

double plan_bytes_compulsory(const struct plan *p)
{
    double sum = 0;
    for (int i = 0; i < p->step_count; i++)
        sum += p->steps[i].cost.bytes_read + p->steps[i].cost.bytes_written;
    return sum;
}

double plan_bytes_issued(const struct plan *p)
{
    double sum = 0;
    for (int i = 0; i < p->step_count; i++)
        sum += p->steps[i].cost.bytes_issued;
    return sum;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->step_count; i++) {
        free(p->steps[i].label);
        free(p->steps[i].path);
        text_free(&p->steps[i].glsl);
        text_free(&p->steps[i].c);
        free(p->steps[i].spirv);
    }
    if (p->reference_free)
        p->reference_free(p->reference_context);
    free(p->steps);
    free(p->tensors);
    free(p->grouping);
    free(p->name);
    free(p->variant);
    free(p);
}
