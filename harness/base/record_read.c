/* Reading a record back: tolerant of missing keys, strict about wrong ones, and safe with any file at all. */
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/record.h"
#include "harness/base/record_table.h"
#include "harness/base/text.h"

#define SCHEMA_PREFIX "rooflab."
#define NESTING_MAX 8 /* record, runs, run, steps, step: a file that goes deeper is not ours */

/* Where in the file the reader is: a chain on the stack from a value up to the file. */
struct place {
    const struct place *up; /* NULL: the file */
    const char *key;        /* a key, or NULL: element `index` of an array */
    size_t index;
    const char *path; /* of the file; in the topmost place only */
    int depth;
};

static struct place place_key(const struct place *up, const char *key)
{
    return (struct place){.up = up, .key = key, .depth = up->depth + 1};
}

static struct place place_index(const struct place *up, size_t index)
{
    return (struct place){.up = up, .index = index, .depth = up->depth};
}

static void place_text(const struct place *p, struct text *out)
{
    if (p->up == NULL) {
        text_add(out, "%s: ", p->path);
        return;
    }
    place_text(p->up, out);
    if (p->key == NULL)
        text_add(out, "[%zu]", p->index);
    else
        text_add(out, "%s%s", p->up->up != NULL ? "." : "", p->key);
}

static bool refuse(const struct place *p, struct error *e, const char *what)
{
    struct text where = {0};
    place_text(p, &where);
    error_set(e, EXIT_USAGE, "%s: %s", text_get(&where), what);
    text_free(&where);
    return false;
}

static bool wrong_type(const struct place *p, const json_t *j, const char *expected, struct error *e)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object",     [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number",     [JSON_REAL] = "a number",   [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",          [JSON_NULL] = "null",
    };
    struct text what = {0};
    text_add(&what, "%s is expected here, not %s", expected, names[json_typeof(j)]);
    refuse(p, e, text_get(&what));
    text_free(&what);
    return false;
}

/* Single values. None is called with null: null is the blank value that is there already. */

static bool read_string(const struct place *p, const json_t *j, char **out, struct error *e)
{
    if (!json_is_string(j))
        return wrong_type(p, j, "a string", e);
    *out = need_string(json_string_value(j));
    return true;
}

static bool read_chars(const struct place *p, const json_t *j, char *out, size_t size, struct error *e)
{
    if (!json_is_string(j))
        return wrong_type(p, j, "a string", e);
    if (json_string_length(j) >= size)
        return refuse(p, e, "this name is too long to be one that rooflab wrote");
    memcpy(out, json_string_value(j), json_string_length(j) + 1);
    return true;
}

static bool read_real(const struct place *p, const json_t *j, double *out, struct error *e)
{
    if (!json_is_number(j))
        return wrong_type(p, j, "a number", e);
    *out = json_number_value(j);
    return true;
}

static bool read_count(const struct place *p, const json_t *j, int *out, struct error *e)
{
    if (!json_is_integer(j))
        return wrong_type(p, j, "a whole number", e);
    json_int_t n = json_integer_value(j);
    if (n < 0 || n > INT_MAX)
        return refuse(p, e, "this count is out of range");
    *out = (int)n;
    return true;
}

static bool read_bool(const struct place *p, const json_t *j, bool *out, struct error *e)
{
    if (!json_is_boolean(j))
        return wrong_type(p, j, "true or false", e);
    *out = json_is_true(j);
    return true;
}

static bool read_enum(const struct place *p, const json_t *j, const struct field *f, unsigned *out,
                      struct error *e)
{
    struct text names = {0};
    if (!json_is_string(j))
        return wrong_type(p, j, "a name", e);
    for (int i = 0; i < f->name_count; i++) {
        if (f->names[i] == NULL)
            continue;
        if (strcmp(f->names[i], json_string_value(j)) == 0) {
            *out = (unsigned)i;
            text_free(&names);
            return true;
        }
        text_add(&names, "%s%s", names.len > 0 ? ", " : "", f->names[i]);
    }
    struct text what = {0};
    text_add(&what, "\"%.40s\" is not one of %s", json_string_value(j), text_get(&names));
    refuse(p, e, text_get(&what));
    text_free(&what);
    text_free(&names);
    return false;
}

/* Several values. */

static bool read_shape(const struct place *p, json_t *j, struct shape_entry *shape, int *count,
                       struct error *e)
{
    const char *key;
    json_t *value;
    if (!json_is_object(j))
        return wrong_type(p, j, "an object", e);
    json_object_foreach(j, key, value) {
        struct place here = place_key(p, key);
        if (*count == RUN_SHAPE_MAX)
            return refuse(p, e, "a shape has at most 8 names");
        if (strlen(key) >= sizeof shape->name)
            return refuse(p, e, "a name in this shape is longer than 23 letters");
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return wrong_type(&here, value, "a whole number, 0 or more,", e);
        struct shape_entry *s = &shape[(*count)++];
        strcpy(s->name, key);
        s->value = (uint64_t)json_integer_value(value);
    }
    return true;
}

static bool read_element(const struct place *p, const json_t *j, enum field_type type, void *list, size_t i,
                         struct error *e)
{
    if (type == FIELD_INTS)
        return read_count(p, j, (int *)list + i, e);
    if (type == FIELD_STRINGS)
        return read_string(p, j, (char **)list + i, e);
    if (!json_is_null(j))
        return read_real(p, j, (double *)list + i, e);
    ((double *)list)[i] = NAN;
    return true;
}

