/* Operators: reading kernels/elementwise/, and their double-precision references. */
#include "harness/kernel/operator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/kernel.h"

static struct operator **all;
static int all_count;

/* ---- reading one file ---- */

struct reading {
    struct operator *o;
    const char *path;
    int line;
    struct error *e;
    char *references[OPERATOR_STATS_MAX + 1]; /* parsed last: they see all names */
    int reference_lines[OPERATOR_STATS_MAX + 1];
    int reference_count;
};

static bool bad(struct reading *r, const char *what, const char *text)
{
    return error_set(r->e, EXIT_USAGE, "%s:%d: %s: '%s'", r->path, r->line, what, text);
}

static bool read_name(struct reading *r, char *value)
{
    const char *slash = strrchr(r->path, '/');
    size_t n = strlen(value);
    if (strncmp(slash ? slash + 1 : r->path, value, n) != 0 || strcmp((slash ? slash + 1 : r->path) + n, ".glsl") != 0)
        return bad(r, "the operator's name must be its file's name", value);
    if (n >= sizeof r->o->name)
        return bad(r, "the name is too long", value);
    memcpy(r->o->name, value, n + 1);
    return true;
}

static bool read_kind(struct reading *r, char *value)
{
    r->o->is_row = strcmp(value, "row") == 0;
    return r->o->is_row || strcmp(value, "map") == 0 || bad(r, "kind is 'map' or 'row'", value);
}

static bool read_idea(struct reading *r, char *value)
{
    r->o->idea = need_string(value);
    return true;
}

static bool read_param(struct reading *r, char *value)
{
    struct operator *o = r->o;
    if (o->param_count == OPERATOR_PARAMS_MAX)
        return bad(r, "too many params", value);
    double low = -INFINITY, high = INFINITY;
    int found = sscanf(value, "%23s %lf %lf %lf", o->params[o->param_count].name,
                       &o->params[o->param_count].standard, &low, &high);
    if (found != 2 && found != 4)
        return bad(r, "param is 'NAME DEFAULT' or 'NAME DEFAULT LOW HIGH'", value);
    o->params[o->param_count].low = low;
    o->params[o->param_count].high = high;
    o->param_count++;
    return true;
}

static bool read_fill(const char *text, struct fill *f)
{
    char kind[16];
    *f = (struct fill){.kind = FILL_UNIFORM};
    if (sscanf(text, "%15[a-z](%lf,%lf)", kind, &f->a, &f->b) != 3)
        return false;
    f->kind = strcmp(kind, "normal") == 0 ? FILL_NORMAL : FILL_UNIFORM;
    return f->kind == FILL_NORMAL || strcmp(kind, "uniform") == 0;
}

static bool read_input(struct reading *r, char *value)
{
    return read_fill(value, &r->o->input) || bad(r, "input is 'uniform(a,b)' or 'normal(mean,deviation)'", value);
}

static bool read_tensor(struct reading *r, char *value)
{
    struct operator *o = r->o;
    char dims[32], fill[64];
    if (o->tensor_count == OPERATOR_TENSORS_MAX)
        return bad(r, "too many tensors", value);
    struct operator_tensor *t = &o->tensors[o->tensor_count];
    if (sscanf(value, "%23s f32[%31[^]]] %63s", t->name, dims, fill) != 3 || !read_fill(fill, &t->fill))
        return bad(r, "tensor is 'NAME f32[cols] uniform(a,b)' or 'f32[rows,cols]'", value);
    t->per_element = strcmp(dims, "rows,cols") == 0;
    if (!t->per_element && strcmp(dims, "cols") != 0)
        return bad(r, "a tensor is f32[cols] or f32[rows,cols]", value);
    o->tensor_count++;
    return true;
}

static bool read_uses(struct reading *r, char *value)
{
    r->o->uses_index = strcmp(value, "index") == 0;
    return r->o->uses_index || bad(r, "a body can use 'index'", value);
}

