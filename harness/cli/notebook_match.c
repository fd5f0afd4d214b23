/* Recorded lines against lines of output, and what they capture. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/units.h"
#include "harness/cli/notebook.h"

enum { NO_UNIT = -1, WORD = 32 };

/* ---- numbers with units ---- */

/* Bytes of the decimal number that s begins with; 0 for none. */
static size_t number_bytes(const char *s)
{
    size_t n = s[0] == '-' || s[0] == '+', digits = 0;
    for (; isdigit((unsigned char)s[n]) || s[n] == '.'; n++)
        digits += s[n] != '.';
    if (!digits)
        return 0;
    if (s[n - 1] == '.') /* the end of a sentence */
        return n - 1;
    if (s[n] == 'e' || s[n] == 'E') {
        size_t exponent = n + 1 + (s[n + 1] == '-' || s[n + 1] == '+');
        while (isdigit((unsigned char)s[exponent]))
            n = ++exponent;
    }
    return n;
}

/* The unit that follows a number, after at most one blank: its kind, and the bytes up to its end. */
static int unit_follows(const char *s, size_t *bytes)
{
    static const enum unit kinds[] = {UNIT_SECONDS, UNIT_BYTES, UNIT_BYTES_PER_S, UNIT_OPS_PER_S, UNIT_RATIO};
    size_t blank = strspn(s, " "), len = 0;
    char word[WORD] = "1";          /* zeroed behind it */
    for (; len + 2 < WORD; len++) { /* letters, '/', '%', and the bytes of a micro sign */
        unsigned char c = (unsigned char)s[blank + len];
        if (!isalpha(c) && c != '/' && c != '%' && c < 0x80)
            break;
        word[len + 1] = (char)c;
    }
    double value;
    for (size_t i = 0; len > 0 && i < sizeof kinds / sizeof *kinds; i++)
        if (units_parse(kinds[i], word, &value, NULL)) {
            *bytes = blank + len;
            return (int)kinds[i];
        }
    return NO_UNIT;
}

/* The value of "75.1" with " ms" behind it, in base units. */
static double value_of(const char *number, size_t number_len, const char *unit, size_t unit_len, int kind)
{
    char text[2 * WORD + 64];
    double value = NAN;
    if (kind == NO_UNIT)
        return strtod(number, NULL);
    snprintf(text, sizeof text, "%.*s%.*s", (int)(number_len < WORD ? number_len : WORD), number,
             (int)(unit_len < WORD ? unit_len : WORD), unit);
    units_parse((enum unit)kind, text, &value, NULL);
    return value;
}

/* ---- one capture ---- */

struct pattern {
    char name[32];
    const char *inside, *end; /* what stands after '=', up to '>' */
    bool number;
    int kind;          /* enum unit or NO_UNIT */
    bool unit_inside;  /* "<tu=75.1 ms>" */
    const char *after; /* what follows in the recorded line: behind the '>' and a unit that belongs to it */
};

static bool pattern_read(const char *s, struct pattern *p)
{
    size_t n = 0;
    if (s[0] != '<' || !(isalpha((unsigned char)s[1]) || s[1] == '_'))
        return false;
    for (s++; isalnum((unsigned char)s[n]) || s[n] == '_'; n++)
        ;
    p->end = strchr(s, '>');
    if (s[n] != '=' || !p->end || n >= sizeof p->name)
        return false;
    memcpy(p->name, s, n);
    p->name[n] = '\0';
    p->inside = s + n + 1;
    size_t digits = number_bytes(p->inside), unit = 0;
    p->kind = unit_follows(p->inside + digits, &unit);
    p->unit_inside = p->kind != NO_UNIT && p->inside + digits + unit == p->end;
    p->number = digits > 0 && (p->inside + digits == p->end || p->unit_inside);
    p->after = p->end + 1;
    if (p->number && !p->unit_inside) {
        p->kind = unit_follows(p->after, &unit);
        p->after += p->kind == NO_UNIT ? 0 : unit;
    }
    return true;
}

