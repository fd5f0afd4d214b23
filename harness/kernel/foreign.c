#include "harness/kernel/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/kernel/foreign_bind.h"
#include "harness/kernel/shader.h"

bool foreign_is(const char *path)
{
    struct text t = {0};
    if (ends_with(path, ".spv"))
        return true;
    if (ends_with(path, ".plan") || !file_exists(path) || !file_read(path, &t, NULL))
        return false;
    bool ours = t.len && strstr(t.s, "//! kernel") != NULL;
    text_free(&t);
    return !ours;
}

/* "512", "-3i", "0.5f": one word. */
static bool parse_word(const char *text, uint32_t *out, struct error *e)
{
    char *end;
    size_t n = strlen(text);
    bool hex = starts_with(text, "0x") || starts_with(text, "0X");
    if (n && !hex && (text[n - 1] == 'f' || strchr(text, '.'))) {
        float f = strtof(text, &end);
        memcpy(out, &f, 4);
        if (end != text && (*end == '\0' || strcmp(end, "f") == 0))
            return true;
    } else {
        *out = (uint32_t)strtoll(text, &end, 0);
        if (end != text && (*end == '\0' || strcmp(end, "i") == 0 || strcmp(end, "u") == 0))
            return true;
    }
    return error_set(e, EXIT_USAGE, "'%s' is not a word: write 512, -3i or 0.5f", text);
}

/* "&" or "&4096": the address of a fresh buffer at word *n. */
static bool parse_address(struct plan *p, struct step *s, const char *word, uint64_t size, int *n, struct error *e)
{
    char *end;
    uint64_t bytes = word[1] ? strtoull(word + 1, &end, 10) : 4 * size;
    if (word[1] && (*end || !bytes))
        return error_set(e, EXIT_USAGE, "'%s' is not an address: write & or &BYTES", word);
    *n += *n % 2;
    if (*n + 2 > DEVICE_PUSH_MAX)
        return error_set(e, EXIT_USAGE, "at most %d words", DEVICE_PUSH_MAX);
    foreign_address(p, s, *n, bytes);
    *n += 2;
    return true;
}

/* *given: how many words. */
static bool parse_push(struct plan *p, struct step *s, const struct foreign_options *o, int *given, struct error *e)
{
    char *copy = need_string(o->push), *save = NULL;
    bool ok = true;
    int n = 0;
    for (char *word = o->push ? strtok_r(copy, ",", &save) : NULL; word && ok; word = strtok_r(NULL, ",", &save)) {
        word = trim(word);
        if (*word == '&') {
            ok = parse_address(p, s, word, o->size ? o->size : FOREIGN_SIZE, &n, e);
            continue;
        }
        ok = n < DEVICE_PUSH_MAX || error_set(e, EXIT_USAGE, "at most %d words", DEVICE_PUSH_MAX);
        ok = ok && parse_word(word, &s->push[n++], e);
    }
    if (n > s->push_count)
        s->push_count = n;
    *given = n;
    free(copy);
    return ok || error_prefix(e, "--push");
}

static bool parse_specs(struct step *s, const struct foreign_options *o, struct error *e)
{
    for (int i = 0; i < o->spec_count; i++) {
        char *copy = need_string(o->specs[i]), *equals = strchr(copy, '=');
        bool ok = equals && s->spec_count < DEVICE_SPEC_MAX;
        if (ok) {
            *equals = '\0';
            s->spec_ids[s->spec_count] = (uint32_t)strtoul(copy, NULL, 10);
            ok = parse_word(trim(equals + 1), &s->spec_values[s->spec_count++], e);
        } else {
            error_set(e, EXIT_USAGE, "'%s': write ID=VALUE, at most %d of them", copy, DEVICE_SPEC_MAX);
        }
        free(copy);
        if (!ok)
            return error_prefix(e, "--spec");
    }
    return true;
}

