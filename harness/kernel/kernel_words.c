/* The words of a header line: names, numbers, pairs, expressions, and what is said where they are wrong. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/expr.h"
#include "harness/base/units.h"
#include "harness/kernel/kernel_header.h"

/* ---- errors ---- */

bool header_refuse(const struct header *h, const char *format, ...)
{
    char text[sizeof h->e->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(h->e, EXIT_USAGE, "%s:%d: %s", h->k->path, h->line, text);
}

bool header_placed(const struct header *h)
{
    return error_prefix(h->e, "%s:%d", h->k->path, h->line);
}

char *word_shown(char out[WORD_TEXT], const char *word)
{
    size_t n = 0;
    for (; word[n] && n < 40; n++)
        out[n] = iscntrl((unsigned char)word[n]) ? '?' : word[n];
    snprintf(out + n, 4, "%s", word[n] ? "..." : "");
    return out;
}

char *name_hint(char out[HINT_TEXT], const char *word, const char *const *names, size_t count)
{
    const char *near = nearest_name(word, names, count);
    struct text list = {0};
    for (size_t i = 0; i < count; i++)
        text_add(&list, "%s%s", i ? ", " : "", names[i]);
    if (near)
        snprintf(out, HINT_TEXT, "; did you mean '%s'?", near);
    else if (count == 0)
        snprintf(out, HINT_TEXT, "; there is none yet");
    else
        snprintf(out, HINT_TEXT, "; these are known: %s", text_get(&list));
    text_free(&list);
    return out;
}

/* ---- words ---- */

char *header_word(char **at)
{
    char *word = *at + strspn(*at, " \t"), *end = word;
    int depth = 0;
    for (; *end && (depth > 0 || !isspace((unsigned char)*end)); end++)
        depth += (*end == '(' || *end == '[') - (*end == ')' || *end == ']');
    *at = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

char *list_part_end(char *text)
{
    int depth = 0;
    for (; *text && (depth > 0 || *text != ','); text++)
        depth += (*text == '(') - (*text == ')');
    return text;
}

char *header_pair(const struct header *h, char *word, const char *example)
{
    char shown[WORD_TEXT];
    char *equals = strchr(word, '=');
    if (!equals || equals == word || !equals[1]) {
        header_refuse(h, "'%s' is not name=value; write it like %s, without blanks around the =",
                      word_shown(shown, word), example);
        return NULL;
    }
    *equals = '\0';
    return equals + 1;
}

bool header_copy(const struct header *h, char *to, size_t size, const char *from, const char *what)
{
    char shown[WORD_TEXT];
    if (strlen(from) >= size)
        return header_refuse(h, "%s '%s' is too long; at most %zu characters fit", what,
                             word_shown(shown, from), size - 1);
    memcpy(to, from, strlen(from) + 1);
    return true;
}

bool header_whole(const struct header *h, const char *text, double least, uint32_t *value)
{
    double v = 0;
    char shown[WORD_TEXT];
    if (!units_parse(UNIT_COUNT, text, &v, h->e))
        return header_placed(h);
    if (v < least || v > UINT32_MAX)
        return header_refuse(h, "'%s' is out of range; write a number from %.0f to 4294967295",
                             word_shown(shown, text), least);
    *value = (uint32_t)v;
    return true;
}

bool header_name(const struct header *h, char *to, size_t size, const char *name)
{
    const struct kernel *k = h->k;
    char shown[WORD_TEXT];
    size_t n = 0;
    while (isalnum((unsigned char)name[n]) || name[n] == '_')
        n++;
    if (n == 0 || name[n] || isdigit((unsigned char)name[0]))
        return header_refuse(h,
                             "'%s' is not a name; names are letters, digits and _, and begin with no digit",
                             word_shown(shown, name));
    bool taken = kernel_find_buffer(k, name) >= 0 || kernel_find_shape(k, name) >= 0;
    for (int i = 0; i < k->tune_count; i++)
        taken = taken || strcmp(k->tune[i].name, name) == 0;
    if (taken)
        return header_refuse(h, "the name '%s' is used twice; choose another", word_shown(shown, name));
    return header_copy(h, to, size, name, "the name");
}

bool header_expression(const struct header *h, char *to, size_t size, const char *text)
{
    struct scope s = kernel_scope(h->k, NULL, NULL);
    struct expr *x = expr_parse(text, s.names, s.count, h->e);
    if (!x)
        return header_placed(h);
    expr_free(x);
    return header_copy(h, to, size, text, "the expression");
}
