/* GLSL to SPIR-V, by shaderc: one compiler, kept (starting it is most of the cost), results cached by
 * content for the life of the process. */
#ifndef ROOFLAB_SHADER_H
#define ROOFLAB_SHADER_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/error.h"

struct spirv {
    const uint32_t *words; /* the cache's own: valid until shader_forget */
    size_t count;
    unsigned long long hash; /* of the words */
    bool cached;             /* it was there already */
};

/* Compiles a compute shader for Vulkan 1.1 (SPIR-V 1.3), optimised for speed, with source lines and names, so that what is
 * timed can also be counted line by line. The error's text is the compiler's, with name:line: in front of each message. */
bool shader_compile(const char *name, const char *glsl, struct spirv *out, struct error *e);
/* The same as it was written: nothing is optimised away, so that what is declared and not used is still there. */
bool shader_compile_as_written(const char *name, const char *glsl, struct spirv *out, struct error *e);
/* The same as shader_compile for a shader of others, whose optimising may take minutes or crash: it is done in a child process, and
 * where that has not ended after so many seconds, the shader is taken as it was written; *optimised (may be NULL) says which. */
bool shader_compile_within(const char *name, const char *glsl, unsigned seconds, struct spirv *out, bool *optimised,
                           struct error *e);
void shader_forget(void); /* frees compiler and cache */

/* SPIR-V text of words, freed by the caller; NULL with e where SPIRV-Tools refuses it. */
char *shader_disassemble(const struct spirv *s, struct error *e);

#endif
