#include "harness/tests/support_spirv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shaderc/shaderc.h>

#include "harness/base/text.h"

static const struct {
    shaderc_env_version vulkan;
    shaderc_spirv_version spirv;
} targets[TARGETS] = {
    [TARGET_1_0] = {shaderc_env_version_vulkan_1_0, shaderc_spirv_version_1_0},
    [TARGET_1_3] = {shaderc_env_version_vulkan_1_1, shaderc_spirv_version_1_3},
    [TARGET_1_5] = {shaderc_env_version_vulkan_1_2, shaderc_spirv_version_1_5},
    [TARGET_1_6] = {shaderc_env_version_vulkan_1_3, shaderc_spirv_version_1_6},
};

static bool compile_text(const char *path, const struct text *source, shaderc_compile_options_t options,
                         struct compiled *out)
{
    static shaderc_compiler_t compiler;
    if (!compiler)
        compiler = shaderc_compiler_initialize();
    shaderc_compilation_result_t result = shaderc_compile_into_spv(
        compiler, text_get(source), source->len, shaderc_compute_shader, path, "main", options);
    bool done = shaderc_result_get_compilation_status(result) == shaderc_compilation_status_success;
    if (done) {
        size_t bytes = shaderc_result_get_length(result);
        out->words = need(bytes);
        out->count = bytes / 4;
        memcpy(out->words, shaderc_result_get_bytes(result), bytes);
    }
    shaderc_result_release(result);
    return done;
}

