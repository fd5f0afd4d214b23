/* Writing a record: JSON by the tables of record_table.h. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/record.h"
#include "harness/base/record_table.h"
#include "harness/base/text.h"

#define LINE_WIDTH 100
#define EXACT_MAX 9007199254740992.0 /* 2^53: below it every whole double is one integer */

/* Values to JSON. */

static json_t *real_json(double x)
{
    if (!isfinite(x))
        return json_null();
    if (x == floor(x) && fabs(x) < EXACT_MAX)
        return json_integer((json_int_t)x);
    return json_real(x);
}

/* A name that a driver gave need not be UTF-8; JSON must be, so its foreign bytes become '?'. */
static json_t *string_json(const char *s)
{
    if (s == NULL)
        return json_null();
    json_t *j = json_string(s);
    if (j != NULL)
        return j;
    char *plain = need_string(s);
    for (char *p = plain; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    j = json_string(plain);
    free(plain);
    return j;
}

static json_t *tri_json(int value)
{
    return value < 0 ? json_null() : json_boolean(value);
}

static json_t *enum_json(const struct field *f, unsigned value)
{
    return string_json(value < (unsigned)f->name_count ? f->names[value] : NULL);
}

static json_t *shape_json(const struct shape_entry *shape, int count)
{
    json_t *object = json_object();
    for (int i = 0; i < count; i++)
        json_object_set_new(object, shape[i].name, json_integer((json_int_t)shape[i].value));
    return object;
}

static json_t *array_json(const struct field *f, const void *base)
{
    json_t *array = json_array();
    const void *list = pointer_get(base, f->offset);
    int count = *(int *)field_at(base, f->count);
    for (int i = 0; i < count; i++) {
        json_t *element = f->type == FIELD_INTS    ? json_integer(((const int *)list)[i])
                          : f->type == FIELD_REALS ? real_json(((const double *)list)[i])
                                                   : string_json(((char *const *)list)[i]);
        json_array_append_new(array, element);
    }
    return array;
}

static json_t *struct_json(const struct table *t, const void *base, bool sparse);

static json_t *list_json(const struct field *f, const void *base)
{
    json_t *array = json_array();
    const char *list = pointer_get(base, f->offset);
    int count = *(int *)field_at(base, f->count);
    for (int i = 0; i < count; i++)
        json_array_append_new(array, struct_json(f->table, list + (size_t)i * f->table->size, f->sparse));
    return array;
}

static bool all_null(json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
        if (!json_is_null(value) && !(json_is_array(value) && json_array_size(value) == 0))
            return false;
    return true;
}

/* A group without any value is null as a whole. */
static json_t *group_json(const struct field *f, const void *base)
{
    json_t *object = struct_json(f->table, base, false);
    if (!all_null(object))
        return object;
    json_decref(object);
    return json_null();
}

static json_t *field_json(const struct field *f, const void *base)
{
    const void *at = field_at(base, f->offset);
    switch (f->type) {
    case FIELD_STRING: return string_json(pointer_get(base, f->offset));
    case FIELD_CHARS: return string_json(*(const char *)at != '\0' ? at : NULL);
    case FIELD_REAL:
        if (f->count != 0 && *(int *)field_at(base, f->count) == 0)
            return json_null();
        return real_json(*(const double *)at);
    case FIELD_COUNT: return *(const int *)at == 0 ? json_null() : json_integer(*(const int *)at);
    case FIELD_BOOL: return json_boolean(*(const bool *)at);
    case FIELD_TRI: return tri_json(*(const int *)at);
    case FIELD_ENUM: return enum_json(f, *(const unsigned *)at);
    case FIELD_SHAPE: return shape_json(at, *(int *)field_at(base, f->count));
    case FIELD_INTS:
    case FIELD_REALS:
    case FIELD_STRINGS: return array_json(f, base);
    case FIELD_LIST: return list_json(f, base);
    case FIELD_GROUP: return group_json(f, base);
    }
    return json_null();
}

static bool is_empty(const json_t *j)
{
    return json_is_null(j) || (json_is_array(j) && json_array_size(j) == 0) ||
           (json_is_object(j) && json_object_size(j) == 0);
}

static json_t *struct_json(const struct table *t, const void *base, bool sparse)
{
    json_t *object = json_object();
    for (const struct field *f = t->fields; f->key != NULL; f++) {
        if (!field_applies(f, base))
            continue;
        json_t *value = field_json(f, base);
        if ((sparse || f->optional) && is_empty(value))
            json_decref(value);
        else
            json_object_set_new(object, f->key, value);
    }
    return object;
}

/* JSON to text. jansson prints reals with one fixed precision and each sample on its own line; both are hard
 * to read and to compare, so the layout is ours: the shortest digits that read back as the same number, and
 * objects and arrays of plain values on one line, wrapped. */

static void print_real(struct text *out, double x)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, x);
        if (strtod(digits, NULL) == x)
            break;
    }
    text_add(out, "%s", digits);
}