/* The defines stand behind #version, which must come first, and the lines keep their numbers. */
static void add_defines(struct text *out, const char *source, const struct foreign_options *o)
{
    const char *version = strstr(source, "#version"), *rest = version ? strchr(version, '\n') : NULL;
    if (!rest || o->define_count == 0) {
        text_add(out, "%s", source);
        return;
    }
    int lines = 1;
    for (const char *p = source; p <= rest; p++)
        lines += *p == '\n';
    text_bytes(out, source, (size_t)(rest + 1 - source));
    for (int i = 0; i < o->define_count; i++) {
        const char *equals = strchr(o->defines[i], '=');
        int name = equals ? (int)(equals - o->defines[i]) : (int)strlen(o->defines[i]);
        text_add(out, "#define %.*s %s\n", name, o->defines[i], equals ? equals + 1 : "1");
    }
    text_add(out, "#line %d\n%s", lines, rest + 1);
}

#define OPTIMISE_SECONDS 10 /* a shader takes a tenth of a second */

/* Fills the step's words from a .spv file or by compiling. */
static bool load(struct step *s, const char *path, const struct foreign_options *o, struct foreign_verdict *v, struct error *e)
{
    struct text file = {0};
    if (!file_read(path, &file, e))
        return false;
    bool ok = true;
    if (ends_with(path, ".spv")) {
        s->spirv = need(file.len + 4);
        s->spirv_words = file.len / 4;
        memcpy(s->spirv, file.s ? file.s : "", file.len);
        ok = file.len % 4 == 0 || error_set(e, EXIT_USAGE, "%s: its length is not a multiple of 4: it is not SPIR-V", path);
    } else {
        struct spirv spirv;
        add_defines(&s->glsl, text_get(&file), o);
        bool optimised = true;
        ok = shader_compile_within(path, text_get(&s->glsl), o->optimise_seconds ? o->optimise_seconds : OPTIMISE_SECONDS, &spirv,
                                   &optimised, e);
        if (!optimised)
            snprintf(v->note, sizeof v->note, "The optimiser crashed or took too long: the shader is counted as it is written.");
        if (ok) {
            s->spirv_words = spirv.count;
            s->spirv = need(spirv.count * 4);
            memcpy(s->spirv, spirv.words, spirv.count * 4);
        }
    }
    text_free(&file);
    return ok;
}

static bool fill_step(struct plan *p, struct step *s, const struct foreign_options *o, struct foreign_verdict *v, struct error *e)
{
    struct module m;
    struct reflection f;
    struct spec_value spec[DEVICE_SPEC_MAX];
    int given;
    if (!parse_specs(s, o, e))
        return false;
    for (int i = 0; i < s->spec_count; i++)
        spec[i] = (struct spec_value){s->spec_ids[i], s->spec_values[i]};
    for (int i = 0; i < 3; i++)
        s->groups[i] = o->groups[i] ? o->groups[i] : 1;
    if (!module_read(&m, s->spirv, s->spirv_words, spec, (size_t)s->spec_count, e))
        return false;
    bool ok = reflect(&f, &m, NULL, NULL, e) && parse_push(p, s, o, &given, e);
    if (ok) {
        s->needs = foreign_needs(&m);
        foreign_bind(p, s, &f, o, v);
        foreign_push(p, s, &m, &f, o, given, v);
        snprintf(s->entry, sizeof s->entry, "%s", f.entry);
    }
    reflection_free(&f);
    module_free(&m);
    return ok;
}

struct plan *foreign_plan(const char *path, const struct foreign_options *o, struct foreign_verdict *v, struct error *e)
{
    struct plan *p = need(sizeof *p);
    *v = (struct foreign_verdict){.runnable = true};
    p->name = need_string(path);
    p->variant = need_string("single");
    p->counts_from = "counted";
    struct step *s = plan_add_step(p, path);
    if (!load(s, path, o, v, e) || !fill_step(p, s, o, v, e)) {
        error_prefix(e, "%s", path);
        plan_free(p);
        return NULL;
    }
    p->tensor_bytes = p->tensor_count ? (double)tensor_bytes(&p->tensors[0]) : 0;
    plan_finish(p);
    return p;
}
