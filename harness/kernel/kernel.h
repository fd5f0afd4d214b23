/* Kernel files: plain GLSL (.comp) or C (.c) with a contract in its header (`//!` lines), and .plan files that put
 * kernels in a row. A kernel's name is its path below kernels/ without the ending: the same idea written for both kinds of
 * device is two files of one name.
 *
 *   //! kernel     layernorm/3-one-read          op/rung; must be the file's own path below kernels/
 *   //! idea       One sentence.                 a further idea line goes on with it
 *   //! shape      rows=4096 cols=1024           names arrive as uint push constants, in this order
 *   //! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)      bindings 0, 1, ... in order
 *   //! buffer     w  in   f32[cols]  texel=rgba32f  normal(0,1)     bound as a texel buffer
 *   //! buffer     y  out  f32[rows,cols]        roles: in, out, inout
 *   //! reference  layernorm  tolerance 1e-3     of kernels/reference/, or a chain: "layernorm|bias". The tolerance may be
 *                                                an expression over the shape: tolerance 2e-7*sqrt(k)
 *   //! verify     rows=1 cols=4097              a shape at which results are compared in full; several lines, the first is
 *                                                the one that bench takes. None: primes. An input may be filled otherwise
 *                                                there: x=masked(-1,1)
 *   //! needs      subgroup f16_arithmetic       what the device must have (plan.h); elsewhere it is `unsupported`
 *   //! passes     x=1 y=1                       issued, in units of that tensor; 1 where nothing is said
 *   //! flops      8*rows*cols
 *   //! launch     groups=rows                   or groups=(cols+15)/16,(rows+15)/16  (also a third)
 *   //! tune       TM 4 8 16  software=8         specialisation constants 0, 1, ...: default first; a software device may
 *                                                have a default of its own
 *   //! valid      TM*TN<=64                     combinations of tune values that `rooflab tune` may try; several lines
 *   //! tune       D d                           one that follows the shape: an array's length, a loop's end
 *   //! split      rows                     a tensor whose first length is rows may be more than the device can bind at once:
 *                                                then the kernel runs several times, with some of the rows each. It promises
 *                                                that row r of what it writes takes row r, and no other, of those tensors
 *   //! only       d%4==0                        shapes it is for; elsewhere it is `unsupported`. Several lines
 *   //! epilogue   c  vec4                       operators may be put into the stores of c (epilogue.h)
 *
 * Expressions (expr.h) see the names of shape and tune. Of `groups` the whole part is taken, as in the
 * division of whole numbers; lengths of buffers must come out whole. A tensor's columns are its last
 * dimension, its rows all the others multiplied. S, the size that passes are counted in, is the first
 * buffer's. An input without a fill is uniform(-1,1); uniform(a,b), normal(mean,deviation), constant(a), masked(a,b)
 * (uniform, but 3 rows in 7 and one element in 4 of the others are -inf) and indices(n) (whole numbers below n) are
 * known; a, b and n may be expressions over the shape. Texel formats: rgba32f, r32f, rgba16f, r16f, r32ui, rgba32ui (words of any type); `in` is a samplerBuffer (usamplerBuffer),
 * `out` an imageBuffer (uimageBuffer). A texel buffer holds whole texels: write its length as 4*something,
 * and every shape will do.
 *
 * A .c file is for the native device (kernels/native.h tells how it is called): it has no launch line and no texel=, and
 * its tune names are macros.
 *
 * A .plan file has the same header lines without "//!" (kernel, idea, shape, buffer, reference; also
 * `temp NAME TYPE[..]`, a tensor that lives between steps; # begins a comment line), and one
 *   step  softmax/parts/row-max  x=x m=m [rows=rows cols=cols]
 * line per kernel: buffer=tensor for each of the kernel's buffers, shape values where they differ from
 * the plan's of the same name, and values of the kernel's tune names where they are not to be its defaults (the plan may have
 * tune lines of its own, for the device's kind to choose: tune ROWS 8 software=16). Of two names with a | between them it is
 * the first that there is in the device's language.
 * What stands between
 *   repeat  layer layers
 *   end     layer
 * is done for layer = 0 .. layers - 1; w=weights[layer] is then that part of a tensor, counted in its first dimension, and
 * k=cache[layer*n,n] are n of them.
 *
 * Errors name file:line: and what to do. */
#ifndef ROOFLAB_KERNEL_H
#define ROOFLAB_KERNEL_H

#include "harness/kernel/plan.h"

#define KERNEL_BINDINGS_MAX 12 /* buffers of one kernel */
#define KERNEL_BUFFERS_MAX 320 /* tensors of a .plan file: a whole network has a few for every layer */
#define KERNEL_TUNE_MAX    8
#define KERNEL_TUNE_VALUES_MAX 16
#define KERNEL_NAME_MAX    96
#define KERNEL_STEPS_MAX   256 /* of a .plan file */
#define KERNEL_VERIFY_MAX  12
#define KERNEL_VALID_MAX   4
#define KERNEL_ONLY_MAX    4
#define KERNEL_REPEATS_MAX 4
#define KERNEL_FILLS_MAX   4 /* of a verify line */

struct kernel_buffer {
    char name[32];
    enum role role;
    enum type type;
    char dims[3][64]; /* expressions over shape names; unused ones are empty */
    int dim_count;
    enum texel_format texel; /* TEXEL_NONE: a storage buffer */
    struct fill fill;
    char fill_args[2][64]; /* expressions for the fill's a and b; empty: they are in it */
    char passes[96]; /* expression; empty where the header does not say */
    int line;
};

