/* Shaders of others, GLSL or SPIR-V, as they are: what a header would say is read from the module or given on the
 * command line, and a plan comes out that can be counted. */
#ifndef ROOFLAB_FOREIGN_H
#define ROOFLAB_FOREIGN_H

#include "harness/kernel/plan.h"

struct foreign_options {
    uint64_t size;       /* elements of each runtime array, of the array's own type; 0: 1024 */
    uint32_t groups[3];  /* workgroups; 0: 1 */
    uint32_t image[3];   /* texels of each image: width, height, and depth or layers; 0: 64, 64, 4 */
    /* "512,-3i,0.5f,&,&4096": a 32-bit word each, but & is the address (two words, from an even one on) of a fresh buffer of
     * size words, or of that many bytes. Words that are missing are 0, or addresses where the shader declares them so; NULL: all. */
    const char *push;
    const char *const *defines; /* "NAME=VALUE" or "NAME", for GLSL */
    int define_count;
    const char *const *specs;  /* "ID=VALUE", VALUE as in push */
    int spec_count;
    unsigned optimise_seconds; /* the optimiser's time; 0: 10 */
};

/* Is it a shader to be taken as it is: a file that ends in .spv, or GLSL without a "//! kernel" header? */
bool foreign_is(const char *path);

struct foreign_verdict {
    bool runnable;  /* this lab can bind all that the shader asks for */
    char why[200];  /* what it cannot, where it is not */
    char note[200]; /* what else is to be said, or "" */
};

/* The plan of one step. A source that does not compile is EXIT_CHECK, a damaged module EXIT_USAGE. */
struct plan *foreign_plan(const char *path, const struct foreign_options *o, struct foreign_verdict *v, struct error *e);

#endif
