#include "harness/measure/probe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/chain_glsl.h"
#include "harness/kernel/shader.h"
#include "harness/measure/probe_c.h"

/* Dispatches in the row of empty ones. */
#define LAUNCHES 32
/* Steps of a compute probe's inner loop; unrolled by hand in the text, so that the loop's own cost stays
 * below a few percent. */
#define COMPUTE_UNROLL 8

/* ---- bandwidth ---- */

static const struct mix_facts {
    int buffers;          /* of the footprint, equally large */
    const char *body;     /* %s is the load's name pattern, see below */
} mixes[MIX_COUNT] = {
    [MIX_READ] = {1, NULL}, /* four streams of its own, see walk_reads */
    [MIX_WRITE] = {1, "store(i, V(float(i + turn)));"},
    [MIX_COPY] = {2, "store(i, load0(i));"},
    [MIX_TRIAD] = {3, "store(i, load0(i) + 3.0 * load1(i));"},
};

static int width_of(enum access a)
{
    return a == ACCESS_F32 ? 1 : a == ACCESS_VEC2 ? 2 : 4;
}

static const char *vector_of(enum access a)
{
    return a == ACCESS_F32 ? "float" : a == ACCESS_VEC2 ? "vec2" : "vec4";
}

static uint64_t buffer_bytes(const struct ceiling *c)
{
    uint64_t bytes = (uint64_t)(c->footprint_bytes / mixes[c->mix].buffers), grain = c->via == VIA_NATIVE ? PROBE_C_GRAIN : 16;
    return bytes / grain * grain;
}

bool probe_fits(const struct device_info *d, enum mix mix, enum access access, double footprint)
{
    double bytes = footprint / mixes[mix].buffers;
    bool host = access == ACCESS_PLAIN || access == ACCESS_STREAM;
    if ((access != ACCESS_NONE && host != (d->language == LANGUAGE_C)) || (access == ACCESS_STREAM && mix == MIX_READ))
        return false;
    if (access == ACCESS_TEXEL && (bytes / 16 > (double)d->max_texel_elements || mix == MIX_WRITE))
        return false; /* texel buffers are read; what is written goes to a storage buffer */
    return bytes <= (double)d->max_binding_bytes && bytes <= (double)d->max_buffer_bytes &&
           footprint * 1.5 <= (double)d->memory_bytes;
}

/* Reads alone are at their best in many streams at once: see PROBE_READ_PLACES. */
static void walk_reads(struct text *t)
{
    text_add(t, "    {\n        uint part = (end - begin) / %du / gl_WorkGroupSize.x * gl_WorkGroupSize.x;\n", PROBE_READ_PLACES);
    for (int p = 1; p < PROBE_READ_PLACES; p++)
        text_add(t, "        V sum%d = V(0.0);\n", p);
    text_add(t, "        for (uint i = begin + gl_LocalInvocationID.x; i < begin + part; i += gl_WorkGroupSize.x) {\n"
                "            acc += load0(i);\n");
    for (int p = 1; p < PROBE_READ_PLACES; p++)
        text_add(t, "            sum%d += load0(i + %du * part);\n", p, p);
    text_add(t, "        }\n");
    for (int p = 1; p < PROBE_READ_PLACES; p++)
        text_add(t, "        acc += sum%d;\n", p);
    text_add(t, "        for (uint i = begin + %du * part + gl_LocalInvocationID.x; i < end; i += gl_WorkGroupSize.x)\n"
                "            acc += load0(i);\n    }\n", PROBE_READ_PLACES);
}

/* The flat walk of the chain generator, see chain_places. */
static void walk_flat(int places, struct text *t)
{
    text_add(t, "    {\n        uint part = per / %du;\n"
                "        for (uint i = begin + gl_LocalInvocationID.x; i < begin + part; i += gl_WorkGroupSize.x) {\n", places);
    for (int p = 0; p < places; p++)
        text_add(t, "            if (i + %du * part < end)\n                element(i + %du * part, turn);\n", p, p);
    text_add(t, "        }\n    }\n");
}