struct kernel_tune {
    char name[32];
    uint32_t values[KERNEL_TUNE_VALUES_MAX];
    int count;
    uint32_t software; /* the default on a software device */
    char follows[48]; /* expression over the shape that is its only value; empty where values are listed */
};

struct kernel_verify { /* one line: what differs from the header's shape and fills */
    struct shape_entry shape[RUN_SHAPE_MAX];
    int count;
    struct kernel_fill {
        int buffer;
        struct fill fill;
        char args[2][64];
    } fills[KERNEL_FILLS_MAX];
    int fill_count;
};

struct kernel_step { /* of a .plan file */
    char kernel[KERNEL_NAME_MAX];
    /* kernel's buffer or shape name, plan's tensor or expression */
    char bindings[KERNEL_BINDINGS_MAX + RUN_SHAPE_MAX][2][48];
    int count;
    int line;
};

struct kernel_repeat { /* of a .plan file: its steps first .. end - 1 */
    char name[32], times[64];
    int first, end; /* end 0: it is still open */
};

struct kernel {
    char *path, *name, *idea;
    enum language language; /* of a .plan: that of the kernels its steps are to be made of */
    bool is_plan;
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
    struct kernel_buffer buffers[KERNEL_BUFFERS_MAX];
    int buffer_count;
    char *reference; /* NULL: none */
    char tolerance[96]; /* expression */
    struct kernel_verify verify[KERNEL_VERIFY_MAX];
    int verify_count;
    unsigned needs;  /* bits of plan_need */
    char only[KERNEL_ONLY_MAX][96]; /* expressions that are 1 where the kernel can run */
    int only_count;
    char *flops;     /* expression or NULL */
    char launch[3][96]; /* expressions; unused ones are empty */
    char split[32]; /* the shape name that may be cut into parts; empty: none */
    struct kernel_tune tune[KERNEL_TUNE_MAX];
    int tune_count;
    char valid[KERNEL_VALID_MAX][96]; /* expressions that are 0 where values do not go together */
    int valid_count;
    char epilogue[32]; /* the buffer whose stores take operators; empty: none */
    bool epilogue_vectors; /* four elements with each store */
    struct kernel_step *steps;
    int step_count;
    struct kernel_repeat repeats[KERNEL_REPEATS_MAX];
    int repeat_count;
    int reference_line, passes_line, flops_line, launch_line; /* 0: there is no such line */
    struct text source;
};

/* Where kernels/ lies: ROOFLAB_HOME/kernels, or found from the program's own path upwards. A path below the
 * current folder is relative to it. Valid until the next call; NULL with e where there is none. */
const char *kernels_folder(struct error *e);
const char *home_folder(struct error *e); /* the folder that kernels/ lies in */

/* Reads one file by path (ends in .comp, .plan or .c). */
struct kernel *kernel_read(const char *path, struct error *e);
/* Finds "op/rung" below kernels/, or a path to a file; an unknown name says the nearest one. Of two files with the name it
 * is the one in GLSL; a .plan is for GLSL. */
struct kernel *kernel_find(const char *name, struct error *e);
/* The same for a device that takes this language. EXIT_ENVIRONMENT where the kernel is there in the other one only. */
struct kernel *kernel_find_for(const char *name, enum language language, struct error *e);
void kernel_free(struct kernel *k);
/* Can it be had for devices that take this language (of a .plan: all its parts)? */
bool kernel_speaks(const char *name, enum language language);
/* Names "op/rung" of all kernel files, each once, below kernels/, sorted (not kernels/elementwise); those of
 * the parts of plans ("softmax/parts/row-max") are among them. Freed by names_free. */
char **kernel_names(size_t *count, struct error *e);

/* The plan that runs k at a shape: overrides are name=value pairs that replace the header's. The kernel may
 * be freed afterwards. tune values: NULL for the defaults, else one per tune line (a .plan takes its
 * kernels' defaults). The plan's first tensors are the buffers in order. */
struct plan *kernel_plan(const struct kernel *k, const struct shape_entry *overrides, int count,
                         const uint32_t *tune, struct error *e);
/* The same within the limits of a device, which the plan must not outlive: a step that would bind more than it can becomes
 * several, where its kernel's `split` line lets it. NULL: no limits. */
struct plan *kernel_plan_for(const struct kernel *k, const struct device_info *limits, const struct shape_entry *overrides,
                             int count, const uint32_t *tune, struct error *e);

/* How many shapes there are at which k is to be compared in full (those of its verify lines, else primes and such), and
 * the plan that runs it at one of them. */
int kernel_verify_count(const struct kernel *k);
struct plan *kernel_verify_plan(const struct kernel *k, const struct device_info *limits, int at, const uint32_t *tune,
                                struct error *e);

/* The default tune values on a device. */
void kernel_tune_default(const struct kernel *k, const struct device_info *d, uint32_t out[KERNEL_TUNE_MAX]);
/* Do these values go together at this shape (NULL: the header's)? By the `valid` lines. */
bool kernel_tune_valid(const struct kernel *k, const struct shape_entry *shape, const uint32_t *tune, struct error *e);

/* Holds the header against the module that its GLSL compiles to: bindings and their kinds, directions
 * against use, push constants, specialisation constants, workgroup size; of a .plan file, every kernel in
 * it. false, EXIT_CHECK with file: and both sides. */
bool kernel_check_module(const struct kernel *k, struct error *e);

#endif
