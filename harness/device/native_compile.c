/* C text becomes machine code: by the system's compiler, into a shared object that is kept by content.
 *
 * The flags, each for a reason:
 *   -O3 -march=native          the processor that it will run on; ROOFLAB_MARCH names another
 *   -mprefer-vector-width=512  where there are such registers; the layernorm|bias|gelu|dropout kernel took 11.1 ms with them
 *                              and 25.4 ms with 256 bits (64 MB, one thread, Sapphire Rapids)
 *   -ffp-contract=fast         a*b+c is one fma, which is what the shaders' compilers make of it too
 *   -fno-math-errno            sqrt is an instruction, not a call that may set errno
 *   -fno-trapping-math -fno-signed-zeros -ffinite-math-only
 *                              `a < b ? b : a` becomes a max instruction. Without them gcc 12 makes two paths of a clamp, each
 *                              with its own division: 72 ms in place of 11.1. min and max of a NaN are then either operand, as
 *                              in GLSL; all other operations carry NaN on.
 *   -fvisibility=hidden        only kernel() is seen from outside, so that all else can be inlined
 * There is no -ffast-math: sums keep the order that the text gives them, which has vector-wide partial sums already. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/device/native.h"

extern char **environ;

static const char *const flags[] = {
    "-std=gnu11", "-O3", "-march=native",
#if defined __x86_64__
    "-mprefer-vector-width=512",
#endif
    "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-ffinite-math-only",
    "-fvisibility=hidden", "-fPIC", "-shared", "-w",
};
enum { FLAGS = sizeof flags / sizeof *flags, MARCH_FLAG = 2 };

static const char *compiler_command(void)
{
    const char *cc = getenv("ROOFLAB_CC");
    return cc && *cc ? cc : "cc";
}

/* Runs a command with stdout and stderr in a file. Returns the exit status, -1 where it could not be started. */
static int run(char *const *arguments, const char *output)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    int failed = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- the cache ---- */

static bool cache_folder(char out[4096], struct error *e)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache)
        snprintf(out, 4096, "%s/rooflab", cache);
    else
        snprintf(out, 4096, "%s/.cache/rooflab", home && *home ? home : "/tmp");
    struct error own = {0};
    if (folder_make(out, &own) && access(out, W_OK) == 0)
        return true;
    return error_set(e, EXIT_ENVIRONMENT,
                     "native: the folder for compiled kernels, %.300s, cannot be written. Set XDG_CACHE_HOME to one that can.", out);
}

const char *native_compiler(void)
{
    static char known[300];
    static char of[300]; /* the command that it was asked of */
    char folder[4096], file[4200];
    if (*of && strcmp(of, compiler_command()) == 0)
        return known;
    snprintf(of, sizeof of, "%s", compiler_command());
    known[0] = '\0';
    if (!cache_folder(folder, NULL))
        return known;
    snprintf(file, sizeof file, "%s/version.%ld", folder, (long)getpid());
    struct text version = {0};
    char *arguments[] = {of, (char *)"--version", NULL};
    if (run(arguments, file) == 0 && file_read(file, &version, NULL)) {
        version.s[strcspn(version.s, "\n")] = '\0';
        snprintf(known, sizeof known, "%s", version.s);
    }
    text_free(&version);
    remove(file);
    return known;
}

const char *native_march(void)
{
    const char *march = getenv("ROOFLAB_MARCH");
    return march && *march ? march : "native";
}

static char *march_flag(char out[80])
{
    snprintf(out, 80, "-march=%s", native_march());
    return out;
}

uint32_t native_march_floats(void)
{
    char folder[4096], file[4200], march[80];
    struct text macros = {0};
    if (!cache_folder(folder, NULL))
        return 4;
    snprintf(file, sizeof file, "%s/macros.%ld", folder, (long)getpid());
    char *arguments[] = {(char *)compiler_command(), march_flag(march), (char *)"-dM", (char *)"-E", (char *)"-xc",
                         (char *)"/dev/null", NULL};
    bool known = run(arguments, file) == 0 && file_read(file, &macros, NULL);
    uint32_t floats = known && strstr(macros.s, "__AVX512F__") ? 16 : known && strstr(macros.s, "__AVX__") ? 8 : 4;
    text_free(&macros);
    remove(file);
    return floats;
}