/* The flat walk, gone over `turns` times. A walk that is made once has no loop around it: on
 * lavapipe that loop alone is 4 % of a vec4 copy. */
static void bandwidth_glsl(const struct ceiling *c, bool repeated, struct text *t)
{
    int inputs = c->mix == MIX_WRITE ? 0 : c->mix == MIX_TRIAD ? 2 : 1;
    bool writes = c->mix != MIX_READ;
    const char *v = vector_of(c->access);
    text_add(t, "#version 450\n#define V %s\nlayout(local_size_x = %d) in;\n", v, c->workgroup);
    text_add(t, "layout(push_constant) uniform Shape { uint n; uint per; uint turns; };\n");
    text_add(t, "layout(std430, binding = 0) writeonly restrict buffer Out { V y[]; };\n");
    text_add(t, "void store(uint i, V v) { y[i] = v; }\n");
    for (int k = 0; k < inputs; k++) {
        if (c->access == ACCESS_TEXEL)
            text_add(t, "layout(binding = %d) uniform samplerBuffer x%d;\nvec4 load%d(uint i) { return texelFetch(x%d, int(i)); }\n",
                     k + 1, k, k, k);
        else
            text_add(t, "layout(std430, binding = %d) readonly restrict buffer In%d { V x%d[]; };\nV load%d(uint i) { return x%d[i]; }\n",
                     k + 1, k, k, k, k);
    }
    if (writes)
        text_add(t, "void element(uint i, uint turn) { %s }\n", mixes[c->mix].body);
    text_add(t,
             "void main()\n{\n"
             "    uint begin = gl_WorkGroupID.x * per, end = min(n, begin + per);\n"
             "    V acc = V(0.0);\n"
             "    %s\n", repeated ? "for (uint turn = 0u; turn < turns; turn++)" : "const uint turn = 0u;");
    if (writes)
        walk_flat(c->places, t);
    else
        walk_reads(t);
    /* One store per invocation keeps the reads alive: nothing beside the reads where per is large. */
    if (!writes)
        text_add(t, "    store(gl_GlobalInvocationID.x, acc);\n");
    text_add(t, "}\n");
}

static void bind_probe_buffer(struct plan *p, struct step *s, const char *name, uint64_t bytes, bool input, enum access access,
                              uint32_t seed)
{
    struct fill fill = {.a = -3, .b = 3, .seed = seed};
    int t = plan_add_tensor(p, name, TYPE_F32, 1, bytes / 4, input ? ROLE_IN : ROLE_TEMP, fill);
    bool texel = input && access == ACCESS_TEXEL;
    step_bind(s, t, texel ? BIND_TEXEL_READ : BIND_STORAGE, texel ? TEXEL_RGBA32F : TEXEL_NONE, input, !input);
}

/* Workgroups and vectors of each, as the chain generator deals them out. */
static void deal(const struct device_info *d, struct step *s, uint64_t vectors, uint32_t workgroup, uint32_t places)
{
    uint64_t most = device_is_software(d) ? 128 : d->max_groups[0] < 65535 ? d->max_groups[0] : 65535;
    uint64_t per = (vectors + most - 1) / most, least = workgroup * 4ull;
    if (per < least)
        per = least;
    uint64_t whole = (uint64_t)workgroup * places;
    per = (per + whole - 1) / whole * whole;
    s->groups[0] = (uint32_t)((vectors + per - 1) / per);
    s->push[0] = (uint32_t)vectors;
    s->push[1] = (uint32_t)per;
    s->push[2] = 1;
    s->push_count = 3;
}

/* On the host a "workgroup" is the number of threads at work. */
static void deal_native(struct step *s, uint64_t floats, uint32_t workers)
{
    s->language = LANGUAGE_C;
    s->push[0] = (uint32_t)floats;
    s->push[2] = 1;
    s->push[3] = workers;
    s->push_count = 4;
}

