/* Types and constants of a module, worked out once in order of definition. */
#ifndef ROOFLAB_TYPES_H
#define ROOFLAB_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/error.h"

#define TYPE_DEPTH_MAX 255 /* SPIR-V's own limit on nested structures; here on all nesting */

enum type_kind {
    TYPE_VOID, TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_VECTOR, TYPE_MATRIX, TYPE_ARRAY, TYPE_RUNTIME_ARRAY,
    TYPE_STRUCT, TYPE_POINTER, TYPE_IMAGE, TYPE_SAMPLER, TYPE_SAMPLED_IMAGE, TYPE_TILE, TYPE_FUNCTION,
    TYPE_OPAQUE
};

struct spirv_type {
    uint32_t id, at;  /* words[at] is its instruction */
    enum type_kind kind;
    uint32_t width;   /* bits of a scalar, or of that which it is made of; 0 mixed */
    bool is_float, is_signed; /* of that scalar */
    uint32_t element; /* type id of a component, column, element, pointee, sampled type or image */
    uint32_t count;   /* components, columns, elements, members; a tile's rows * columns; 0 where not known */
    uint32_t storage; /* of a pointer: SpvStorageClass */
    uint64_t scalars; /* scalars in it, all levels (of a tile: per subgroup); 0 where it has no size */
    uint64_t bytes;   /* its scalars without padding; a pointer 8; 0 where it has no size */
    uint32_t depth;
};

struct constant {
    uint32_t id;
    uint32_t type;    /* type id */
    bool known;       /* a scalar whose value is known */
    bool specialised; /* depends on a specialisation constant */
    uint64_t bits;    /* masked to the width; bool 0 or 1 */
};

struct module;
struct spec_value;

/* Builds both tables; called by module_read. */
bool types_build(struct module *m, const struct spec_value *spec, uint32_t specs, struct error *e);

const struct spirv_type *module_type(const struct module *m, uint32_t id);     /* NULL where id is not a type */
const struct spirv_type *type_of_value(const struct module *m, uint32_t id); /* the type of a value, or NULL */
const struct spirv_type *type_pointee(const struct module *m, uint32_t id);  /* of a pointer value, or NULL */
uint32_t type_member(const struct module *m, const struct spirv_type *t, uint32_t i); /* type id of part i, or 0 */

const struct constant *module_constant(const struct module *m, uint32_t id); /* NULL where id is not one */
/* The value of a known integer or bool constant; false where it is not. Signed ones are sign-extended. */
bool constant_value(const struct module *m, uint32_t id, int64_t *value);

uint64_t saturating_multiply(uint64_t a, uint64_t b);
uint64_t saturating_add(uint64_t a, uint64_t b);

#endif