/* -march=native means another thing on another processor: its features are part of the key. */
static unsigned long long processor_hash(void)
{
    static unsigned long long hash;
    struct text info = {0};
    if (hash == 0 && file_read("/proc/cpuinfo", &info, NULL)) {
        char *line = strstr(info.s, "\nflags");
        line = line ? line : strstr(info.s, "\nFeatures");
        hash = line ? hash_bytes(line, strcspn(line + 1, "\n")) : 1;
        text_free(&info);
    }
    return hash;
}

static unsigned long long key_of(const char *text)
{
    char march[80];
    struct text all = {0};
    text_add(&all, "%s\n%s\n%llx\n", native_compiler(), march_flag(march), processor_hash());
    for (int i = 0; i < FLAGS; i++)
        text_add(&all, "%s\n", flags[i]);
    text_add(&all, "%s", text);
    unsigned long long key = hash_bytes(all.s, all.len);
    text_free(&all);
    return key;
}

/* ---- compiling ---- */

static bool no_compiler(struct error *e)
{
    return error_set(e, EXIT_ENVIRONMENT,
                     "native: kernels are compiled by '%s', which cannot be run here. Install one (on Debian: apt install gcc "
                     "libc6-dev), or name it in ROOFLAB_CC.",
                     compiler_command());
}

/* The compiler's first messages, so many as an error holds. */
static bool compile_error(const char *label, const char *messages, struct error *e)
{
    struct text t = {0};
    bool there = file_read(messages, &t, NULL);
    error_set(e, EXIT_CHECK, "%s does not compile:\n%.800s", label, there ? text_get(&t) : "(no message)");
    text_free(&t);
    return false;
}

/* Compiles source to object by way of a temporary name: another process may do the same at this moment. */
static bool compile(const char *label, const char *source, const char *object, struct error *e)
{
    char march[80], made[4300], messages[4300];
    char *arguments[FLAGS + 6];
    int n = 0;
    snprintf(made, sizeof made, "%s.%ld", object, (long)getpid());
    snprintf(messages, sizeof messages, "%s.%ld.txt", object, (long)getpid());
    arguments[n++] = (char *)compiler_command();
    for (int i = 0; i < FLAGS; i++)
        arguments[n++] = i == MARCH_FLAG ? march_flag(march) : (char *)flags[i];
    arguments[n++] = (char *)"-o";
    arguments[n++] = made;
    arguments[n++] = (char *)source;
    arguments[n] = NULL;
    int status = run(arguments, messages);
    bool ok = status == 0 && rename(made, object) == 0;
    if (!ok && (status == -1 || status == 127))
        no_compiler(e);
    else if (!ok)
        compile_error(label, messages, e);
    remove(messages);
    remove(made);
    return ok;
}

static bool load(const char *label, const char *object, struct compiled *out, struct error *e)
{
    *out = (struct compiled){.library = dlopen(object, RTLD_NOW | RTLD_LOCAL)};
    if (!out->library)
        return error_set(e, EXIT_ENVIRONMENT, "native: %s was compiled but cannot be loaded: %s", label, dlerror());
    void *kernel = dlsym(out->library, "kernel");
    const uint64_t *scratch = dlsym(out->library, "scratch_bytes");
    memcpy(&out->kernel, &kernel, sizeof kernel);
    out->scratch_bytes = scratch ? *scratch : 0;
    if (kernel)
        return true;
    native_unload(out);
    return error_set(e, EXIT_CHECK, "%s defines no kernel(): kernels/native.h tells how it is called", label);
}

bool native_compile(const char *label, const char *text, struct compiled *out, struct error *e)
{
    char folder[4096], source[4200], object[4200];
    if (!cache_folder(folder, e))
        return false;
    if (!*native_compiler())
        return no_compiler(e);
    unsigned long long key = key_of(text);
    snprintf(source, sizeof source, "%s/%016llx.c", folder, key);
    snprintf(object, sizeof object, "%s/%016llx.so", folder, key);
    if (file_exists(object))
        return load(label, object, out, e);
    return file_write(source, text, strlen(text), e) && compile(label, source, object, e) && load(label, object, out, e);
}

void native_unload(struct compiled *c)
{
    if (c->library)
        dlclose(c->library);
    *c = (struct compiled){0};
}