static struct plan *bandwidth_plan(struct probe *q, const struct device_info *d, struct error *e)
{
    struct plan *p = need(sizeof *p);
    uint64_t bytes = buffer_bytes(&q->ceiling);
    bool native = q->ceiling.via == VIA_NATIVE;
    struct step *s = plan_add_step(p, q->label);
    int inputs = q->ceiling.mix == MIX_WRITE ? 0 : q->ceiling.mix == MIX_TRIAD ? 2 : 1;
    uint64_t lanes = (uint64_t)q->ceiling.workgroup * PROBE_C_GRAIN;
    if (native) {
        deal_native(s, bytes / 4, (uint32_t)q->ceiling.workgroup);
    } else {
        deal(d, s, bytes / 4 / (uint64_t)width_of(q->ceiling.access), (uint32_t)q->ceiling.workgroup,
             q->ceiling.mix == MIX_READ || q->ceiling.places < 1 ? 1 : (uint32_t)q->ceiling.places);
        lanes = (uint64_t)s->groups[0] * (uint64_t)q->ceiling.workgroup * 4ull * (uint64_t)width_of(q->ceiling.access);
    }
    bind_probe_buffer(p, s, "probe-out", q->ceiling.mix == MIX_READ ? lanes : bytes, false, q->ceiling.access, 0);
    for (int k = 0; k < inputs; k++)
        bind_probe_buffer(p, s, k ? "probe-in1" : "probe-in0", bytes, true, q->ceiling.access, 101u + (uint32_t)k);
    if (native && !probe_bandwidth_c(&q->ceiling, &s->c, e)) {
        plan_free(p);
        return NULL;
    }
    if (!native)
        bandwidth_glsl(&q->ceiling, true, &s->glsl);
    q->ceiling.footprint_bytes = (double)bytes * mixes[q->ceiling.mix].buffers;
    q->work = q->ceiling.footprint_bytes;
    s->cost.bytes_read = (double)bytes * inputs;
    s->cost.bytes_written = q->ceiling.mix == MIX_READ ? 0 : (double)bytes;
    return p;
}

/* ---- commands ---- */

static bool command_dispatch(struct probe *q, struct pool *pool, struct dispatch *d, struct error *e)
{
    uint64_t bytes = buffer_bytes(&q->ceiling);
    bool copy = q->ceiling.mix == MIX_COPY;
    struct tensor to = {.name = "probe-out", .type = TYPE_F32, .rows = 1, .cols = bytes / 4, .role = ROLE_TEMP};
    struct tensor from = {.name = "probe-in0", .type = TYPE_F32, .rows = 1, .cols = bytes / 4, .role = ROLE_IN,
                          .fill = {.a = -3, .b = 3, .seed = 101}};
    struct buffer *out = pool_tensor(pool, &to, e), *in = out && copy ? pool_tensor(pool, &from, e) : out;
    if (!out || !in)
        return false;
    *d = (struct dispatch){.kind = copy ? DISPATCH_COPY : DISPATCH_FILL, .view_count = copy ? 2 : 1, .fill = 0x3fc00000u};
    d->views[0] = (struct buffer_view){in, 0, bytes};
    d->views[1] = (struct buffer_view){out, 0, bytes};
    q->ceiling.footprint_bytes = q->work = (double)bytes * (copy ? 2 : 1);
    d->cost.bytes_read = copy ? (double)bytes : 0;
    d->cost.bytes_written = (double)bytes;
    return true;
}

/* ---- arithmetic ---- */

/* x is a register of the probe's type, b and c are constants of the push block, so that nothing folds. The
 * series stay finite: contracting maps, or bit patterns. `ops`: how many of the named operation a line is
 * (flops for fma and mul+add). A companion that keeps a series alive is not counted. */