bool support_compile(const char *name, enum spirv_target target, bool debug, bool optimised,
                     struct compiled *out)
{
    char path[256];
    struct text source = {0};
    struct error e = {0};
    /* The optimiser of shaderc 2023.2 crashes on arithmetic of cooperative matrices. */
    if (optimised && (strcmp(name, "tiles") == 0 || strstr(name, "cooperative")))
        return false;
    snprintf(path, sizeof path, "harness/tests/spirv/%s.comp", name);
    if (!file_read(path, &source, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return false;
    }
    shaderc_compile_options_t options = shaderc_compile_options_initialize();
    shaderc_compile_options_set_target_env(options, shaderc_target_env_vulkan, targets[target].vulkan);
    shaderc_compile_options_set_target_spirv(options, targets[target].spirv);
    if (debug)
        shaderc_compile_options_set_generate_debug_info(options);
    shaderc_compile_options_set_optimization_level(options, optimised ? shaderc_optimization_level_performance
                                                                      : shaderc_optimization_level_zero);
    bool done = compile_text(path, &source, options, out);
    shaderc_compile_options_release(options);
    text_free(&source);
    return done;
}

char **support_shaders(size_t *count)
{
    char **names = folder_names("harness/tests/spirv", ".comp", count);
    for (size_t i = 0; i < *count; i++)
        names[i][strlen(names[i]) - strlen(".comp")] = 0;
    return names;
}

static struct device *device;

static void close_device(void)
{
    device_close(device);
}

struct device *support_device(void)
{
    static bool tried;
    struct error e = {0};
    if (!tried) {
        tried = true;
        device = device_open("vulkan:0", &e);
        if (device)
            atexit(close_device);
        else
            fprintf(stderr, "skipped: %s\n", e.text);
    }
    return device;
}

/* Everything of one execution on the device. */
struct execution {
    struct buffer *buffers[SUPPORT_BUFFERS + 1];
    int count;
    struct program *program;
    struct sequence *sequence;
};

static void release(struct execution *x)
{
    if (x->sequence)
        device_sequence_free(device, x->sequence);
    if (x->program)
        device_program_free(device, x->program);
    for (int i = 0; i < x->count; i++)
        device_buffer_free(device, x->buffers[i]);
}

static bool add_buffer(struct execution *x, struct dispatch *d, uint64_t bytes, uint64_t view,
                       const void *data, struct error *e)
{
    struct buffer *b = device_buffer(device, bytes, e);
    if (!b)
        return false;
    x->buffers[x->count++] = b;
    d->views[d->view_count++] = (struct buffer_view){b, 0, view};
    return device_upload(device, b, 0, data, bytes, e);
}

/* Runs twice, because the first run compiles; the buffers are filled anew before each. */
static bool execute(struct support_run *r, const struct program_source *source, uint64_t lab_bytes,
                    void **out, double *ns, struct error *e)
{
    struct execution x = {0};
    struct dispatch d = {.kind = DISPATCH_PROGRAM};
    bool done = true;
    memcpy(d.groups, r->groups, sizeof d.groups);
    memcpy(d.push, r->push, sizeof r->push);
    for (int i = 0; i < SUPPORT_BUFFERS && r->bytes[i] && done; i++)
        done = add_buffer(&x, &d, r->bytes[i], r->view[i], r->data[i], e);
    if (done && lab_bytes)
        done = add_buffer(&x, &d, lab_bytes, 0, r->lab, e);
    x.program = done ? device_program(device, source, e) : NULL;
    d.program = x.program;
    x.sequence = x.program ? device_sequence(device, &d, 1, false, e) : NULL;
    done = x.sequence != NULL;
    for (int turn = 0; turn < 2 && done; turn++) {
        struct timing t;
        for (int i = 0; i < x.count && done; i++)
            done = device_upload(device, x.buffers[i], 0, lab_bytes && i == x.count - 1 ? r->lab : r->data[i],
                                 lab_bytes && i == x.count - 1 ? lab_bytes : r->bytes[i], e);
        done = done && device_run(device, x.sequence, &t, e);
        *ns = done ? t.total_ns : 0;
    }
    for (int i = 0; i < x.count && done; i++)
        done =
            device_download(device, x.buffers[i], 0, lab_bytes && i == x.count - 1 ? (void *)r->lab : out[i],
                            lab_bytes && i == x.count - 1 ? lab_bytes : r->bytes[i], e);
    release(&x);
    return done;
}

static struct program_source source_of(const struct support_run *r, const uint32_t *words, size_t count)
{
    struct program_source s = {.label = r->shader, .spirv = words, .words = count};
    for (uint32_t i = 0; i < SUPPORT_BUFFERS && r->bytes[i]; i++)
        s.bindings[s.binding_count++] =
            (struct program_binding){.binding = i,
                                     .kind = r->kind[i],
                                     .format = r->kind[i] >= BIND_TEXEL_READ ? TEXEL_RGBA32F : TEXEL_NONE};
    s.push_bytes = (uint32_t)r->push_words * 4;
    return s;
}

/* The bytes that each target's descriptor covers. */
static void target_bytes(const struct support_run *r, uint64_t *sizes)
{
    for (uint32_t i = 0; i < r->in.target_count; i++) {
        uint32_t b = r->in.targets[i].binding;
        sizes[i] = r->view[b] ? r->view[b] : r->bytes[b];
    }
}

static bool run_both(struct support_run *r, const struct compiled *c, struct error *e)
{
    void *plain[SUPPORT_BUFFERS] = {0};
    uint64_t sizes[SUPPORT_BUFFERS + 1] = {0};
    target_bytes(r, sizes);
    uint64_t lab_bytes = instrument_bytes(&r->in, sizes);
    r->lab = need(lab_bytes);
    instrument_prepare(&r->in, sizes, r->lab);
    for (int i = 0; i < SUPPORT_BUFFERS && r->bytes[i]; i++)
        plain[i] = need(r->bytes[i]);
    struct program_source s = source_of(r, c->words, c->count);
    bool done = r->instrumented_only || execute(r, &s, 0, plain, &r->plain_ns, e);
    s = source_of(r, r->in.words, r->in.count);
    s.bindings[s.binding_count++] =
        (struct program_binding){.set = r->in.set, .binding = r->in.binding, .kind = BIND_STORAGE};
    done = done && execute(r, &s, lab_bytes, r->data, &r->counted_ns, e);
    r->same = done;
    for (int i = 0; i < SUPPORT_BUFFERS && r->bytes[i]; i++) {
        r->same = r->same && memcmp(plain[i], r->data[i], r->bytes[i]) == 0;
        free(plain[i]);
    }
    return done;
}

bool support_execute(struct support_run *r, struct error *e)
{
    struct compiled c = {0};
    struct bound_size bound[SUPPORT_BUFFERS];
    for (uint32_t i = 0; i < SUPPORT_BUFFERS; i++)
        bound[i] = (struct bound_size){.binding = i, .texel_bytes = 16};
    struct instrument_options options = {.footprint = r->footprint,
                                         .every_block = r->every_block,
                                         .bound = bound,
                                         .bound_count = SUPPORT_BUFFERS};
    if (!support_compile(r->shader, TARGET_1_3, r->debug, !r->debug, &c))
        return error_set(e, EXIT_CHECK, "%s does not compile", r->shader);
    bool done = instrument(&r->in, c.words, c.count, &options, e) && run_both(r, &c, e);
    if (done)
        instrument_totals(&r->in, r->lab, (struct launch_shape){8, 64}, &r->totals);
    free(c.words);
    return done;
}

void support_clear(struct support_run *r)
{
    totals_free(&r->totals);
    instrument_free(&r->in);
    free(r->lab);
    r->lab = NULL;
}
