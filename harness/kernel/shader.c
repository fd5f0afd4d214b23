#include "harness/kernel/shader.h"

#include <shaderc/shaderc.h>
#include <spirv-tools/libspirv.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

struct entry {
    unsigned long long key;
    uint32_t *words;
    size_t count;
    struct entry *next;
};

static shaderc_compiler_t compiler;
static struct entry *cache;

static struct entry *find(unsigned long long key)
{
    struct entry *c = cache;
    while (c && c->key != key)
        c = c->next;
    return c;
}

static struct entry *compile(const char *name, const char *glsl, unsigned long long key, struct error *e)
{
    if (!compiler)
        compiler = shaderc_compiler_initialize();
    shaderc_compile_options_t o = shaderc_compile_options_initialize();
    shaderc_compile_options_set_target_env(o, shaderc_target_env_vulkan, shaderc_env_version_vulkan_1_1);
    shaderc_compile_options_set_target_spirv(o, shaderc_spirv_version_1_3);
    shaderc_compile_options_set_generate_debug_info(o);
    shaderc_compile_options_set_optimization_level(o, shaderc_optimization_level_performance);
    shaderc_compilation_result_t r =
        shaderc_compile_into_spv(compiler, glsl, strlen(glsl), shaderc_compute_shader, name, "main", o);
    struct entry *c = NULL;
    if (shaderc_result_get_compilation_status(r) == shaderc_compilation_status_success) {
        c = need(sizeof *c);
        size_t bytes = shaderc_result_get_length(r);
        c->key = key;
        c->count = bytes / 4;
        c->words = need(bytes);
        memcpy(c->words, shaderc_result_get_bytes(r), bytes);
        c->next = cache;
        cache = c;
    } else {
        char *message = need_string(shaderc_result_get_error_message(r));
        error_set(e, EXIT_CHECK, "%s", trim(message));
        free(message);
    }
    shaderc_result_release(r);
    shaderc_compile_options_release(o);
    return c;
}

bool shader_compile(const char *name, const char *glsl, struct spirv *out, struct error *e)
{
    unsigned long long key = hash_bytes(glsl, strlen(glsl));
    struct entry *c = find(key);
    out->cached = c != NULL;
    if (!c)
        c = compile(name, glsl, key, e);
    if (!c)
        return false;
    out->words = c->words;
    out->count = c->count;
    out->hash = hash_bytes(c->words, c->count * 4);
    return true;
}

void shader_forget(void)
{
    while (cache) {
        struct entry *next = cache->next;
        free(cache->words);
        free(cache);
        cache = next;
    }
    if (compiler)
        shaderc_compiler_release(compiler);
    compiler = NULL;
}

char *shader_disassemble(const struct spirv *s, struct error *e)
{
    spv_context context = spvContextCreate(SPV_ENV_VULKAN_1_1);
    spv_text text = NULL;
    spv_diagnostic diagnostic = NULL;
    spv_result_t r = spvBinaryToText(context, s->words, s->count,
                                     SPV_BINARY_TO_TEXT_OPTION_INDENT | SPV_BINARY_TO_TEXT_OPTION_FRIENDLY_NAMES, &text,
                                     &diagnostic);
    char *out = r == SPV_SUCCESS ? need_string(text->str) : NULL;
    if (!out)
        error_set(e, EXIT_CHECK, "disassembling: %s", diagnostic ? diagnostic->error : "not SPIR-V");
    spvTextDestroy(text);
    spvDiagnosticDestroy(diagnostic);
    spvContextDestroy(context);
    return out;
}
