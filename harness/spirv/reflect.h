/* What a compute shader asks of its surroundings: entry point, workgroup size, constants, resources. */
#ifndef ROOFLAB_REFLECT_H
#define ROOFLAB_REFLECT_H

#include "harness/spirv/module.h"
#include "harness/spirv/trace.h"

#define REFLECT_NAME 64
#define RESOURCES_MAX 1024 /* what is looked at for each stays affordable in a hostile module */
#define ELEMENTS_MAX  64   /* elements of an array of resources that are told apart */

enum resource_kind {
    RESOURCE_STORAGE_BUFFER, RESOURCE_UNIFORM_BUFFER,
    RESOURCE_UNIFORM_TEXEL_BUFFER, RESOURCE_STORAGE_TEXEL_BUFFER,
    RESOURCE_STORAGE_IMAGE, RESOURCE_SAMPLED_IMAGE, /* a texture without a sampler */
    RESOURCE_COMBINED_IMAGE,                        /* a texture with its sampler: sampler2D */
    RESOURCE_SAMPLER, RESOURCE_ACCELERATION_STRUCTURE, RESOURCE_OTHER,
    RESOURCE_KINDS
};
const char *resource_kind_name(enum resource_kind k); /* "storage buffer", ... */

struct resource {
    uint32_t variable;              /* its id */
    char name[REFLECT_NAME];        /* the variable's; else the block's; else its last member's */
    char block[REFLECT_NAME];       /* the block's type name: "Input" in `buffer Input { float x[]; } in0;` */
    char element_name[REFLECT_NAME]; /* the last member's name: "x" there */
    uint32_t set, binding;
    bool bound;                     /* it has both a set and a binding */
    enum resource_kind kind;
    uint32_t count;                 /* elements of an array of resources; 1 single, 0 not known */
    bool readable, writable;        /* by decoration: not NonReadable, not NonWritable */
    bool reads, writes;             /* by use, in functions that the entry point reaches */
    bool used;                      /* named there at all (an array's length may be all that is asked) */
    bool has_runtime_array;
    uint64_t fixed_bytes;           /* before the runtime array; without one the whole */
    uint64_t stride;                /* of the runtime array's elements, 0 where there is none */
    uint32_t element;               /* type id: of the runtime array's element, else the block or texel */
    char element_type[REFLECT_NAME]; /* "f32", "u8", "f16x4", "struct" */
    uint32_t element_width;         /* bits of its scalar, 0 mixed */
    bool element_float;
    uint32_t element_scalars;       /* 4 for a vec4; 0 where unknown */
    uint32_t image_format;          /* SpvImageFormat of texel buffers and images; 0 unknown */
    uint32_t image_dim;             /* SpvDim */
    bool image_arrayed, image_samples, image_compares; /* layers; more than one sample; sampled by comparison */
    uint32_t texel_bytes;           /* by that format; 0 where it is unknown */
};

struct push_member {
    char name[REFLECT_NAME];
    uint32_t offset, type;
    char type_name[REFLECT_NAME];
    uint64_t bytes; /* as laid out */
    uint32_t width, scalars;
    bool is_float, is_signed;
};

struct spec_constant {
    uint32_t id;   /* its SpecId */
    uint32_t name_of; /* its result id */
    char name[REFLECT_NAME];
    char type_name[REFLECT_NAME]; /* "u32", "i32", "f32", "bool" */
    uint32_t width;
    bool is_float, is_bool, is_signed;
    uint64_t bits; /* its default, or the value given to module_read */
};

struct reflection {
    char entry[REFLECT_NAME];  /* the entry point that was chosen */
    uint32_t function;         /* its function's id */
    uint32_t model;            /* SpvExecutionModel */
    uint32_t entry_at;         /* word of its OpEntryPoint */
    uint32_t interface_at;     /* first word of its interface list */
    uint32_t entry_points;     /* in the module */
    uint32_t local_size[3];    /* 0 where it is not known */
    struct spec_constant *spec; /* by SpecId */
    uint32_t spec_count;
    uint64_t push_bytes;       /* end of the last member; 0 without push constants */
    struct push_member *push;
    uint32_t push_count;
    struct resource *resources; /* by set, binding, then order of declaration */
    uint32_t resource_count;
    uint64_t shared_bytes;     /* of all Workgroup variables */
    bool uses_physical;        /* buffer_reference: accesses to addresses */
    bool follows_memory; /* some of those addresses are read from memory other than push constants */
    bool makes_addresses; /* some are made of integers */
    bool untraced;             /* some pointer may be one of several: reads and writes are the widest guess */
    bool *reached;             /* by function: the entry point reaches it */
};

/* Reflects the entry point of that name (NULL: the only or first compute entry point). Fails with EXIT_USAGE
 * where there is none. `t` may be NULL; else it is the module's trace, which spares making it again. */
bool reflect(struct reflection *r, const struct module *m, const char *entry, const struct trace *t,
             struct error *e);
void reflection_free(struct reflection *r);

/* What lies where an address points (buffer_reference), as far as a resource's fields tell: sizes and elements. false: the type
 * is not such a pointer. */
bool reflect_pointee(struct resource *r, const struct module *m, uint32_t pointer_type);

/* "f32", "u8", "f16x4", "f32x4x4", "struct", "f32[8]"; out is returned. */
const char *type_text(const struct module *m, uint32_t type, char *out, size_t size);

#endif