static void print_scalar(struct text *out, const json_t *j)
{
    if (json_is_real(j)) {
        print_real(out, json_real_value(j));
        return;
    }
    char *s = json_dumps(j, JSON_ENCODE_ANY);
    text_add(out, "%s", s != NULL ? s : "null");
    free(s);
}

static bool is_container(const json_t *j)
{
    return json_is_object(j) || json_is_array(j);
}

struct children {
    const char *key; /* NULL in arrays */
    json_t *value;
};

static size_t children_of(json_t *j, struct children **out)
{
    size_t count = json_is_object(j) ? json_object_size(j) : json_array_size(j), n = 0;
    struct children *list = need((count + 1) * sizeof *list);
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_object(j))
        json_object_foreach(j, key, value) list[n++] = (struct children){key, value};
    else
        json_array_foreach(j, i, value) list[n++] = (struct children){NULL, value};
    *out = list;
    return n;
}

static void line_break(struct text *out, int indent, size_t *line_start)
{
    text_add(out, "\n%*s", indent, "");
    *line_start = out->len - (size_t)indent;
}

static void print(struct text *out, json_t *j, int indent);

static void print_child(struct text *out, const struct children *c, int indent)
{
    if (c->key != NULL) {
        json_t *key = json_string(c->key);
        print_scalar(out, key);
        json_decref(key);
        text_add(out, ": ");
    }
    print(out, c->value, indent);
}

/* Plain values side by side; deep says that some child is a container and each child gets its line. */
static void print_children(struct text *out, const struct children *list, size_t n, bool deep, int indent)
{
    size_t line_start = out->len;
    for (size_t i = 0; i < n; i++) {
        struct text one = {0};
        print_child(&one, &list[i], indent + 1);
        if (i > 0)
            text_add(out, ",");
        if (deep || out->len - line_start + one.len + 2 > LINE_WIDTH)
            line_break(out, indent + 1, &line_start);
        else if (i > 0)
            text_add(out, " ");
        text_bytes(out, one.s, one.len);
        text_free(&one);
    }
    if (deep)
        line_break(out, indent, &line_start);
}

static void print(struct text *out, json_t *j, int indent)
{
    if (!is_container(j)) {
        print_scalar(out, j);
        return;
    }
    struct children *list;
    size_t n = children_of(j, &list);
    bool deep = false;
    for (size_t i = 0; i < n; i++)
        deep = deep || is_container(list[i].value);
    text_add(out, json_is_object(j) ? "{" : "[");
    print_children(out, list, n, deep, indent);
    text_add(out, json_is_object(j) ? "}" : "]");
    free(list);
}

char *record_json(const struct record *r)
{
    struct text out = {0};
    json_t *j = struct_json(&record_table, r, false);
    print(&out, j, 0);
    text_add(&out, "\n");
    json_decref(j);
    return out.s;
}

bool record_write(const struct record *r, const char *path, struct error *e)
{
    char *s = record_json(r);
    bool ok = file_write(path, s, strlen(s), e);
    free(s);
    return ok;
}
