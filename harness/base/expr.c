/* Arithmetic expressions; see expr.h.
 *
 * The parser goes down the grammar and emits nodes in postfix order, so that neither evaluation recurses: the
 * only recursion is the parser's own, and it is counted. Every operator and function is one row of `ops`. */
#include "harness/base/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

enum {
    DEPTH_MAX = 64,   /* parentheses, minus signs and powers inside one another */
    STACK_MAX = 256,  /* values that wait at one time */
    NODES_MAX = 4096, /* numbers, names and operations in one expression */
    SHOWN = 60        /* characters of the input that an error repeats */
};

struct range {
    double low, high;
    bool doubt; /* NaN may stand here beside the numbers from low to high, as after a division by zero */
};

/* ---- values ---- */

uint32_t expr_hash(uint32_t seed, uint32_t index)
{
    uint32_t x = index + seed * UINT32_C(0x9e3779b9);
    x ^= x >> 16;
    x *= UINT32_C(0x7feb352d);
    x ^= x >> 15;
    x *= UINT32_C(0x846ca68b);
    x ^= x >> 16;
    return x;
}

/* A double modulo 2^32, as a shader's uint would hold it; x is finite. */
static uint32_t word(double x)
{
    double rest = fmod(trunc(x), 4294967296.0);
    return (uint32_t)(rest < 0 ? rest + 4294967296.0 : rest);
}

static double value_negative(const double *a) { return -a[0]; }
static double value_add(const double *a) { return a[0] + a[1]; }
static double value_subtract(const double *a) { return a[0] - a[1]; }
static double value_multiply(const double *a) { return a[0] * a[1]; }
static double value_divide(const double *a) { return a[0] / a[1]; }
static double value_rest(const double *a) { return fmod(a[0], a[1]); }
static double value_power(const double *a) { return pow(a[0], a[1]); }
static double value_less(const double *a) { return a[0] < a[1]; }
static double value_less_equal(const double *a) { return a[0] <= a[1]; }
static double value_more(const double *a) { return a[0] > a[1]; }
static double value_more_equal(const double *a) { return a[0] >= a[1]; }
static double value_equal(const double *a) { return a[0] == a[1]; }
/* Not so in C: NaN != x is 0 here, because no comparison with NaN holds. */
static double value_unequal(const double *a) { return a[0] < a[1] || a[0] > a[1]; }
static double value_abs(const double *a) { return fabs(a[0]); }
static double value_sqrt(const double *a) { return sqrt(a[0]); }
static double value_exp(const double *a) { return exp(a[0]); }
static double value_log(const double *a) { return log(a[0]); }
static double value_tanh(const double *a) { return tanh(a[0]); }
static double value_erf(const double *a) { return erf(a[0]); }
static double value_floor(const double *a) { return floor(a[0]); }
static double value_ceil(const double *a) { return ceil(a[0]); }
static double value_round(const double *a) { return round(a[0]); }
/* fmin and fmax would drop a NaN; a missing number must not turn into a plausible one. */
static double value_min(const double *a) { return isnan(a[0]) || a[0] < a[1] ? a[0] : a[1]; }
static double value_max(const double *a) { return isnan(a[0]) || a[0] > a[1] ? a[0] : a[1]; }
static double value_select(const double *a) { return isnan(a[0]) ? a[0] : a[0] != 0 ? a[1] : a[2]; }
static double value_hash(const double *a)
{
    return isfinite(a[0]) && isfinite(a[1]) ? expr_hash(word(a[0]), word(a[1])) : NAN;
}

/* ---- ranges ---- */

static const struct range no_range = {NAN, NAN, true};
static const struct range any_range = {-INFINITY, INFINITY, true};

static struct range span(double low, double high)
{
    return (struct range){low, high, false};
}

static bool is_point(struct range r)
{
    return r.low == r.high;
}

static bool range_isnan(struct range r)
{
    return isnan(r.low) || isnan(r.high);
}

static bool has_zero(struct range r)
{
    return r.low <= 0 && r.high >= 0;
}

/* The range of four corner values, with NaN (as of 0 * inf, where inf stands for "without limit") as 0. */
static struct range corners(const double *at)
{
    struct range r = span(INFINITY, -INFINITY);
    for (int i = 0; i < 4; i++) {
        double v = isnan(at[i]) ? 0 : at[i];
        r.low = fmin(r.low, v);
        r.high = fmax(r.high, v);
    }
    return r;
}

