#include "harness/kernel/shader.h"

#include <shaderc/shaderc.h>
#include <spirv-tools/libspirv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/spirv/validate.h"

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

/* ---- includes ---- */

/* The file that `requested` means in `from`: beside it. */
static char *beside(const char *from, const char *requested)
{
    const char *slash = strrchr(from, '/');
    struct text path = {0};
    if (slash && requested[0] != '/')
        text_add(&path, "%.*s/", (int)(slash - from), from);
    text_add(&path, "%s", requested);
    return path.s;
}

static shaderc_include_result *include(void *main_name, const char *requested, int type, const char *from, size_t depth)
{
    (void)type, (void)depth;
    shaderc_include_result *r = need(sizeof *r);
    struct text content = {0};
    char *path = beside(from, requested);
    if (!file_exists(path)) { /* not beside the file that asks: beside the shader itself */
        free(path);
        path = beside(main_name, requested);
    }
    bool found = file_exists(path) && file_read(path, &content, NULL);
    if (!found) {
        text_add(&content, "%s is not there", requested);
        free(path);
        path = need_string(""); /* an empty name tells shaderc that the content is a message */
    }
    r->source_name = path;
    r->source_name_length = strlen(path);
    r->content = content.s ? content.s : need_string("");
    r->content_length = content.len;
    return r;
}

static void release_include(void *main_name, shaderc_include_result *r)
{
    (void)main_name;
    free((char *)r->source_name);
    free((char *)r->content);
    free(r);
}

/* ---- compiling ---- */

static shaderc_compilation_result_t compile_for(const char *name, const char *glsl, bool optimise,
                                                shaderc_env_version vulkan, shaderc_spirv_version spirv)
{
    shaderc_compile_options_t o = shaderc_compile_options_initialize();
    shaderc_compile_options_set_target_env(o, shaderc_target_env_vulkan, vulkan);
    shaderc_compile_options_set_target_spirv(o, spirv);
    shaderc_compile_options_set_include_callbacks(o, include, release_include, (void *)name);
    shaderc_compile_options_set_generate_debug_info(o);
    /* The optimiser of shaderc 2023.2 crashes on arithmetic of cooperative matrices. */
    if (optimise && !strstr(glsl, "cooperative_matrix"))
        shaderc_compile_options_set_optimization_level(o, shaderc_optimization_level_performance);
    shaderc_compilation_result_t r =
        shaderc_compile_into_spv(compiler, glsl, strlen(glsl), shaderc_compute_shader, name, "main", o);
    shaderc_compile_options_release(o);
    return r;
}

static bool succeeded(shaderc_compilation_result_t r)
{
    return shaderc_result_get_compilation_status(r) == shaderc_compilation_status_success;
}

static struct entry *keep_words(const void *words, size_t bytes, unsigned long long key)
{
    struct entry *c = need(sizeof *c);
    c->key = key;
    c->count = bytes / 4;
    c->words = need(bytes);
    memcpy(c->words, words, bytes);
    c->next = cache;
    cache = c;
    return c;
}

static struct entry *keep(shaderc_compilation_result_t r, unsigned long long key)
{
    return keep_words(shaderc_result_get_bytes(r), shaderc_result_get_length(r), key);
}

/* For Vulkan 1.1; what needs a newer SPIR-V gets it, and the device says whether it takes that. */
static struct entry *compile(const char *name, const char *glsl, bool optimise, unsigned long long key,
                             struct error *e)
{
    struct entry *c = NULL;
    if (!compiler)
        compiler = shaderc_compiler_initialize();
    shaderc_compilation_result_t r =
        compile_for(name, glsl, optimise, shaderc_env_version_vulkan_1_1, shaderc_spirv_version_1_3);
    if (!succeeded(r)) {
        shaderc_compilation_result_t newer =
            compile_for(name, glsl, optimise, shaderc_env_version_vulkan_1_3, shaderc_spirv_version_1_6);
        if (succeeded(newer))
            c = keep(newer, key);
        shaderc_result_release(newer);
    } else {
        c = keep(r, key);
    }
    if (!c) {
        char *message = need_string(shaderc_result_get_error_message(r));
        error_set(e, EXIT_CHECK, "%s", trim(message));
        free(message);
    }
    shaderc_result_release(r);
    return c;
}

