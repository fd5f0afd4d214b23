/* One group of operators as one GLSL kernel.
 *
 * The text is built from the top down: declarations, the operators' own bodies, loads and stores by type and
 * access, the reduction over a team, main. `V` is a vector of `width` floats along the row.
 *
 * Two shapes of main:
 *   flat   map operators only: each workgroup walks one contiguous piece of the tensor;
 *   rows   with row operators: a workgroup (the team) takes rows one after the other. The row waits in
 *          registers between the statistics where a lane's share is small, else it is walked again for each.
 *
 * A software device runs one subgroup as one vector loop on one core: there a team is one subgroup (no
 * barriers, no shared memory), workgroups are few and fat, and rows are walked again, which costs the first
 * cache and not the bus (measured on lavapipe at 64 MB: layernorm 14.6 ms walked, 14.2 ms in registers, and a
 * tenth of the compile time for the fused chain). On hardware a team is up to 256 invocations. */
#include "harness/kernel/chain_glsl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/chain_glsl_parts.h"
#include "harness/kernel/chain_text.h"

#define HARDWARE_TEAM 256
/* Vectors of a row that one lane keeps in registers: 8 x vec4 = 32 registers leave room for occupancy. */
#define REGISTER_VECTORS 8
/* Workgroups on a software device: each is one task of a thread pool that deals them out in order, so there
 * must be several per core to balance, and no more, since an empty one costs 0.1-0.4 us. */
#define SOFTWARE_GROUPS 128
/* Vectors per invocation of the flat kernel on hardware: enough independent loads in flight. */
#define HARDWARE_VECTORS 4
/* Bytes of the window on which ABLATE_WINDOW works. On a software device each workgroup has its own, half of a small
 * first cache (one window for all would be written by several cores at once: 137 instead of 80 ms, measured for the
 * light chain on lavapipe). On hardware one window serves all; it lies in the second cache, which all share. */
#define SOFTWARE_WINDOW_BYTES 16384
#define HARDWARE_WINDOW_BYTES 1048576

enum access chain_best_access(const struct device_info *device)
{
    return device_is_software(device) ? ACCESS_TEXEL : ACCESS_VEC4;
}

uint32_t chain_places(const struct device_info *device)
{
    return device_is_software(device) ? 4 : 1;
}

const char *glsl_vector(int width)
{
    static const char *const names[] = {"", "float", "vec2", "", "vec4"};
    return names[width];
}

static const char *const components[] = {".x", ".y", ".z", ".w"};

const char *glsl_component(const struct glsl *s, int i)
{
    return s->width == 1 ? "" : components[i];
}

/* ---- choosing ---- */

static void choose_shape(struct glsl *s)
{
    const struct chain_group *g = s->g;
    bool by_row = s->row_operators > 0 || chain_has_column_tensor(g);
    int wanted = g->access == ACCESS_F32 ? 1 : g->access == ACCESS_VEC2 ? 2 : 4;
    uint64_t whole = by_row ? g->cols : g->rows * g->cols;
    s->width = whole % (uint64_t)wanted == 0 ? wanted : 1;
    s->row_vectors = g->cols / (uint64_t)s->width;
    s->team = g->workgroup ? (uint32_t)g->workgroup
              : device_is_software(s->device) ? s->device->subgroup_size : HARDWARE_TEAM;
    if (s->team > s->device->max_invocations)
        s->team = s->device->max_invocations;
    /* A short row wants a small team: idle lanes would cost as much as busy ones. */
    while (s->row_operators && !g->workgroup && s->team / 2 >= s->row_vectors && s->team / 2 >= s->device->subgroup_size)
        s->team /= 2;
    s->register_vectors = (int)((s->row_vectors + s->team - 1) / s->team);
    s->registers = s->row_operators && s->register_vectors <= REGISTER_VECTORS;
}

static int count_walks(const struct chain_group *g, int *row_operators)
{
    int walks = 1;
    *row_operators = 0;
    for (int i = 0; i < g->count; i++) {
        walks += g->items[i].op->stat_count;
        *row_operators += g->items[i].op->is_row;
    }
    return walks;
}

/* ---- declarations ---- */

static bool is_texel(const struct glsl *s)
{
    return s->g->access == ACCESS_TEXEL;
}