/* The C library's functions may err in the last bit, and then not rise where the true function does; one step
 * outwards keeps the range sound. Zero is never stepped over: none of them errs in the sign. */
static struct range widened(double low, double high)
{
    double below = nextafter(low, -INFINITY), above = nextafter(high, INFINITY);
    return span(low >= 0 ? fmax(below, 0) : below, high <= 0 ? fmin(above, 0) : above);
}

static struct range range_negative(const struct range *a)
{
    return span(-a->high, -a->low);
}

static struct range range_add(const struct range *a)
{
    return span(a[0].low + a[1].low, a[0].high + a[1].high);
}

static struct range range_subtract(const struct range *a)
{
    return span(a[0].low - a[1].high, a[0].high - a[1].low);
}

static struct range range_multiply(const struct range *a)
{
    const double at[4] = {a[0].low * a[1].low, a[0].low * a[1].high, a[0].high * a[1].low,
                          a[0].high * a[1].high};
    return corners(at);
}

static struct range range_divide(const struct range *a)
{
    if (has_zero(a[1]))
        return any_range;
    const double at[4] = {a[0].low / a[1].low, a[0].low / a[1].high, a[0].high / a[1].low,
                          a[0].high / a[1].high};
    return corners(at);
}

/* fmod has the sign of its first argument and is smaller than both. */
static struct range range_rest(const struct range *a)
{
    if (has_zero(a[1]) || isinf(a[0].low) || isinf(a[0].high))
        return no_range;
    double most = fmax(fabs(a[1].low), fabs(a[1].high)), least = fmin(fabs(a[1].low), fabs(a[1].high));
    if (a[0].low > -least && a[0].high < least)
        return a[0];
    return span(a[0].low < 0 ? fmax(a[0].low, -most) : 0,
                          a[0].high > 0 ? fmin(a[0].high, most) : 0);
}

/* x^n for a whole n, where x may be negative. */
static struct range whole_power(struct range x, double n)
{
    double low = pow(x.low, n), high = pow(x.high, n);
    bool even = fmod(n, 2) == 0;
    if (n == 0)
        return span(1, 1);
    if (!has_zero(x) || (n > 0 && !even))
        return widened(fmin(low, high), fmax(low, high));
    if (n > 0)
        return widened(0, fmax(low, high));
    return even ? widened(fmin(low, high), INFINITY) : any_range;
}

static struct range range_power(const struct range *a)
{
    if (a[0].low < 0)
        return is_point(a[1]) && a[1].low == trunc(a[1].low) && isfinite(a[1].low)
                   ? whole_power(a[0], a[1].low) : no_range;
    /* Over x >= 0 the power is monotone in each argument while the other stands still. */
    const double at[4] = {pow(a[0].low, a[1].low), pow(a[0].low, a[1].high), pow(a[0].high, a[1].low),
                          pow(a[0].high, a[1].high)};
    struct range r = corners(at);
    return widened(r.low, r.high);
}

/* The range of a comparison's 0 or 1: from 0 to 1 where it is neither sure nor impossible. No comparison with
 * NaN holds, so where NaN may stand on a side nothing is sure; nor where a side has no limit at all. */
static struct range told(const struct range *a, bool surely, bool surely_not)
{
    bool unknown = false;
    for (int i = 0; i < 2; i++)
        unknown = unknown || range_isnan(a[i]) || a[i].doubt ||
                  (a[i].low == -INFINITY && a[i].high == INFINITY);
    if (unknown)
        return span(0, 1);
    return span(surely, !surely_not);
}

static struct range range_less(const struct range *a)
{
    return told(a, a[0].high < a[1].low, a[0].low >= a[1].high);
}

static struct range range_less_equal(const struct range *a)
{
    return told(a, a[0].high <= a[1].low, a[0].low > a[1].high);
}

static struct range range_more(const struct range *a)
{
    return told(a, a[0].low > a[1].high, a[0].high <= a[1].low);
}

static struct range range_more_equal(const struct range *a)
{
    return told(a, a[0].low >= a[1].high, a[0].high < a[1].low);
}