static bool read_array(const struct place *p, json_t *j, const struct field *f, void *base, struct error *e)
{
    if (!json_is_array(j))
        return wrong_type(p, j, "an array", e);
    size_t n = json_array_size(j);
    static const size_t sizes[] = {
        [FIELD_INTS] = sizeof(int), [FIELD_REALS] = sizeof(double), [FIELD_STRINGS] = sizeof(char *)};
    if (n == 0)
        return true;
    if (n > INT_MAX)
        return refuse(p, e, "this array is too long");
    void *list = need(n * sizes[f->type]);
    int *count = field_at(base, f->count);
    pointer_put(base, f->offset, list);
    for (size_t i = 0; i < n; i++) {
        struct place here = place_index(p, i);
        if (!read_element(&here, json_array_get(j, i), f->type, list, i, e))
            return false;
        (*count)++; /* after the element is whole, so that freeing what was read so far is right */
    }
    return true;
}

static bool read_struct(const struct place *p, json_t *j, const struct table *t, void *base, struct error *e);

static bool read_list(const struct place *p, json_t *j, const struct field *f, void *base, struct error *e)
{
    size_t i;
    json_t *element;
    if (!json_is_array(j))
        return wrong_type(p, j, "an array", e);
    if (json_array_size(j) > INT_MAX)
        return refuse(p, e, "this array is too long");
    json_array_foreach(j, i, element) {
        struct place here = place_index(p, i);
        if (!read_struct(&here, element, f->table, list_add(f, base), e))
            return false;
    }
    return true;
}

static bool read_field(const struct place *p, json_t *j, const struct field *f, void *base, struct error *e)
{
    void *at = field_at(base, f->offset);
    switch (f->type) {
    case FIELD_STRING: return read_string(p, j, at, e);
    case FIELD_CHARS: return read_chars(p, j, at, f->size, e);
    case FIELD_REAL: return read_real(p, j, at, e);
    case FIELD_COUNT: return read_count(p, j, at, e);
    case FIELD_BOOL: return read_bool(p, j, at, e);
    case FIELD_TRI:
        if (!json_is_boolean(j))
            return wrong_type(p, j, "true, false or null", e);
        *(int *)at = json_is_true(j);
        return true;
    case FIELD_ENUM: return read_enum(p, j, f, at, e);
    case FIELD_SHAPE: return read_shape(p, j, at, field_at(base, f->count), e);
    case FIELD_INTS:
    case FIELD_REALS:
    case FIELD_STRINGS: return read_array(p, j, f, base, e);
    case FIELD_LIST: return read_list(p, j, f, base, e);
    case FIELD_GROUP: return read_struct(p, j, f->table, base, e);
    }
    return true;
}

static bool read_struct(const struct place *p, json_t *j, const struct table *t, void *base, struct error *e)
{
    if (!json_is_object(j))
        return wrong_type(p, j, "an object", e);
    if (p->depth > NESTING_MAX)
        return refuse(p, e, "this is nested deeper than any record");
    for (const struct field *f = t->fields; f->key != NULL; f++) {
        if (!field_applies(f, base))
            continue;
        struct place here = place_key(p, f->key);
        json_t *value = json_object_get(j, f->key);
        if (value == NULL || json_is_null(value)) {
            if (f->required)
                return refuse(&here, e, "this key is missing");
        } else if (!read_field(&here, value, f, base, e)) {
            return false;
        }
    }
    return true;
}

/* "rooflab.<kind>/<version>". A newer version may mean something else by the same keys. */
static bool check_schema(const struct place *file, const json_t *root, struct error *e)
{
    struct place here = place_key(file, "schema");
    const json_t *schema = json_object_get(root, "schema");
    char kind[32];
    int version, end = 0;
    if (!json_is_object(root))
        return wrong_type(file, root, "a record, that is an object {...},", e);
    if (schema == NULL)
        return refuse(&here, e, "this key is missing, so the file is no record of rooflab");
    if (!json_is_string(schema))
        return wrong_type(&here, schema, "a string", e);
    const char *s = json_string_value(schema);
    if (sscanf(s, SCHEMA_PREFIX "%31[a-z]/%9d%n", kind, &version, &end) != 2 || s[end] != '\0' || version < 1)
        return refuse(&here, e, "a record of rooflab has \"rooflab.<kind>/<version>\" here, "
                                "such as \"rooflab.bench/1\"");
    if (version > RECORD_SCHEMA_VERSION)
        return refuse(&here, e, "this record was written by a newer rooflab; update rooflab to read it");
    return true;
}

bool record_read(struct record *r, const char *path, struct error *e)
{
    struct text file = {0};
    json_error_t bad;
    record_clear(r);
    if (!file_read(path, &file, e))
        return false;
    json_t *root = json_loadb(text_get(&file), file.len, JSON_REJECT_DUPLICATES, &bad);
    text_free(&file);
    if (root == NULL)
        return error_set(e, EXIT_USAGE, "%s:%d: not JSON, or cut short: %s", path, bad.line, bad.text);
    struct place top = {.path = path};
    table_blank(&record_table, r);
    bool ok = check_schema(&top, root, e) && read_struct(&top, root, &record_table, r, e);
    json_decref(root);
    if (!ok)
        record_clear(r);
    return ok;
}
