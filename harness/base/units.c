/* Quantities with units; see units.h. */
#include "harness/base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/text.h"

struct prefix {
    const char *text;
    double factor;
};

static const struct prefix plain[] = {{"", 1}, {NULL, 0}};
static const struct prefix decimal[] = {{"", 1},    {"k", 1e3},  {"K", 1e3},  {"M", 1e6},
                                        {"G", 1e9}, {"T", 1e12}, {"P", 1e15}, {NULL, 0}};
static const struct prefix decimal_and_binary[] = {
    {"", 1},        {"k", 1e3},   {"K", 1e3},      {"M", 1e6},           {"G", 1e9},
    {"T", 1e12},    {"P", 1e15},  {"Ki", 1024.0},  {"Mi", 1048576.0},    {"Gi", 1073741824.0},
    {"Ti", 1099511627776.0},      {NULL, 0}};
/* Micro is u, or one of Unicode's two letters for it: the micro sign and the Greek mu. */
static const struct prefix small[] = {{"n", 1e-9}, {"u", 1e-6}, {"\xc2\xb5", 1e-6}, {"\xce\xbc", 1e-6},
                                      {"m", 1e-3}, {"", 1},     {NULL, 0}};

/* One kind of quantity: what is accepted, and what is recognised only to say how it is written. */
struct kind {
    const char *noun;            /* "bytes are", to begin the sentence that shows how they are written */
    const char *examples;        /* how they are written */
    const struct prefix *prefixes;
    const char *bases[5];        /* accepted; the first is the one shown */
    const char *mistaken[5];     /* not accepted, but it is plain what is meant */
    bool any_case, bare, whole, positive, binary;
    double most;                 /* above this it is absurd */
};

static const struct kind kinds[] = {
    [UNIT_BYTES] = {"bytes are", "64MB (10^6) or 64MiB (2^20)", decimal_and_binary,
                    {"B"}, {"", "Byte", "Bytes", "B/s"}, .binary = true, .most = 1e18},
    [UNIT_BYTES_PER_S] = {"a bandwidth is", "320GB/s (10^9) or 320GiB/s (2^30)", decimal_and_binary,
                          {"B/s"}, {"", "B", "Bps", "B/sec"}, .positive = true, .binary = true, .most = 1e18},
    [UNIT_OPS_PER_S] = {"a rate of operations is", "10TFLOP/s or 500Gop/s", decimal,
                        {"FLOP/s", "FLOPS", "OP/s", "OPS"}, {"", "FLOP", "OP", "FLOPs/s", "OPs/s"},
                        .any_case = true, .positive = true, .most = 1e24},
    [UNIT_SECONDS] = {"a time is", "5us, 1.6ms or 2s", small, {"s"}, {"sec", "secs", "second", "seconds"},
                      .most = 1e9},
    [UNIT_RATIO] = {"a ratio is", "1% or 0.01", plain, {"%"}, {"percent", "pct"}, .bare = true, .most = 1e6},
    [UNIT_COUNT] = {"a count is", "4096 or 1e6, a whole number without a unit", plain, {""}, {""},
                    .bare = true, .whole = true, .most = 9007199254740992.0},
};

enum { BASES = 5, SHOWN = 60 };

/* Finds prefix and base that together are the suffix. */
static const struct prefix *suffix_find(const struct kind *kind, const char *const *bases, const char *suffix,
                                        bool any_case)
{
    int (*compare)(const char *, const char *) = any_case ? strcasecmp : strcmp;
    for (int b = 0; b < BASES && bases[b]; b++) {
        for (const struct prefix *p = kind->prefixes; p->text; p++) {
            char both[32];
            snprintf(both, sizeof both, "%s%s", p->text, bases[b]);
            if (compare(both, suffix) == 0)
                return p;
        }
    }
    return NULL;
}

static bool unit_refused(const struct kind *kind, const char *text, const char *suffix, struct error *e)
{
    if (!*suffix)
        return error_set(e, EXIT_USAGE, "'%.*s' needs a unit: %s written like %s", SHOWN, text, kind->noun,
                         kind->examples);
    const struct prefix *meant = suffix_find(kind, kind->bases, suffix, true);
    if (!meant)
        meant = suffix_find(kind, kind->mistaken, suffix, true);
    int number = (int)(suffix - text);
    while (number > 0 && isspace((unsigned char)text[number - 1]))
        number--;
    char guess[SHOWN + 40] = "";
    if (meant && number <= SHOWN && kind->bases[0][0])
        snprintf(guess, sizeof guess, "; did you mean %.*s%s%s?", number, text, meant->text, kind->bases[0]);
    const char *remark = "";
    if (kind->binary)
        remark = strchr(suffix, 'b') ? " (MB is 10^6 bytes and MiB is 2^20; a small b would be bits)"
                                     : " (MB is 10^6 bytes and MiB is 2^20)";
    return error_set(e, EXIT_USAGE, "'%.*s' has an unknown unit '%.*s': %s written like %s%s%s", SHOWN, text,
                     SHOWN, suffix, kind->noun, kind->examples, remark, guess);
}

static bool number_refused(const struct kind *kind, const char *text, const char *why, struct error *e)
{
    return error_set(e, EXIT_USAGE, "'%.*s' %s: %s written like %s", SHOWN, text, why, kind->noun,
                     kind->examples);
}