static bool ranges_apart(const struct range *a)
{
    return a[0].high < a[1].low || a[1].high < a[0].low;
}

static bool ranges_one_point(const struct range *a)
{
    return is_point(a[0]) && is_point(a[1]) && a[0].low == a[1].low;
}

static struct range range_equal(const struct range *a)
{
    return told(a, ranges_one_point(a), ranges_apart(a));
}

static struct range range_unequal(const struct range *a)
{
    return told(a, ranges_apart(a), ranges_one_point(a));
}

static struct range range_abs(const struct range *a)
{
    double low = fabs(a->low), high = fabs(a->high);
    return span(has_zero(*a) ? 0 : fmin(low, high), fmax(low, high));
}

static struct range range_sqrt(const struct range *a)
{
    return span(sqrt(a->low), sqrt(a->high));
}

static struct range range_exp(const struct range *a)
{
    return widened(exp(a->low), exp(a->high));
}

static struct range range_log(const struct range *a)
{
    return widened(log(a->low), log(a->high));
}

/* tanh and erf lie from -1 to 1, and no step outwards may leave that: sqrt(1 - tanh(x)) is a number. */
static struct range unit_widened(double low, double high)
{
    struct range r = widened(low, high);
    return span(fmax(r.low, -1), fmin(r.high, 1));
}

static struct range range_tanh(const struct range *a)
{
    return unit_widened(tanh(a->low), tanh(a->high));
}

static struct range range_erf(const struct range *a)
{
    return unit_widened(erf(a->low), erf(a->high));
}

static struct range range_floor(const struct range *a)
{
    return span(floor(a->low), floor(a->high));
}

static struct range range_ceil(const struct range *a)
{
    return span(ceil(a->low), ceil(a->high));
}

static struct range range_round(const struct range *a)
{
    return span(round(a->low), round(a->high));
}

static struct range range_min(const struct range *a)
{
    return span(fmin(a[0].low, a[1].low), fmin(a[0].high, a[1].high));
}

static struct range range_max(const struct range *a)
{
    return span(fmax(a[0].low, a[1].low), fmax(a[0].high, a[1].high));
}

static struct range range_select(const struct range *a)
{
    if (range_isnan(a[0]))
        return no_range;
    struct range r;
    if (!has_zero(a[0]))
        r = a[1];
    else if (is_point(a[0]))
        r = a[2];
    else if (range_isnan(a[1]) || range_isnan(a[2]))
        return no_range;
    else
        r = (struct range){fmin(a[1].low, a[2].low), fmax(a[1].high, a[2].high), a[1].doubt || a[2].doubt};
    r.doubt = r.doubt || a[0].doubt;
    return r;
}

static struct range range_hash(const struct range *a)
{
    (void)a;
    return span(0, UINT32_MAX);
}

/* ---- the table ---- */

/* Rows with a level are operators, loosest first; the others are functions. `own` rows see NaN and single
 * points themselves; for the others both are handled before they are called. */
enum { LEVEL_NONE, LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_POWER };

static const struct op {
    const char *name;
    int level, args;
    bool own;
    double (*value)(const double *a);
    struct range (*range)(const struct range *a);
} ops[] = {
    /* The longer of two operators that begin alike stands first. */
    {"<=", LEVEL_COMPARE, 2, true, value_less_equal, range_less_equal},
    {"<", LEVEL_COMPARE, 2, true, value_less, range_less},
    {">=", LEVEL_COMPARE, 2, true, value_more_equal, range_more_equal},
    {">", LEVEL_COMPARE, 2, true, value_more, range_more},
    {"==", LEVEL_COMPARE, 2, true, value_equal, range_equal},
    {"!=", LEVEL_COMPARE, 2, true, value_unequal, range_unequal},
    {"+", LEVEL_SUM, 2, false, value_add, range_add},
    {"-", LEVEL_SUM, 2, false, value_subtract, range_subtract},
    {"*", LEVEL_PRODUCT, 2, false, value_multiply, range_multiply},
    {"/", LEVEL_PRODUCT, 2, false, value_divide, range_divide},
    {"%", LEVEL_PRODUCT, 2, false, value_rest, range_rest},
    {"^", LEVEL_POWER, 2, false, value_power, range_power},
    {"abs", LEVEL_NONE, 1, false, value_abs, range_abs},
    {"sqrt", LEVEL_NONE, 1, false, value_sqrt, range_sqrt},
    {"exp", LEVEL_NONE, 1, false, value_exp, range_exp},
    {"log", LEVEL_NONE, 1, false, value_log, range_log},
    {"tanh", LEVEL_NONE, 1, false, value_tanh, range_tanh},
    {"erf", LEVEL_NONE, 1, false, value_erf, range_erf},
    {"floor", LEVEL_NONE, 1, false, value_floor, range_floor},
    {"ceil", LEVEL_NONE, 1, false, value_ceil, range_ceil},
    {"round", LEVEL_NONE, 1, false, value_round, range_round},
    {"min", LEVEL_NONE, 2, false, value_min, range_min},
    {"max", LEVEL_NONE, 2, false, value_max, range_max},
    {"pow", LEVEL_NONE, 2, false, value_power, range_power},
    {"select", LEVEL_NONE, 3, true, value_select, range_select},
    {"hash", LEVEL_NONE, 2, false, value_hash, range_hash},
};
enum { OPS = sizeof ops / sizeof *ops, ARGS_MAX = 3 };