/* How a tensor's vector is stored in a storage buffer: f16 vectors as packed words, so that no 16-bit
 * storage feature is needed; single halves need it. */
static const char *stored_type(const struct glsl *s, enum type type)
{
    if (type == TYPE_F32)
        return glsl_vector(s->width);
    return s->width == 4 ? "uvec2" : s->width == 2 ? "uint" : "float16_t";
}

static void declare_input(struct glsl *s, int binding, const char *name, enum type type)
{
    if (is_texel(s)) {
        text_add(s->t, "layout(binding = %d) uniform samplerBuffer %s;\n", binding, name);
        if (s->width == 1)
            text_add(s->t, "float load_%s(uint i) { return texelFetch(%s, int(i)).x; }\n", name, name);
        else
            text_add(s->t, "vec4 load_%s(uint i) { return texelFetch(%s, int(i)); }\n", name, name);
        return;
    }
    text_add(s->t, "layout(std430, binding = %d) readonly restrict buffer Buffer%d { %s %s[]; };\n", binding, binding,
             stored_type(s, type), name);
    text_add(s->t, "%s load_%s(uint i) { return ", glsl_vector(s->width), name);
    if (type == TYPE_F32)
        text_add(s->t, "%s[i]; }\n", name);
    else if (s->width == 4)
        text_add(s->t, "vec4(unpackHalf2x16(%s[i].x), unpackHalf2x16(%s[i].y)); }\n", name, name);
    else
        text_add(s->t, s->width == 2 ? "unpackHalf2x16(%s[i]); }\n" : "float(%s[i]); }\n", name);
}

static void declare_output(struct glsl *s, int binding)
{
    enum type type = s->g->out;
    text_add(s->t, "layout(std430, binding = %d) writeonly restrict buffer Buffer%d { %s y[]; };\n", binding, binding,
             stored_type(s, type));
    text_add(s->t, "void store(uint i, %s v) { y[i] = ", glsl_vector(s->width));
    if (type == TYPE_F32)
        text_add(s->t, "v; }\n");
    else if (s->width == 4)
        text_add(s->t, "uvec2(packHalf2x16(v.xy), packHalf2x16(v.zw)); }\n");
    else
        text_add(s->t, s->width == 2 ? "packHalf2x16(v); }\n" : "float16_t(v); }\n");
}

static void declare_buffers(struct glsl *s)
{
    int binding = 0;
    declare_input(s, binding++, "x", s->g->in);
    declare_output(s, binding++);
    for (int i = 0; i < s->g->count; i++)
        for (int k = 0; k < s->g->items[i].op->tensor_count; k++) {
            char name[32];
            snprintf(name, sizeof name, "p%d_%d", i, k);
            declare_input(s, binding++, name, TYPE_F32);
        }
}

static void declare_head(struct glsl *s)
{
    bool halves = !is_texel(s) && s->width == 1 && (s->g->in == TYPE_F16 || s->g->out == TYPE_F16);
    text_add(s->t, "#version 450\n");
    if (s->row_operators && s->device->subgroup_arithmetic)
        text_add(s->t, "#extension GL_KHR_shader_subgroup_basic : require\n"
                       "#extension GL_KHR_shader_subgroup_arithmetic : require\n");
    if (s->registers)
        text_add(s->t, "#extension GL_EXT_control_flow_attributes : require\n");
    if (halves || (s->width == 1 && s->g->out == TYPE_F16))
        text_add(s->t, "#extension GL_EXT_shader_16bit_storage : require\n");
    text_add(s->t, "layout(local_size_x = %u) in;\n", s->team);
    text_add(s->t, "layout(push_constant) uniform Shape { uint rows; uint per; float length; };  // per: of a workgroup\n");
    text_add(s->t, "const uint COLS = %lluu;\n\n", (unsigned long long)s->g->cols);
}

/* ---- operators ---- */