static bool read_type(struct reading *r, char *value)
{
    r->o->type = type_find(value);
    return r->o->type == TYPE_F32 || r->o->type == TYPE_F16 || bad(r, "type is f32 or f16", value);
}

static bool read_op_list(struct reading *r, char *value, double ops[OP_COUNT])
{
    char *save = NULL;
    for (char *word = strtok_r(value, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
        char *equals = strchr(word, '=');
        if (!equals)
            return bad(r, "ops are written like fma=2 exp=1", word);
        *equals = '\0';
        enum op op = op_find(word);
        if (op == OP_COUNT)
            return bad(r, "unknown operation", word);
        ops[op] = atof(equals + 1);
    }
    return true;
}

static bool read_ops(struct reading *r, char *value)
{
    return read_op_list(r, value, r->o->ops);
}

static bool read_kept(struct reading *r, char *value)
{
    char *bar = strchr(value, '|');
    if (!bar)
        return bad(r, "kept is 'EXPRESSION | what it saves', like x * total | exp=1", value);
    *bar = '\0';
    snprintf(r->o->kept, sizeof r->o->kept, "%s", trim(value));
    return read_op_list(r, bar + 1, r->o->kept_saves);
}

static bool read_tolerance(struct reading *r, char *value)
{
    r->o->tolerance = atof(value);
    return r->o->tolerance > 0 || bad(r, "tolerance is a number above 0", value);
}

static bool read_stat(struct reading *r, char *value)
{
    struct operator *o = r->o;
    if (o->stat_count == OPERATOR_STATS_MAX)
        return bad(r, "too many stats", value);
    struct operator_stat *s = &o->stats[o->stat_count];
    char kind[8];
    char *bar = strchr(value, '|');
    int used = 0;
    if (bar)
        *bar = '\0';
    if (sscanf(value, "%23s %7s %n", s->name, kind, &used) != 2 || (strcmp(kind, "sum") && strcmp(kind, "max")))
        return bad(r, "stat is 'NAME sum|max TERM | FINISH'", value);
    s->is_max = strcmp(kind, "max") == 0;
    snprintf(s->term, sizeof s->term, "%s", trim(value + used));
    snprintf(s->finish, sizeof s->finish, "%s", bar ? trim(bar + 1) : s->name);
    o->stat_count++;
    return true;
}

static bool read_reference(struct reading *r, char *value)
{
    if (r->reference_count > OPERATOR_STATS_MAX)
        return bad(r, "too many reference lines", value);
    r->reference_lines[r->reference_count] = r->line;
    r->references[r->reference_count++] = need_string(value);
    return true;
}

static const struct key {
    const char *name;
    bool (*read)(struct reading *, char *value);
} keys[] = {
    {"operator", read_name}, {"kind", read_kind},   {"idea", read_idea},           {"param", read_param},
    {"tensor", read_tensor}, {"uses", read_uses},   {"type", read_type},           {"ops", read_ops},
    {"stat", read_stat},     {"reference", read_reference}, {"tolerance", read_tolerance},
    {"input", read_input},   {"kept", read_kept},
};
enum { KEYS = sizeof keys / sizeof *keys };

static bool read_line(struct reading *r, char *line)
{
    char *value = line + strcspn(line, " \t");
    if (*value)
        *value++ = '\0';
    const char *names[KEYS];
    for (int i = 0; i < KEYS; i++) {
        names[i] = keys[i].name;
        if (strcmp(line, keys[i].name) == 0)
            return keys[i].read(r, trim(value));
    }
    const char *near = nearest_name(line, names, KEYS);
    return error_set(r->e, EXIT_USAGE, "%s:%d: unknown header key '%s'%s%s", r->path, r->line, line,
                     near ? "; did you mean " : "", near ? near : "");
}

/* The names that a reference sees: x n index, the params, the tensors, the values of the lines before it. */
static int reference_names(const struct operator *o, const char **names)
{
    int n = 0;
    names[n++] = "x";
    names[n++] = "n";
    names[n++] = "index";
    for (int i = 0; i < o->param_count; i++)
        names[n++] = o->params[i].name;
    for (int i = 0; i < o->tensor_count; i++)
        names[n++] = o->tensors[i].name;
    for (int i = 0; i < o->reference_count; i++)
        names[n++] = o->references[i].name;
    return n;
}
enum { NAMES_MAX = REFERENCE_FIXED + OPERATOR_PARAMS_MAX + OPERATOR_TENSORS_MAX + OPERATOR_STATS_MAX + 1 };

/* "mu = mean(x)": strips the reduction's name and outer brackets. */
static int strip_reduction(char **text)
{
    static const struct {
        const char *prefix;
        int kind;
    } kinds[] = {{"sum(", REFERENCE_SUM}, {"mean(", REFERENCE_MEAN}, {"max(", REFERENCE_MAX}};
    for (int i = 0; i < 3; i++)
        if (starts_with(*text, kinds[i].prefix) && ends_with(*text, ")")) {
            *text += strlen(kinds[i].prefix);
            (*text)[strlen(*text) - 1] = '\0';
            return kinds[i].kind;
        }
    return REFERENCE_EACH;
}

static bool parse_references(struct reading *r)
{
    struct operator *o = r->o;
    for (int i = 0; i < r->reference_count; i++) {
        struct operator_reference *ref = &o->references[i];
        const char *names[NAMES_MAX];
        char *text = r->references[i], *equals = strchr(text, '=');
        bool last = i == r->reference_count - 1;
        r->line = r->reference_lines[i];
        snprintf(ref->name, sizeof ref->name, "y");
        size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
        if (equals && text + word + strspn(text + word, " ") == equals && equals[1] != '=') {
            *equals = '\0';
            snprintf(ref->name, sizeof ref->name, "%s", trim(text));
            text = trim(equals + 1);
        }
        ref->kind = last ? REFERENCE_EACH : strip_reduction(&text);
        int n = reference_names(o, names); /* of the lines before this one */
        ref->value = expr_parse(text, names, n, r->e);
        if (!ref->value)
            return error_prefix(r->e, "%s:%d", r->path, r->line);
        o->reference_count++;
    }
    return true;
}

static bool complete(struct reading *r)
{
    const struct operator *o = r->o;
    r->line = 1;
    if (!o->name[0])
        return bad(r, "no '//! operator NAME' line", "");
    if (!r->reference_count)
        return bad(r, "no '//! reference' line: an operator is checked against one", o->name);
    if (o->is_row != (o->stat_count > 0))
        return bad(r, "row operators have stat lines, map operators have none", o->name);
    char call[64];
    snprintf(call, sizeof call, "float op_%s(float x", o->name);
    if (!strstr(o->body, call))
        return bad(r, "the body must define it", call);
    return true;
}

static void operator_free(struct operator *o)
{
    for (int i = 0; i < o->reference_count; i++)
        expr_free(o->references[i].value);
    free(o->path);
    free(o->idea);
    free(o->body);
    free(o);
}

static bool read_header(struct reading *r, struct text *source)
{
    char *line = source->s;
    while (starts_with(line, "//!")) {
        char *end = strchr(line, '\n'), *next = end ? end + 1 : line + strlen(line);
        if (end)
            *end = '\0';
        r->line++;
        if (!read_line(r, trim(line + 3)))
            return false;
        line = next;
    }
    r->o->body = need_string(line);
    return parse_references(r) && complete(r);
}

static struct operator *read_operator(const char *path, struct error *e)
{
    struct text source = {0};
    if (!file_read(path, &source, e))
        return NULL;
    struct reading r = {.o = need(sizeof *r.o), .path = path, .e = e};
    r.o->path = need_string(path);
    r.o->type = TYPE_COUNT;
    r.o->tolerance = 1e-5;
    r.o->input = (struct fill){.a = -3, .b = 3};
    bool ok = read_header(&r, &source);
    for (int i = 0; i < r.reference_count; i++)
        free(r.references[i]);
    text_free(&source);
    if (ok)
        return r.o;
    operator_free(r.o);
    return NULL;
}

/* ---- all of them ---- */

const struct operator *const *operators_all(int *count, struct error *e)
{
    const char *kernels = all ? NULL : kernels_folder(e);
    if (kernels) {
        char folder[4096], path[4400];
        size_t n;
        snprintf(folder, sizeof folder, "%s/elementwise", kernels);
        char **names = folder_names(folder, ".glsl", &n);
        all = need(sizeof *all * (n + 1));
        for (size_t i = 0; i < n; i++) {
            snprintf(path, sizeof path, "%s/%s", folder, names[i]);
            struct operator *o = read_operator(path, e);
            if (!o) {
                names_free(names);
                operators_forget();
                return NULL;
            }
            all[all_count++] = o;
        }
        names_free(names);
    }
    *count = all_count;
    return (const struct operator *const *)all;
}

const struct operator *operator_find(const char *name, struct error *e)
{
    int n;
    if (!operators_all(&n, e))
        return NULL;
    const char **names = need(sizeof *names * (size_t)(n + 1));
    const struct operator *found = NULL;
    for (int i = 0; i < n; i++) {
        names[i] = all[i]->name;
        if (strcmp(name, names[i]) == 0)
            found = all[i];
    }
    const char *near = nearest_name(name, names, (size_t)n);
    if (!found)
        error_set(e, EXIT_USAGE, "there is no operator '%s'%s%s%s; `rooflab list` shows the %d there are", name,
                  near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", n);
    free(names);
    return found;
}

void operators_forget(void)
{
    for (int i = 0; i < all_count; i++)
        operator_free(all[i]);
    free(all);
    all = NULL;
    all_count = 0;
}

double operator_passes(const struct operator *o)
{
    double passes = 2;
    for (int i = 0; i < o->tensor_count; i++)
        passes += o->tensors[i].per_element;
    return passes;
}

/* ---- the reference ---- */

static double reduce(const struct operator_reference *ref, double *values, const double *x, uint64_t n, uint64_t row)
{
    double sum = 0, most = -INFINITY;
    for (uint64_t i = 0; i < n; i++) {
        values[REFERENCE_X] = x[i];
        values[REFERENCE_INDEX] = (double)(row * n + i);
        double v = expr_value(ref->value, values);
        sum += v;
        most = isnan(v) || v > most ? v : most; /* a NaN stays */
    }
    return ref->kind == REFERENCE_MAX ? most : ref->kind == REFERENCE_MEAN ? sum / (double)n : sum;
}

void operator_apply(const struct operator *o, double *x, uint64_t n, uint64_t row, const double *params,
                    const double *const *tensors)
{
    double values[NAMES_MAX] = {0};
    int first_tensor = REFERENCE_FIXED + o->param_count;
    int first_stat = first_tensor + o->tensor_count;
    values[REFERENCE_N] = (double)n;
    for (int i = 0; i < o->param_count; i++)
        values[REFERENCE_FIXED + i] = params[i];
    for (int k = 0; k < o->reference_count; k++) {
        const struct operator_reference *ref = &o->references[k];
        if (ref->kind != REFERENCE_EACH) {
            values[first_stat + k] = reduce(ref, values, x, n, row);
            continue;
        }
        for (uint64_t i = 0; i < n; i++) {
            values[REFERENCE_X] = x[i];
            values[REFERENCE_INDEX] = (double)(row * n + i);
            for (int t = 0; t < o->tensor_count; t++)
                values[first_tensor + t] = tensors[t][i];
            x[i] = expr_value(ref->value, values);
        }
    }
}