/* The minus before a value; it is found by its place and not by its name. */
static const struct op negative = {"-", LEVEL_NONE, 1, false, value_negative, range_negative};

struct node {
    const struct op *op; /* NULL: a number, or a name where `name` is not -1 */
    int name;
    double number;
};

struct expr {
    struct node *nodes; /* in postfix order */
    int count, cap;
};

/* ---- parsing ---- */

struct parser {
    const char *text, *at;
    const char *const *names;
    int names_count, depth, stack;
    struct expr *x;
    struct error *e;
};

static bool parse_expression(struct parser *p);

/* The text for an error: short, and without characters that could upset a terminal. */
static void text_show(char out[SHOWN + 4], const char *text, size_t len)
{
    size_t n = len < SHOWN ? len : SHOWN;
    for (size_t i = 0; i < n; i++)
        out[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
    snprintf(out + n, 4, "%s", len > SHOWN ? "..." : "");
}

static bool refuse(struct parser *p, const char *why, const char *hint)
{
    char shown[SHOWN + 4];
    text_show(shown, p->text, strlen(p->text));
    return error_set(p->e, EXIT_USAGE, "expression '%s', character %d: %s; %s", shown,
                     (int)(p->at - p->text) + 1, why, hint);
}

static void blanks_skip(struct parser *p)
{
    while (isspace((unsigned char)*p->at))
        p->at++;
}

static bool emit(struct parser *p, struct node node)
{
    struct expr *x = p->x;
    p->stack += 1 - (node.op ? node.op->args : 0);
    if (x->count == NODES_MAX)
        return refuse(p, "it is too long", "give its parts names of their own");
    if (p->stack > STACK_MAX)
        return refuse(p, "it is nested too deeply", "use fewer parentheses");
    if (x->count == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 16;
        x->nodes = need_more(x->nodes, (size_t)x->cap * sizeof *x->nodes);
    }
    x->nodes[x->count++] = node;
    return true;
}

static bool emit_number(struct parser *p, double number)
{
    return emit(p, (struct node){.name = -1, .number = number});
}

static bool emit_op(struct parser *p, const struct op *op)
{
    return emit(p, (struct node){.op = op, .name = -1});
}

static bool parse_number(struct parser *p)
{
    double number = 0;
    char *end;
    if (p->at[0] == '0' && (p->at[1] == 'x' || p->at[1] == 'X')) {
        const char *digit = p->at + 2;
        for (; isxdigit((unsigned char)*digit); digit++) {
            const char *digits = "0123456789abcdef";
            number = 16 * number + (double)(strchr(digits, tolower((unsigned char)*digit)) - digits);
        }
        if (digit == p->at + 2)
            return refuse(p, "0x has no digits", "write a hexadecimal number like 0x9e37");
        end = (char *)digit;
    } else {
        number = strtod(p->at, &end);
    }
    if (!isfinite(number))
        return refuse(p, "the number is too large", "the largest is about 1e308");
    p->at = end;
    return emit_number(p, number);
}

/* The length of the name at s: parts of letters, digits and '_' joined by single dots; that the first part
 * does not begin with a digit the caller has seen to. */
static size_t name_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_' ||
           (s[n] == '.' && n > 0 && (isalnum((unsigned char)s[n + 1]) || s[n + 1] == '_')))
        n++;
    return n;
}