/* Optimisers refuse some shaders that compile, and make others invalid: those are taken as they are written. (The later
 * entry of a key is the one that is found.) */
static struct entry *compile_best(const char *name, const char *glsl, bool optimise, unsigned long long key,
                                  struct error *e)
{
    struct error unused = {0};
    struct entry *c = optimise ? compile(name, glsl, true, key, &unused) : NULL;
    if (c && spirv_validate(c->words, c->count, &unused))
        return c;
    struct entry *written = compile(name, glsl, false, key, e);
    return written ? written : c;
}

static unsigned long long key_of(const char *name, const char *glsl, bool optimise)
{
    unsigned long long key = hash_bytes(glsl, strlen(glsl)) * 2 + optimise;
    if (strstr(glsl, "#include")) /* the same text means something else elsewhere */
        key ^= hash_bytes(name, strlen(name)) * 3;
    return key;
}

/* The compiler's answer to a text without it is the 4500 lines of its own built-in functions. */
static bool has_version(const char *glsl)
{
    for (const char *at = strchr(glsl, '#'); at; at = strchr(at + 1, '#'))
        if (strncmp(at + 1 + strspn(at + 1, " \t"), "version", 7) == 0)
            return true;
    return false;
}

static bool get(const char *name, const char *glsl, bool optimise, struct spirv *out, struct error *e)
{
    unsigned long long key = key_of(name, glsl, optimise);
    struct entry *c = find(key);
    out->cached = c != NULL;
    if (!c && !has_version(glsl))
        return error_set(e, EXIT_CHECK, "%s:1: there is no line that says #version; begin with #version 450", name);
    if (!c)
        c = compile_best(name, glsl, optimise, key, e);
    if (!c)
        return false;
    out->words = c->words;
    out->count = c->count;
    out->hash = hash_bytes(c->words, c->count * 4);
    return true;
}

bool shader_compile(const char *name, const char *glsl, struct spirv *out, struct error *e)
{
    return get(name, glsl, true, out, e);
}

bool shader_compile_as_written(const char *name, const char *glsl, struct spirv *out, struct error *e)
{
    return get(name, glsl, false, out, e);
}

/* The child's part: writes the words, if there are any before the alarm ends it. */
static void compile_and_write(const char *name, const char *glsl, unsigned seconds, int pipe)
{
    struct error unused = {0};
    struct spirv s;
    alarm(seconds);
    const char *at = get(name, glsl, true, &s, &unused) ? (const char *)s.words : NULL;
    for (size_t left = at ? s.count * 4 : 0; left > 0;) {
        ssize_t n = write(pipe, at, left);
        if (n <= 0)
            break;
        at += n;
        left -= (size_t)n;
    }
    _exit(0);
}

/* All that the child writes; false where it ended otherwise than by itself. */
static bool read_child(int pipe, pid_t child, struct text *out)
{
    char part[65536];
    int status;
    for (ssize_t n; (n = read(pipe, part, sizeof part)) > 0;)
        text_bytes(out, part, (size_t)n);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool shader_compile_within(const char *name, const char *glsl, unsigned seconds, struct spirv *out, bool *optimised,
                           struct error *e)
{
    unsigned long long key = key_of(name, glsl, true);
    struct text words = {0};
    int ends[2];
    bool kept = find(key) != NULL;
    if (!kept && pipe(ends) == 0) {
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            compile_and_write(name, glsl, seconds, ends[1]);
        }
        close(ends[1]);
        if (child > 0 && read_child(ends[0], child, &words) && words.len)
            kept = keep_words(words.s, words.len, key) != NULL;
        close(ends[0]);
        text_free(&words);
    }
    if (optimised)
        *optimised = kept;
    return get(name, glsl, kept, out, e); /* as it was written: what is wrong with it is said here */
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