void glsl_apply(struct glsl *s, int i, const char *indent)
{
    const struct chain_item *item = &s->g->items[i];
    const struct operator *o = item->op;
    const char *vector = glsl_vector(s->width);
    for (int t = 0; t < o->tensor_count; t++)
        text_add(s->t, "%s%s a%d_%d = load_p%d_%d(%s);\n", indent, vector, i, t, i, t, o->tensors[t].per_element ? "at" : "c");
    if (s->g->ablation == ABLATE_COPY) { /* what was loaded must be used, by as little as possible */
        for (int t = 0; t < o->tensor_count; t++)
            text_add(s->t, "%sv += a%d_%d;\n", indent, i, t);
        return;
    }
    text_add(s->t, "%sv = %s(", indent, vector);
    for (int k = 0; k < s->width; k++) {
        text_add(s->t, "%sop_%s(v%s", k ? ", " : "", o->name, glsl_component(s, k));
        chain_add_stats(i, o->stat_count, "", s->t);
        chain_add_params(item, s->t);
        for (int t = 0; t < o->tensor_count; t++)
            text_add(s->t, ", a%d_%d%s", i, t, glsl_component(s, k));
        if (o->uses_index)
            text_add(s->t, ", i * %du + %du", s->width, k);
        text_add(s->t, ")");
    }
    text_add(s->t, ");\n");
}

/* ---- main, flat ---- */

uint64_t glsl_window_bytes(const struct glsl *s)
{
    return device_is_software(s->device) ? SOFTWARE_WINDOW_BYTES : HARDWARE_WINDOW_BYTES;
}

void glsl_window_line(struct glsl *s, const char *indent, const char *name, const char *i, uint64_t window)
{
    text_add(s->t, "%suint %s = ", indent, name);
    if (s->g->ablation != ABLATE_WINDOW)
        text_add(s->t, "%s;\n", i);
    else if (device_is_software(s->device))
        text_add(s->t, "begin + (%s - begin) %% %lluu;  // stays in the first cache\n", i, (unsigned long long)window);
    else
        text_add(s->t, "%s %% %lluu;  // stays in the cache\n", i, (unsigned long long)window);
}

/* One function does what is to be done at one place; main calls it for several places in each turn. */
static void main_flat(struct glsl *s)
{
    uint32_t places = chain_places(s->device);
    text_add(s->t, "\nvoid element(uint begin, uint i)\n{\n");
    glsl_window_line(s, "    ", "at", "i", glsl_window_bytes(s) / 4 / (uint64_t)s->width);
    if (chain_has_column_tensor(s->g))
        text_add(s->t, "    uint c = i %% %lluu;\n", (unsigned long long)s->row_vectors);
    text_add(s->t, "    %s v = load_x(at);\n", glsl_vector(s->width));
    for (int i = 0; i < s->g->count; i++)
        glsl_apply(s, i, "    ");
    text_add(s->t,
             "    store(at, v);\n}\n\nvoid main()\n{\n"
             "    uint n = rows * COLS / %du, part = per / %uu;\n"
             "    uint begin = gl_WorkGroupID.x * per, end = min(n, begin + per);\n"
             "    for (uint i = begin + gl_LocalInvocationID.x; i < begin + part; i += gl_WorkGroupSize.x) {\n",
             s->width, places);
    for (uint32_t p = 0; p < places; p++)
        text_add(s->t, "        if (i + %uu * part < end)\n            element(begin, i + %uu * part);\n", p, p);
    text_add(s->t, "    }\n}\n");
}

/* ---- the step ---- */

/* How often operator i runs per element: once, and again in every later walk where the row is walked again. */
static int runs(const struct glsl *s, int i)
{
    int n = 1;
    for (int k = i + 1; k < s->g->count && !s->registers; k++)
        n += s->g->items[k].op->stat_count;
    return n;
}

static void fill_cost(struct glsl *s, struct step *step)
{
    double elements = (double)s->g->rows * (double)s->g->cols;
    double issued = type_bytes(s->g->in, 1) * (double)(s->registers ? 1 : s->walks) + type_bytes(s->g->out, 1);
    memset(step->cost.ops, 0, sizeof step->cost.ops);
    for (int i = 0; i < s->g->count; i++) {
        const struct operator *o = s->g->items[i].op;
        issued += 4.0 * o->tensor_count * runs(s, i);
        for (int op = 0; op < OP_COUNT; op++)
            step->cost.ops[op] += o->ops[op] * elements * runs(s, i);
    }
    step->cost.bytes_issued = issued * elements;
}

/* Units that one workgroup may take where the driver ends long loops: with room for the loops that counting adds. `whole`:
 * units of a flat kernel's turns through all its places. */