static bool is_name(const char *s, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(s, name, len) == 0;
}

static const struct op *function_find(const char *s, size_t len)
{
    for (int i = 0; i < OPS; i++)
        if (ops[i].level == LEVEL_NONE && is_name(s, len, ops[i].name))
            return &ops[i];
    return NULL;
}

/* Says that there is no such name or function, and which is near. */
static bool name_refused(struct parser *p, size_t len, bool called)
{
    char shown[SHOWN + 4], why[SHOWN + 40];
    text_show(shown, p->at, len);
    snprintf(why, sizeof why, "there is no %s '%s'", called ? "function" : "name", shown);
    const char *functions[OPS];
    size_t functions_count = 0;
    for (int i = 0; i < OPS; i++)
        if (ops[i].level == LEVEL_NONE)
            functions[functions_count++] = ops[i].name;
    const char *const *known = called ? functions : p->names;
    size_t count = called ? functions_count : (size_t)p->names_count;
    const char *near = nearest_name(shown, known, count);
    struct text hint = {0};
    if (near) {
        text_add(&hint, "did you mean '%s'?", near);
    } else if (count == 0) {
        text_add(&hint, "only numbers can stand here");
    } else {
        text_add(&hint, "there %s", count == 1 ? "is" : "are");
        for (size_t i = 0; i < count && i < 30; i++)
            text_add(&hint, "%s %s", i ? "," : "", known[i]);
        text_add(&hint, "%s", count > 30 ? ", ..." : "");
    }
    refuse(p, why, text_get(&hint));
    text_free(&hint);
    return false;
}

static bool parse_call(struct parser *p, const struct op *op)
{
    char hint[80];
    snprintf(hint, sizeof hint, "%s takes %d argument%s", op->name, op->args, op->args == 1 ? "" : "s");
    p->at++; /* the parenthesis, which the caller has seen */
    for (int i = 0; i < op->args; i++) {
        if (!parse_expression(p))
            return false;
        blanks_skip(p);
        if (*p->at != (i + 1 < op->args ? ',' : ')'))
            return refuse(p, i + 1 < op->args ? "a ',' is missing" : "a ')' is missing", hint);
        p->at++;
    }
    return emit_op(p, op);
}

static bool parse_name(struct parser *p)
{
    const char *start = p->at;
    size_t len = name_length(start);
    const char *after = start + len;
    while (isspace((unsigned char)*after))
        after++;
    if (*after == '(') {
        const struct op *op = function_find(start, len);
        if (!op)
            return name_refused(p, len, true);
        p->at = after;
        return parse_call(p, op);
    }
    for (int i = 0; i < p->names_count; i++) {
        if (is_name(start, len, p->names[i])) {
            p->at += len;
            return emit(p, (struct node){.name = i});
        }
    }
    if (is_name(start, len, "pi")) {
        p->at += len;
        return emit_number(p, M_PI);
    }
    if (function_find(start, len))
        return refuse(p, "a function needs its arguments", "write them in parentheses, like sqrt(2)");
    return name_refused(p, len, false);
}

static bool parse_primary(struct parser *p)
{
    blanks_skip(p);
    unsigned char c = (unsigned char)p->at[0];
    if (isdigit(c) || (c == '.' && isdigit((unsigned char)p->at[1])))
        return parse_number(p);
    if (isalpha(c) || c == '_')
        return parse_name(p);
    if (c != '(')
        return refuse(p, c ? "a number, a name or '(' is wanted here" : "it ends too early",
                      "an expression reads like 8*rows*cols");
    p->at++;
    if (!parse_expression(p))
        return false;
    blanks_skip(p);
    if (*p->at != ')')
        return refuse(p, "a ')' is missing", "close each '(' that was opened");
    p->at++;
    return true;
}

static bool parse_unary(struct parser *p);

static bool parse_power(struct parser *p)
{
    if (!parse_primary(p))
        return false;
    blanks_skip(p);
    if (*p->at != '^')
        return true;
    p->at++;
    return parse_unary(p) && emit_op(p, function_find("pow", 3)); /* to the right: 2^-1, 2^3^2 = 2^9 */
}