static const struct compute_facts {
    const char *op, *line, *line_b;
    double ops;
    bool integer;
} computes[] = {
    {"fma", "x = x * b + c;", NULL, 2, false},
    {"mul+add", "x = x * b;", "x = x + c;", 1, false},
    {"div", "x = c / x;", NULL, 1, false},
    {"exp", "x = exp(-x);", NULL, 1, false},
    {"log", "x = log(x + c);", NULL, 1, false},
    {"tanh", "x = tanh(x + c);", NULL, 1, false},
    {"rsqrt", "x = inversesqrt(x + c);", NULL, 1, false},
    {"int_mul", "x = (x * k) ^ r;", NULL, 1, true},
    {"int_xor", "x = x ^ k;", "x = x + r;", 1, true},
};

static const struct compute_facts *compute_find(const char *op)
{
    for (size_t i = 0; i < sizeof computes / sizeof *computes; i++)
        if (strcmp(computes[i].op, op) == 0)
            return &computes[i];
    return NULL;
}

/* Replaces the word x in a line by the chain's register. */
static void add_line(struct text *t, const char *line, int chain)
{
    text_add(t, "        ");
    for (const char *p = line; *p; p++) {
        bool word = *p == 'x' && (p == line || !strchr("eabcdfghijklmnopqrstuvwyz", p[-1])) && !(p[1] >= 'a' && p[1] <= 'z');
        if (word)
            text_add(t, "x%d", chain);
        else
            text_bytes(t, p, 1);
    }
    text_add(t, "\n");
}

static void compute_glsl(const struct ceiling *c, const struct compute_facts *f, struct text *t)
{
    static const char *const floats[] = {"", "float", "vec2", "vec3", "vec4"};
    static const char *const ints[] = {"", "uint", "uvec2", "uvec3", "uvec4"};
    const char *v = f->integer ? ints[c->width] : floats[c->width];
    text_add(t, "#version 450\nlayout(local_size_x = %d) in;\n", c->workgroup);
    text_add(t, "layout(push_constant) uniform Constants { uint turns; float b; float c; uint k; uint r; };\n");
    text_add(t, "layout(std430, binding = 0) writeonly buffer Out { %s y[]; };\n", f->integer ? "uint" : "float");
    text_add(t, "void main()\n{\n    uint id = gl_GlobalInvocationID.x;\n");
    for (int i = 0; i < c->chains; i++)
        text_add(t, "    %s x%d = %s(%s(id %% 1000u)%s);\n", v, i, v, f->integer ? "uint" : "float",
                 f->integer ? " + 12345u" : " * 0.0005 + 0.5");
    text_add(t, "    for (uint turn = 0u; turn < turns; turn++) {\n");
    for (int u = 0; u < COMPUTE_UNROLL; u++)
        for (int pass = 0; pass < (f->line_b ? 2 : 1); pass++)
            for (int i = 0; i < c->chains; i++)
                add_line(t, pass ? f->line_b : f->line, i);
    text_add(t, "    }\n    %s sum = x0;\n", v);
    for (int i = 1; i < c->chains; i++)
        text_add(t, "    sum += x%d;\n", i);
    text_add(t, "    y[id] = sum%s;\n}\n", c->width == 1 ? "" : ".x + sum.y");
}

static struct plan *compute_plan(struct probe *q, const struct device_info *d, struct error *e)
{
    const struct compute_facts *f = compute_find(q->ceiling.op);
    if (!f) {
        error_set(e, EXIT_USAGE, "no ceiling is known for the operation '%s'", q->ceiling.op);
        return NULL;
    }
    struct plan *p = need(sizeof *p);
    struct step *s = plan_add_step(p, q->label);
    /* Enough workgroups for the largest GPU; on a software device a few per core. */
    s->language = d->language;
    s->groups[0] = d->language == LANGUAGE_C ? 1 : device_is_software(d) ? 64 : 4096;
    uint64_t lanes = (uint64_t)s->groups[0] * (uint64_t)q->ceiling.workgroup;
    bind_probe_buffer(p, s, f->integer ? "probe-int" : "probe-flop", lanes * 4, false, ACCESS_F32, 0);
    float b = 0.999f, c = 0.5f;
    s->push[0] = 1;
    memcpy(&s->push[1], &b, 4);
    memcpy(&s->push[2], &c, 4);
    s->push[3] = 0x2c1b3c6du;
    s->push[4] = 0x297a2d39u;
    s->push_count = 5;
    if (d->language == LANGUAGE_C) {
        s->push[s->push_count++] = (uint32_t)q->ceiling.workgroup;
        if (!probe_compute_c(&q->ceiling, f->line, f->line_b, COMPUTE_UNROLL, &s->c, e)) {
            plan_free(p);
            return NULL;
        }
    } else {
        compute_glsl(&q->ceiling, f, &s->glsl);
    }
    double lines = (double)lanes * q->ceiling.width * q->ceiling.chains * COMPUTE_UNROLL * (f->line_b ? 2 : 1);
    q->work = lines * f->ops;
    enum op op = op_find(q->ceiling.op);
    s->cost.ops[op == OP_COUNT ? OP_ADD : op] = op == OP_FMA ? lines : q->work;
    return p;
}