static uint64_t most_per_group(const struct glsl *s, uint64_t per, uint64_t whole)
{
    uint64_t walk = s->registers ? (uint64_t)s->register_vectors : (s->row_vectors + s->team - 1) / s->team;
    uint64_t passes = s->row_operators ? 1 + (uint64_t)s->walks * (walk + 1) : 1; /* a row's, or a turn's of the workgroup */
    uint64_t most = s->device->loop_passes / 6 / passes * (s->row_operators ? 1 : s->team) / whole * whole;
    return !s->device->loop_passes || per < most ? per : most ? most : whole;
}

static void fill_launch(struct glsl *s, struct step *step)
{
    const struct device_info *d = s->device;
    uint64_t units = s->row_operators ? s->g->rows : (s->g->rows * s->g->cols) / (uint64_t)s->width;
    uint64_t least = s->row_operators ? 1 : (uint64_t)s->team * HARDWARE_VECTORS;
    uint64_t most_groups = device_is_software(d) ? SOFTWARE_GROUPS : d->max_groups[0] < 65535 ? d->max_groups[0] : 65535;
    uint64_t per = (units + most_groups - 1) / most_groups;
    if (per < least)
        per = least;
    /* Whole turns of the workgroup, so that all but the last group run full. */
    uint64_t whole = s->row_operators ? 1 : (uint64_t)s->team * chain_places(d);
    per = most_per_group(s, (per + whole - 1) / whole * whole, whole);
    step->groups[0] = (uint32_t)((units + per - 1) / per);
    step->push[0] = (uint32_t)s->g->rows;
    step->push[1] = (uint32_t)per;
    /* The row's length as a constant would let the optimiser of SPIR-V merge the mean's division by it into every difference
     * from the mean: eight operations per element of layernorm instead of six. */
    float length = (float)s->g->cols;
    memcpy(&step->push[2], &length, 4);
    step->push_count = 3;
}

static enum texel_format texel_format(const struct glsl *s, enum type type)
{
    if (s->width == 4)
        return type == TYPE_F16 ? TEXEL_RGBA16F : TEXEL_RGBA32F;
    return type == TYPE_F16 ? TEXEL_R16F : TEXEL_R32F;
}

static void bind_all(struct glsl *s, struct step *step, int in, int out, const int *parameters)
{
    enum bind_kind kind = is_texel(s) ? BIND_TEXEL_READ : BIND_STORAGE;
    step_bind(step, in, kind, is_texel(s) ? texel_format(s, s->g->in) : TEXEL_NONE, true, false);
    step_bind(step, out, BIND_STORAGE, TEXEL_NONE, false, true);
    int n = 0;
    for (int i = 0; i < s->g->count; i++)
        for (int t = 0; t < s->g->items[i].op->tensor_count; t++)
            step_bind(step, parameters[n++], kind, is_texel(s) ? texel_format(s, TYPE_F32) : TEXEL_NONE, true, false);
}

static bool possible(const struct glsl *s, struct error *e)
{
    const struct chain_group *g = s->g;
    bool half = g->in == TYPE_F16 || g->out == TYPE_F16;
    if (half && s->width == 1 && !s->device->f16_storage)
        return error_set(e, EXIT_ENVIRONMENT,
                         "%s cannot store single 16-bit floats: use a number of columns that is a multiple of 4",
                         s->device->name);
    return true;
}

bool chain_group_step(const struct chain_group *g, struct step *step, int in, int out, const int *parameters,
                      const struct device_info *device, struct error *e)
{
    struct chain_group mine = *g;
    struct glsl s = {.g = &mine, .device = device, .t = &step->glsl};
    s.walks = count_walks(g, &s.row_operators);
    choose_shape(&s);
    if (mine.access == ACCESS_TEXEL && s.width == 1 && device->max_texel_elements < g->rows * g->cols)
        mine.access = ACCESS_F32; /* single floats are many texels */
    if (mine.access == ACCESS_TEXEL && device->max_texel_elements * (uint64_t)s.width < g->rows * g->cols)
        mine.access = ACCESS_VEC4;
    if (!possible(&s, e))
        return false;
    declare_head(&s);
    declare_buffers(&s);
    chain_declare_operators(s.g, s.t);
    if (s.row_operators)
        glsl_main_rows(&s);
    else
        main_flat(&s);
    fill_cost(&s, step);
    fill_launch(&s, step);
    bind_all(&s, step, in, out, parameters);
    return true;
}