/* Is the value one that such a quantity can have? Bytes become whole here: 0.1MiB is 104858 bytes. */
static bool value_check(const struct kind *kind, const char *text, double *value, struct error *e)
{
    double v = *value;
    if (!isfinite(v) || v > kind->most)
        return number_refused(kind, text, "is too large to be meant", e);
    if (kind->positive && v <= 0)
        return number_refused(kind, text, "must be more than 0", e);
    if (kind->whole && v != rint(v))
        return number_refused(kind, text, "is not a whole number", e);
    if (kind == &kinds[UNIT_BYTES]) {
        if (v > 0 && rint(v) < 1)
            return number_refused(kind, text, "is less than a byte", e);
        *value = rint(v);
    }
    return true;
}

/* The number at the start of text; *rest is what follows it and blanks. */
static bool number_read(const struct kind *kind, const char *text, double *value, char **rest,
                        struct error *e)
{
    if (!*text)
        return number_refused(kind, text, "is empty", e);
    if (*text == '-')
        return number_refused(kind, text, "must not be negative", e);
    /* strtod would also take blanks, a sign, inf, nan and hexadecimal; none of them is a quantity. */
    bool digit = isdigit((unsigned char)text[0]) || (text[0] == '.' && isdigit((unsigned char)text[1]));
    if (!digit || (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')))
        return number_refused(kind, text, "does not begin with a decimal number", e);
    *value = strtod(text, rest);
    while (isspace((unsigned char)**rest))
        (*rest)++;
    return true;
}

static bool quantity_read(const struct kind *kind, const char *text, double *value, struct error *e)
{
    char *suffix;
    double number = 0;
    if (!number_read(kind, text, &number, &suffix, e))
        return false;
    double factor = 1;
    if (*suffix || !kind->bare) {
        const struct prefix *p = suffix_find(kind, kind->bases, suffix, kind->any_case);
        bool zero_time = !*suffix && number == 0 && kind == &kinds[UNIT_SECONDS];
        if (!p && !zero_time)
            return unit_refused(kind, text, suffix, e);
        factor = p ? p->factor : 1;
    }
    /* Small factors divide, because 5/1e6 is the double nearest to 5us and 5*1e-6 need not be. */
    number = factor < 1 ? number / rint(1 / factor) : number * factor;
    if (kind == &kinds[UNIT_RATIO] && *suffix)
        number /= 100;
    if (!value_check(kind, text, &number, e))
        return false;
    *value = number;
    return true;
}

bool units_parse(enum unit unit, const char *text, double *value, struct error *e)
{
    char *copy = need_string(text ? text : "");
    bool ok = quantity_read(&kinds[unit], trim(copy), value, e);
    free(copy);
    return ok;
}

/* ---- writing ---- */

/* The steps a printed quantity climbs, smallest first. */
static const struct prefix shown_large[] = {{"", 1},     {"k", 1e3},  {"M", 1e6}, {"G", 1e9},
                                            {"T", 1e12}, {"P", 1e15}, {NULL, 0}};
static const struct prefix shown_small[] = {{"n", 1e-9}, {"u", 1e-6}, {"m", 1e-3}, {"", 1}, {NULL, 0}};

static const struct shown {
    const struct prefix *steps;
    const char *base;
    int digits; /* significant */
} shown[] = {
    [UNIT_BYTES] = {shown_large, "B", 3},    [UNIT_BYTES_PER_S] = {shown_large, "B/s", 3},
    [UNIT_OPS_PER_S] = {shown_large, "FLOP/s", 3}, [UNIT_SECONDS] = {shown_small, "s", 4},
    [UNIT_RATIO] = {plain, "%", 3},          [UNIT_COUNT] = {plain, "", 0},
};

/* value rounded to `digits` significant ones: 999.96 must become 1000 before its prefix is chosen. */
static double significant(double value, int digits)
{
    char text[40];
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    return strtod(text, NULL);
}

/* Decimals that leave `digits` significant ones; a very small number gets no endless row of zeros. */
static int decimals(double value, int digits)
{
    int whole = value == 0 ? 1 : (int)floor(log10(fabs(value))) + 1;
    int after = digits - whole;
    return after < 0 ? 0 : after > 6 ? 6 : after;
}

static char *count_format(char out[UNITS_TEXT], double value)
{
    bool whole = value == rint(value) && fabs(value) < 1e15;
    snprintf(out, UNITS_TEXT, whole ? "%.0f" : "%.4g", value == 0 ? 0 : value);
    return out;
}

char *units_format(char out[UNITS_TEXT], enum unit unit, double value)
{
    const struct shown *how = &shown[unit];
    if (!isfinite(value)) {
        snprintf(out, UNITS_TEXT, "-");
        return out;
    }
    if (unit == UNIT_COUNT)
        return count_format(out, value);
    double rounded = significant(unit == UNIT_RATIO ? 100 * value : value, how->digits);
    if (rounded == 0) {
        snprintf(out, UNITS_TEXT, "0 %s", how->base);
        return out;
    }
    const struct prefix *step = how->steps;
    /* The small slack keeps 1e-6 on its own step, whichever side of it the last bit fell. */
    while (step[1].text && fabs(rounded) >= step[1].factor * (1 - 1e-9))
        step++;
    double mantissa = significant(rounded / step->factor, how->digits);
    bool bytes = unit == UNIT_BYTES && step->factor == 1;
    if (fabs(mantissa) >= 1e6 || fabs(mantissa) < 1e-4)
        snprintf(out, UNITS_TEXT, "%.3g %s%s", mantissa, step->text, how->base);
    else
        snprintf(out, UNITS_TEXT, "%.*f %s%s", bytes && mantissa == rint(mantissa) ? 0
                 : decimals(mantissa, how->digits), mantissa, step->text, how->base);
    return out;
}
