/* The record's keys as tables: one row per key drives writing, reading, blanking and freeing alike, so that
 * the four cannot disagree. Private to record.c, record_json.c and record_read.c. */
#ifndef ROOFLAB_RECORD_TABLE_H
#define ROOFLAB_RECORD_TABLE_H

#include <stddef.h>
#include <string.h>

#include "harness/base/record.h"

enum field_type {
    FIELD_STRING,  /* char *, owned; NULL is null */
    FIELD_CHARS,   /* char[size]; "" is null */
    FIELD_REAL,    /* double; NAN is null */
    FIELD_COUNT,   /* int; 0 is null */
    FIELD_BOOL,    /* bool */
    FIELD_TRI,     /* int 1, 0, -1: true, false, null */
    FIELD_ENUM,    /* an enum by its names; a NULL name is null */
    FIELD_SHAPE,   /* struct shape_entry[RUN_SHAPE_MAX] with its count */
    FIELD_INTS,    /* int *, owned, with its count */
    FIELD_REALS,   /* double *, owned, with its count */
    FIELD_STRINGS, /* char **, owned, with its count */
    FIELD_LIST,    /* an array of structs, owned, with its count; described by `table` */
    FIELD_GROUP    /* an object in the file, but members of the same struct here; described by `table` */
};

struct table;

struct field {
    const char *key;
    enum field_type type;
    size_t offset;
    size_t count;              /* arrays: offset of the int that counts them. Reals: where not 0, offset of
                                * the int that is 0 while there is no such number */
    size_t size;               /* FIELD_CHARS */
    const char *const *names;  /* FIELD_ENUM */
    int name_count;
    const struct table *table; /* FIELD_LIST, FIELD_GROUP */
    unsigned kinds;            /* ceilings: 1u << kind of those that have this key; 0 for all */
    bool required;             /* a file without this key cannot be understood */
    bool optional;             /* left out of the file, rather than null, where there is no value */
    bool sparse;               /* FIELD_LIST: in its elements all keys without a value are left out */
};

struct table {
    const struct field *fields; /* ended by a NULL key */
    size_t size;                /* of the struct */
};

extern const struct table record_table;
extern const struct table fit_table, crossover_table; /* record_fits.c */
extern const struct table start_table, memory_table, reading_table; /* record_models.c */

/* Sets a struct to zero, its numbers to NAN and what may be true, false or unknown to unknown. */
void table_blank(const struct table *t, void *base);
/* Frees all that a struct owns; leaves it dangling. */
void table_free(const struct table *t, void *base);
/* Adds one blank struct to a FIELD_LIST of base and returns it. */
void *list_add(const struct field *f, void *base);

static inline void *field_at(const void *base, size_t offset)
{
    return (char *)base + offset;
}

/* The pointer in a struct, whatever it points to: copied, for a char ** may not alias a double **. */
static inline void *pointer_get(const void *base, size_t offset)
{
    void *p;
    memcpy(&p, field_at(base, offset), sizeof p);
    return p;
}

static inline void pointer_put(void *base, size_t offset, void *p)
{
    memcpy(field_at(base, offset), &p, sizeof p);
}

/* Whether a ceiling of base's kind has this key; structs without kinds have all. */
static inline bool field_applies(const struct field *f, const void *base)
{
    return f->kinds == 0 || (f->kinds & 1u << ((const struct ceiling *)base)->kind) != 0;
}

#endif