/* ---- all kinds ---- */

static void label_probe(struct probe *q)
{
    const struct ceiling *c = &q->ceiling;
    if (c->kind == CEILING_LAUNCH)
        snprintf(q->label, sizeof q->label, "empty dispatches");
    else if (c->kind == CEILING_COMPUTE)
        snprintf(q->label, sizeof q->label, "%s %s x%d, %d chains", c->type, c->op, c->width, c->chains);
    else
        snprintf(q->label, sizeof q->label, "%s %s %s, %.0f bytes", mix_name(c->mix), via_name(c->via),
                 c->access == ACCESS_NONE ? "" : access_name(c->access), c->footprint_bytes);
}

static struct sequence *step_sequence(struct pool *pool, const struct plan *p, const struct step *s, int count,
                                      struct error *e)
{
    struct dispatch *list = need(sizeof *list * (size_t)count), *d = &list[0];
    *d = (struct dispatch){.kind = DISPATCH_PROGRAM, .program = pool_program(pool, s, NULL, e), .cost = s->cost};
    memcpy(d->groups, s->groups, sizeof d->groups);
    memcpy(d->push, s->push, sizeof d->push);
    d->view_count = s->binding_count;
    bool ok = d->program != NULL;
    for (int k = 0; k < s->binding_count && ok; k++) {
        const struct tensor *t = &p->tensors[s->bindings[k].tensor];
        d->views[k] = (struct buffer_view){pool_tensor(pool, t, e), 0, tensor_bytes(t)};
        ok = d->views[k].buffer != NULL;
    }
    for (int i = 1; i < count; i++)
        list[i] = list[0];
    struct sequence *q = ok ? device_sequence(pool_device(pool), list, count, false, e) : NULL;
    free(list);
    return q;
}

/* How often an invocation may go over its part before the driver ends its loops (device_info.loop_passes). */
static double most_turns(const struct probe *q, const struct device_info *d, const struct step *s)
{
    bool walks = q->ceiling.kind == CEILING_BANDWIDTH;
    double passes = walks ? ceil((double)s->push[1] / q->ceiling.workgroup) + 2 : 1;
    return d->loop_passes ? fmax(1, floor(0.9 * d->loop_passes / passes)) : 1e8;
}

/* Grows the repetitions until a run takes run_s. The first run is not looked at: a driver may compile in it. */
static bool open_repeated(struct probe *q, struct pool *pool, struct plan *p, int turns_at, double run_s, struct error *e)
{
    struct device *d = pool_device(pool);
    struct step *s = &p->steps[0];
    struct cost once = s->cost;
    double work = q->work, most = most_turns(q, &d->info, s);
    q->repeat = 1;
    for (int attempt = 0; attempt < 6; attempt++) {
        struct timing t;
        s->push[turns_at] = (uint32_t)q->repeat;
        s->cost = once;
        s->cost.bytes_read *= q->repeat;
        s->cost.bytes_written *= q->repeat;
        for (int i = 0; i < OP_COUNT; i++)
            s->cost.ops[i] *= q->repeat;
        q->sequence = step_sequence(pool, p, s, 1, e);
        if (!q->sequence || (attempt == 0 && !device_run(d, q->sequence, &t, e)) || !device_run(d, q->sequence, &t, e))
            return false;
        double factor = run_s * 1e9 / fmax(t.total_ns, 100);
        q->work = work * q->repeat;
        if (factor < 1.5 || q->repeat >= most)
            return true;
        q->repeat = fmin(most, ceil(q->repeat * fmin(factor, 200)));
        device_sequence_free(d, q->sequence);
        q->sequence = NULL;
    }
    return error_set(e, EXIT_ENVIRONMENT, "%s: the time of a run does not grow with its work", q->label);
}

