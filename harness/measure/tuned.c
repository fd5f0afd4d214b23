#include "harness/measure/tuned.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/shader.h"
#include "harness/measure/results.h"

/* ---- where ---- */

char *tuned_path(const char *out, const struct device_info *d, const struct kernel *k, const struct shape_entry *shape,
                 struct error *e)
{
    char *folder = results_folder(out, d->slug, e);
    if (!folder)
        return NULL;
    struct text name = {0}, path = {0};
    char plain[160];
    text_add(&name, "%s", k->name);
    for (int i = 0; i < k->shapes; i++)
        text_add(&name, "-%s%llu", shape[i].name, (unsigned long long)shape[i].value);
    slug(plain, sizeof plain, name.s);
    text_add(&path, "%s/tuned/%s.json", folder, plain);
    text_free(&name);
    free(folder);
    return path.s;
}

/* ---- writing ---- */

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *interval_json(const struct interval *t)
{
    return t->n == 0 ? json_null()
                     : json_pack("{s:o, s:o, s:o, s:i}", "median", number(t->median), "low", number(t->low), "high",
                                 number(t->high), "n", t->n);
}

static json_t *values_json(const struct kernel *k, const uint32_t *values)
{
    json_t *j = json_object();
    for (int i = 0; i < k->tune_count; i++)
        json_object_set_new(j, k->tune[i].name, json_integer(values[i]));
    return j;
}

static json_t *candidate_json(const struct kernel *k, const struct candidate *c)
{
    static const char *const status[] = {
        [RUN_OK] = "ok", [RUN_UNSUPPORTED] = "unsupported", [RUN_SKIPPED] = "skipped", [RUN_ERROR] = "error"};
    return json_pack("{s:o, s:s, s:o, s:i, s:o, s:o}", "values", values_json(k, c->values), "status", status[c->status], "why",
                     c->why[0] ? json_string(c->why) : json_null(), "rounds", c->rounds, "compile_ns",
                     c->compile_ns > 0 ? number(c->compile_ns) : json_null(), "time_ns", interval_json(&c->time_ns));
}

static json_t *shape_json(const struct kernel *k, const struct shape_entry *shape)
{
    json_t *j = json_object();
    for (int i = 0; i < k->shapes; i++)
        json_object_set_new(j, shape[i].name, json_integer((json_int_t)shape[i].value));
    return j;
}

static void hash_text(unsigned long long hash, char out[17])
{
    snprintf(out, 17, "%016llx", hash);
}

char *tuned_text(const struct search *s, const struct device_info *d)
{
    char hash[17];
    hash_text(s->hash, hash);
    json_t *list = json_array();
    for (int i = 0; i < s->count; i++)
        json_array_append_new(list, candidate_json(s->kernel, &s->list[i]));
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:i, s:i, s:o, s:b, s:o}", "schema", "rooflab.tuned/1",
                          "device", d->name, "driver", d->driver, "kernel", s->kernel->name, "shape",
                          shape_json(s->kernel, s->shape), "hash", hash, "best",
                          s->best >= 0 ? values_json(s->kernel, s->list[s->best].values) : json_null(), "default",
                          values_json(s->kernel, s->list[s->standard].values), "speedup", interval_json(&s->speedup), "compiled",
                          s->compiled, "skipped", s->skipped, "compile_s", number(s->compile_s), "budget_spent", s->budget_spent,
                          "candidates", list);
    char *text = j ? json_dumps(j, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10)) : NULL;
    json_decref(j);
    return text;
}

/* ---- reading ---- */

static bool same_text(const json_t *j, const char *key, const char *wanted)
{
    const char *is = json_string_value(json_object_get(j, key));
    return is && strcmp(is, wanted) == 0;
}

/* The values of every tune line, each one that the header still names. */
static bool read_values(const struct kernel *k, const json_t *best, uint32_t out[KERNEL_TUNE_MAX])
{
    for (int i = 0; i < k->tune_count; i++) {
        const json_t *v = json_object_get(best, k->tune[i].name);
        if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > UINT32_MAX)
            return false;
        out[i] = (uint32_t)json_integer_value(v);
    }
    return true;
}

static bool source_hash(const struct kernel *k, char out[17])
{
    struct spirv code = {0};
    bool shader = k->language == LANGUAGE_GLSL;
    if (shader && !shader_compile(k->path, text_get(&k->source), &code, NULL))
        return false;
    hash_text(shader ? code.hash : hash_bytes(k->source.s, k->source.len), out);
    return true;
}

bool tuned_values(const struct device_info *d, const struct kernel *k, const struct shape_entry *overrides, int count,
                  uint32_t out[KERNEL_TUNE_MAX])
{
    char hash[17];
    uint32_t found[KERNEL_TUNE_MAX];
    kernel_tune_default(k, d, out);
    struct plan *p = k->tune_count && !k->is_plan ? kernel_plan(k, overrides, count, NULL, NULL) : NULL; /* its shape in full */
    char *path = p ? tuned_path(NULL, d, k, p->shape, NULL) : NULL;
    plan_free(p);
    json_t *j = path && file_exists(path) ? json_load_file(path, 0, NULL) : NULL;
    bool ok = j && same_text(j, "schema", "rooflab.tuned/1") && same_text(j, "device", d->name) &&
              same_text(j, "driver", d->driver) && same_text(j, "kernel", k->name) && source_hash(k, hash) &&
              same_text(j, "hash", hash) && read_values(k, json_object_get(j, "best"), found);
    if (ok)
        memcpy(out, found, sizeof *out * (size_t)k->tune_count);
    json_decref(j);
    free(path);
    return ok;
}
