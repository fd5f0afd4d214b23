#include "harness/base/build.h"

/* Written by the Makefile into build/.../generated/: PROVENANCE_COMMIT and PROVENANCE_FLAGS. */
#include "provenance.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

const char *build_commit(void)
{
    return PROVENANCE_COMMIT;
}

const char *build_compiler(void)
{
    return COMPILER;
}

const char *build_flags(void)
{
    return PROVENANCE_FLAGS;
}