/* A footprint that fills a run by itself is walked without the loop around it. */
static bool open_once(struct probe *q, struct pool *pool, struct plan *p, struct error *e)
{
    struct timing t;
    struct step *s = &p->steps[0];
    s->glsl.len = 0;
    bandwidth_glsl(&q->ceiling, false, &s->glsl);
    device_sequence_free(pool_device(pool), q->sequence);
    q->sequence = step_sequence(pool, p, s, 1, e);
    return q->sequence && device_run(pool_device(pool), q->sequence, &t, e);
}

static bool open_launch(struct probe *q, struct pool *pool, struct error *e)
{
    struct plan *p = need(sizeof *p);
    struct step *s = plan_add_step(p, "empty");
    s->language = pool_device(pool)->info.language;
    bool ok = s->language != LANGUAGE_C || probe_empty_c(&s->c, e);
    text_add(&s->glsl, "#version 450\nlayout(local_size_x = 1) in;\nvoid main() {}\n");
    q->work = LAUNCHES;
    q->sequence = ok ? step_sequence(pool, p, s, LAUNCHES, e) : NULL;
    plan_free(p);
    return q->sequence != NULL;
}

bool probe_open(struct probe *q, struct pool *pool, double run_s, struct error *e)
{
    struct device *d = pool_device(pool);
    if (d->info.language == LANGUAGE_C && q->ceiling.via == VIA_SHADER)
        q->ceiling.via = VIA_NATIVE;
    label_probe(q);
    q->repeat = 1;
    if (q->ceiling.kind == CEILING_LAUNCH)
        return open_launch(q, pool, e);
    if (q->ceiling.kind == CEILING_BANDWIDTH && q->ceiling.via == VIA_COMMAND) {
        struct dispatch c;
        q->sequence = command_dispatch(q, pool, &c, e) ? device_sequence(d, &c, 1, false, e) : NULL;
        return q->sequence != NULL;
    }
    bool bandwidth = q->ceiling.kind == CEILING_BANDWIDTH;
    struct plan *p = bandwidth ? bandwidth_plan(q, &d->info, e) : compute_plan(q, &d->info, e);
    bool ok = p && open_repeated(q, pool, p, bandwidth ? 2 : 0, run_s, e);
    if (ok && bandwidth && q->repeat == 1 && p->steps[0].language == LANGUAGE_GLSL)
        ok = open_once(q, pool, p, e);
    plan_free(p);
    if (!ok)
        probe_close(q, pool);
    return ok || error_prefix(e, "ceiling %s", q->label);
}

void probe_close(struct probe *q, struct pool *pool)
{
    device_sequence_free(pool_device(pool), q->sequence);
    q->sequence = NULL;
}

void probe_finish(struct probe *q, const double *ns, int n)
{
    struct interval t = stats_interval(ns, (size_t)n, 0.95);
    if (q->ceiling.kind == CEILING_LAUNCH) {
        q->ceiling.value = (struct interval){t.median / q->work, t.low / q->work, t.high / q->work, t.n};
        return;
    }
    double work = q->work * 1e9;
    if (!(t.low > 0)) { /* a model may do it in no time: there is no such rate */
        q->ceiling.value = (struct interval){NAN, NAN, NAN, 0};
        return;
    }
    q->ceiling.value = (struct interval){work / t.median, work / t.high, work / t.low, t.n};
}
