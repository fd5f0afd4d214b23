/* Epilogues: map operators put behind a kernel, into the place where it stores its result. In a chain's notation the
 * kernel stands first: "gemm/10-texel|bias|gelu|add".
 *
 * A kernel that can take one says so in its header, names the buffer, and stores through a macro that does nothing of its
 * own accord:
 *
 *   //! epilogue   c  vec4                        or float: what one store writes
 *   #ifndef EPILOGUE
 *   #define EPILOGUE(value, row, col) (value)
 *   #endif
 *   c[row * n4 + col] = EPILOGUE(sum, row, col);  col counts vectors where they are stored
 *
 * In C a piece of a row is stored first, and the macro works on it while it lies in the first cache:
 *
 *   #ifndef EPILOGUE
 *   #define EPILOGUE(launch, values, row, col, count)
 *   #endif
 *
 * The operators' tensors become further bindings of the kernel. */
#ifndef ROOFLAB_EPILOGUE_H
#define ROOFLAB_EPILOGUE_H

#include "harness/kernel/chain.h"
#include "harness/kernel/kernel.h"

struct epilogue {
    char *text;
    struct kernel *kernel;
    struct chain *chain; /* what stands behind it */
};

/* How kernel and operators are put together. As groupings: 1, 1+1+1+1, 1+3 and 4. */
enum epilogue_variant {
    EPILOGUE_ALONE,   /* the kernel and nothing behind it */
    EPILOGUE_UNFUSED, /* a kernel for each operator */
    EPILOGUE_APART,   /* one kernel for all operators, behind it */
    EPILOGUE_FUSED,   /* all in the kernel itself */
    EPILOGUE_VARIANTS
};
enum epilogue_variant epilogue_variant(const char *name); /* "alone", ...; EPILOGUE_VARIANTS where there is none */

/* Does a chain's text begin with a kernel? */
bool epilogue_is(const char *text);
/* Finds the kernel in the language; of several names, "gemm/10-texel,gemm/24-packed|bias", the first that is there. One
 * without an epilogue line and an operator that is no map are EXIT_USAGE. */
struct epilogue *epilogue_parse(const char *text, enum language language, struct error *e);
void epilogue_free(struct epilogue *p);

/* The plan at a shape, as of kernel_plan. */
struct plan *epilogue_plan(const struct epilogue *p, enum epilogue_variant variant, const struct shape_entry *shape,
                           int count, const uint32_t *tune, const struct device_info *device, struct error *e);

#endif
