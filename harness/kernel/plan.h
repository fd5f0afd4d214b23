/* A plan is what gets run, whatever it came from: tensors, and steps over them in order.
 *
 * A chain's variant (chain.h), a kernel file (kernel.h) and a .plan file all become a plan; verification,
 * sampling, bounds and records know nothing else. */
#ifndef ROOFLAB_PLAN_H
#define ROOFLAB_PLAN_H

#include <stdint.h>

#include "harness/base/record.h"
#include "harness/base/text.h"
#include "harness/device/device.h"
#include "roofline/model.h"

enum type { TYPE_F32, TYPE_F16, TYPE_I8, TYPE_Q8_0, TYPE_Q4_0, TYPE_U32, TYPE_I32, TYPE_COUNT };
const char *type_name(enum type t);
enum type type_find(const char *name); /* TYPE_COUNT where there is none */
/* Bytes of `elements` elements; q8_0 and q4_0 hold blocks of 32 with an f16 scale (quantise.h). */
uint64_t type_bytes(enum type t, uint64_t elements);

/* How an input is filled: incompressible numbers from the counter-based generator, so that any element can
 * be had again from its index alone. */
enum fill_kind { FILL_UNIFORM, FILL_NORMAL, FILL_CONSTANT, FILL_MASKED, FILL_INDICES, FILL_KINDS };
struct fill {
    enum fill_kind kind;
    double a, b; /* uniform, masked: [a, b); normal: mean a, deviation b; constant: a; indices: whole numbers below a */
    uint32_t seed;
    uint64_t cols; /* of the tensor: masked rows are whole rows; set by plan_add_tensor */
};

enum role { ROLE_IN, ROLE_OUT, ROLE_INOUT, ROLE_TEMP };

struct tensor {
    char name[32];
    enum type type;
    uint64_t rows, cols; /* elements = rows * cols; a vector has rows 1 */
    enum role role;
    struct fill fill; /* of ROLE_IN and ROLE_INOUT */
};

struct step_binding {
    int tensor; /* -1: a sampler has none */
    struct program_binding slot; /* set, binding, kind, texel format */
    bool reads, writes;
    uint64_t offset, bytes; /* the part of the tensor that is bound; bytes 0: all of it */
    double passes_declared; /* issued passes over the tensor, by header; NAN where nothing says so */
};

/* What a step may need of its device: bits, named as in device_info ("subgroup" is subgroup_arithmetic, "shuffle" subgroup_shuffle). */
unsigned plan_need(const char *name); /* 0 where there is none */
#define PLAN_NEEDS "subgroup, shuffle, f16_storage, f16_arithmetic, i8_storage, i64, f64, cooperative_matrix, buffer_address"

#define STEP_BINDINGS_MAX 16
#define STEP_ADDRESSES_MAX (DEVICE_PUSH_MAX / 2)
struct step {
    char *label;       /* for tables and records: "layernorm|bias" or "layernorm/3-one-read" */
    enum language language; /* says which of the two follows */
    char *path;        /* of the file that the source is from, for messages; NULL: it was generated */
    struct text glsl;  /* the source... */
    uint32_t *spirv;   /* ...or the words, where there is no source */
    size_t spirv_words;
    struct text c; /* the source in C, for devices that take it */
    char entry[64]; /* the entry point's name; empty: main */
    struct step_binding bindings[STEP_BINDINGS_MAX];
    int binding_count;
    uint32_t push[DEVICE_PUSH_MAX];
    int push_count;
    struct {
        int word, tensor; /* two words of push: the address of a buffer that is not bound (buffer_reference) */
    } addresses[STEP_ADDRESSES_MAX];
    int address_count;
    uint32_t spec_ids[DEVICE_SPEC_MAX], spec_values[DEVICE_SPEC_MAX];
    int spec_count;
    unsigned needs; /* bits of plan_need */
    uint32_t groups[3];
    /* compulsory bytes are filled by plan_finish from the bindings; issued bytes and operations by the maker */
    struct cost cost;
};

struct plan;

/* Computes row `row` of output tensor `output` in double precision into out[0..cols). inputs are read
 * through plan_input. false with e where it cannot. */
typedef bool (*plan_reference)(const struct plan *p, void *context, int output, uint64_t row, double *out,
                               struct error *e);

struct plan {
    char *name;    /* "layernorm|bias|gelu|dropout(0.1)" or "softmax/1-three-kernels" */
    char *variant; /* "unfused", "fused", "grouped", "single" */
    int *grouping;
    int groupings;
    struct tensor *tensors;
    int tensor_count;
    struct step *steps;
    int step_count;
    struct shape_entry shape[RUN_SHAPE_MAX];
    int shapes;
    double tensor_bytes;   /* S */
    const char *counts_from; /* "operators" or "header" */
    plan_reference reference; /* NULL: there is none, and the run is marked unverified */
    void *reference_context;
    void (*reference_free)(void *context);
    bool unrounded; /* the reference sees inputs as they were before they became f16, q8_0 or q4_0 */
    double tolerance; /* |got - want| <= tolerance * (1 + |want|) */
    const struct device_info *limits; /* steps are cut into such as it can bind; NULL: they are whole */
};

int plan_add_tensor(struct plan *p, const char *name, enum type type, uint64_t rows, uint64_t cols, enum role role,
                    struct fill fill);
struct step *plan_add_step(struct plan *p, const char *label);
void step_bind(struct step *s, int tensor, enum bind_kind kind, enum texel_format format, bool reads, bool writes);
int plan_find_tensor(const struct plan *p, const char *name); /* -1 */

uint64_t tensor_elements(const struct tensor *t);
uint64_t tensor_bytes(const struct tensor *t);
/* Bytes of the part of its tensor that is bound; 0 where there is none. */
uint64_t binding_bytes(const struct plan *p, const struct step_binding *b);

/* The most bytes that a binding can cover: a texel buffer's limit is in texels. */
uint64_t binding_limit(const struct device_info *info, enum texel_format format);
/* Parts of tensors begin at multiples of so many bytes. */
uint64_t part_alignment(const struct device_info *info);

/* Fills the costs' compulsory bytes and largest buffers from bindings: per step, each tensor read counts its
 * bytes once and each written once, so that in place counts twice. */
void plan_finish(struct plan *p);
/* Where the device lacks what a step needs, or a binding is larger than it can bind or hold: false, EXIT_ENVIRONMENT, with
 * the limit and the largest size that works. */
bool plan_fits(const struct plan *p, const struct device_info *info, struct error *e);
/* Sums over steps. */
double plan_bytes_compulsory(const struct plan *p);
double plan_bytes_issued(const struct plan *p);
void plan_free(struct plan *p); /* p too; NULL is fine */

/* Element i of input tensor t, in double, exactly as the device sees it (rounded to its type). */
double plan_input(const struct plan *p, int tensor, uint64_t i);
/* The same before rounding to f16, q8_0 or q4_0; false where p->unrounded is not set or the type does not round. */
bool plan_input_unrounded(const struct plan *p, int tensor, uint64_t i, double *value);
/* Is an input of a type that rounds? */
bool plan_rounds(const struct plan *p);
/* Raw bytes of elements [first, first+count) of an input tensor as uploaded. count is whole blocks for q types. */
void tensor_fill(const struct tensor *t, uint64_t first, uint64_t count, void *out);
/* Element i of raw data of a type, in double. */
double type_get(enum type t, const void *data, uint64_t i);

/* IEEE half precision, round to nearest even. */
uint16_t half_from_float(float f);
float half_to_float(uint16_t h);

#endif