static bool parse_unary(struct parser *p)
{
    blanks_skip(p);
    if (++p->depth > DEPTH_MAX)
        return refuse(p, "it is nested too deeply", "use fewer parentheses");
    bool ok;
    if (*p->at == '-') {
        p->at++;
        ok = parse_unary(p) && emit_op(p, &negative);
    } else {
        ok = parse_power(p);
    }
    p->depth--;
    return ok;
}

/* The operator of this level that stands here, or NULL. */
static const struct op *operator_find(struct parser *p, int level)
{
    blanks_skip(p);
    for (int i = 0; i < OPS; i++)
        if (ops[i].level == level && starts_with(p->at, ops[i].name))
            return &ops[i];
    return NULL;
}

static bool parse_level(struct parser *p, int level)
{
    if (level == LEVEL_POWER)
        return parse_unary(p);
    if (!parse_level(p, level + 1))
        return false;
    const struct op *op;
    for (int met = 0; (op = operator_find(p, level)); met++) {
        if (level == LEVEL_COMPARE && met)
            return refuse(p, "a comparison follows a comparison", "write (a < b) * (b < c) for a < b < c");
        p->at += strlen(op->name);
        if (!parse_level(p, level + 1) || !emit_op(p, op))
            return false;
    }
    return true;
}

static bool parse_expression(struct parser *p)
{
    return parse_level(p, LEVEL_COMPARE);
}

struct expr *expr_parse(const char *text, const char *const *names, int count, struct error *e)
{
    struct expr *x = need(sizeof *x);
    struct parser p = {.text = text, .at = text, .names = names, .names_count = count, .x = x, .e = e};
    bool ok = parse_expression(&p);
    if (ok) {
        blanks_skip(&p);
        if (*p.at)
            ok = refuse(&p, "an operator is wanted here",
                        *p.at == '=' ? "equality is written ==" : "they are + - * / % ^ < <= > >= == !=");
    }
    if (!ok) {
        expr_free(x);
        return NULL;
    }
    return x;
}

void expr_free(struct expr *x)
{
    if (x)
        free(x->nodes);
    free(x);
}

/* ---- evaluating ---- */

double expr_value(const struct expr *x, const double *values)
{
    double stack[STACK_MAX];
    int top = 0;
    for (int i = 0; i < x->count; i++) {
        const struct node *node = &x->nodes[i];
        if (!node->op) {
            stack[top++] = node->name >= 0 ? values[node->name] : node->number;
            continue;
        }
        top -= node->op->args;
        stack[top] = node->op->value(stack + top);
        top++;
    }
    return stack[0];
}

static struct range op_range(const struct op *op, const struct range *a)
{
    if (op->own)
        return op->range(a);
    double points[ARGS_MAX];
    bool all_points = true, doubt = false;
    for (int i = 0; i < op->args; i++) {
        if (range_isnan(a[i]))
            return no_range;
        all_points = all_points && is_point(a[i]);
        doubt = doubt || a[i].doubt;
        points[i] = a[i].low;
    }
    struct range r;
    /* A division by a single zero is left to its row: the sign of zero, and so of inf, is not kept here. */
    if (all_points && !(op->range == range_divide && points[1] == 0)) {
        r.low = r.high = op->value(points);
        r.doubt = false;
    } else {
        r = op->range(a);
    }
    r.doubt = r.doubt || doubt;
    return range_isnan(r) ? no_range : r;
}

void expr_range(const struct expr *x, const double *low, const double *high, double *out_low,
                double *out_high)
{
    struct range stack[STACK_MAX];
    int top = 0;
    for (int i = 0; i < x->count; i++) {
        const struct node *node = &x->nodes[i];
        if (!node->op) {
            struct range r = span(node->number, node->number);
            if (node->name >= 0)
                r = span(low[node->name], high[node->name]);
            stack[top++] = range_isnan(r) ? no_range : r;
            continue;
        }
        top -= node->op->args;
        stack[top] = op_range(node->op, stack + top);
        top++;
    }
    *out_low = stack[0].low;
    *out_high = stack[0].high;
}

bool expr_uses(const struct expr *x, int i)
{
    for (int n = 0; n < x->count; n++)
        if (!x->nodes[n].op && x->nodes[n].name == i)
            return true;
    return false;
}