static void capture_add(struct captures *c, const char *name, double value, const char *shown, size_t len)
{
    struct capture *to = NULL;
    if (!c)
        return;
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->list[i].name, name) == 0)
            to = &c->list[i];
    if (!to) {
        c->list = need_more(c->list, sizeof *c->list * (size_t)(c->count + 1));
        to = &c->list[c->count++];
        snprintf(to->name, sizeof to->name, "%s", name);
    }
    to->value = value;
    snprintf(to->shown, sizeof to->shown, "%.*s", (int)len, shown);
}

/* Takes a number (with its unit) from got. Returns the bytes taken, 0 where there is none. */
static size_t take_number(const struct pattern *p, const char *got, struct captures *c, struct text *out)
{
    size_t digits = number_bytes(got), unit = 0;
    int kind = p->kind == NO_UNIT ? NO_UNIT : unit_follows(got + digits, &unit);
    if (!digits || kind != p->kind)
        return 0;
    capture_add(c, p->name, value_of(got, digits, got + digits, unit, kind), got, digits + unit);
    if (out && p->unit_inside)
        text_add(out, "<%s=%.*s>", p->name, (int)(digits + unit), got);
    else if (out)
        text_add(out, "<%s=%.*s>%.*s", p->name, (int)digits, got, (int)unit, got + digits);
    return digits + unit;
}

/* Takes text from got up to where the rest of the recorded line fits; it may be nothing. */
static bool take_text(const struct pattern *p, const char *got, struct captures *c, struct text *out)
{
    for (size_t n = 0;; n++) {
        if (notebook_match(p->after, got + n, NULL, NULL)) {
            capture_add(c, p->name, NAN, got, n);
            if (out)
                text_add(out, "<%s=%.*s>", p->name, (int)n, got);
            return notebook_match(p->after, got + n, c, out);
        }
        if (!got[n])
            return false;
    }
}

/* ---- lines ---- */

static size_t blanks(const char *s)
{
    return strspn(s, " \t");
}

/* Blanks at the end do not count, on either side. */
static bool at_end(const char *s)
{
    return s[blanks(s)] == '\0';
}

static bool match_from(const char *recorded, const char *got, bool loose, struct captures *c,
                       struct text *out)
{
    struct pattern p;
    for (;;) {
        size_t number = loose ? number_bytes(recorded) : 0, other = number ? number_bytes(got) : 0;
        if (at_end(recorded) && at_end(got))
            return true;
        if (pattern_read(recorded, &p)) {
            if (!p.number)
                return take_text(&p, got, c, out);
            size_t taken = take_number(&p, got, c, out);
            if (!taken)
                return false;
            recorded = p.after;
            got += taken;
        } else if (blanks(recorded) && blanks(got)) {
            if (out)
                text_bytes(out, got, blanks(got));
            recorded += blanks(recorded);
            got += blanks(got);
        } else if (other > 0) {
            if (out)
                text_bytes(out, got, other);
            recorded += number;
            got += other;
        } else if (*recorded && *recorded == *got) {
            if (out)
                text_bytes(out, got, 1);
            recorded++;
            got++;
        } else {
            return false;
        }
    }
}

bool notebook_match(const char *recorded, const char *got, struct captures *c, struct text *rewritten)
{
    return match_from(recorded, got, false, c, rewritten);
}

bool notebook_match_loosely(const char *recorded, const char *got, struct captures *c, struct text *rewritten)
{
    return match_from(recorded, got, true, c, rewritten);
}

bool notebook_captures(const char *recorded)
{
    struct pattern p;
    for (; *recorded; recorded++)
        if (pattern_read(recorded, &p))
            return true;
    return false;
}

void captures_free(struct captures *c)
{
    free(c->list);
    *c = (struct captures){0};
}
