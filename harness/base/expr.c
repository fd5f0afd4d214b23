/* Arithmetic expressions; see expr.h.
 *
 * The parser goes down the grammar and emits nodes in postfix order, so that neither evaluation recurses: the
 * only recursion is the parser's own, and it is counted. What an operator or a function does is one row of
 * the table in expr_ops.c. */
#include "harness/base/expr.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/expr_ops.h"
#include "harness/base/text.h"

enum {
    DEPTH_MAX = 64,   /* parentheses, minus signs and powers inside one another */
    STACK_MAX = 256,  /* values that wait at one time */
    NODES_MAX = 4096, /* numbers, names and operations in one expression */
    SHOWN = 60,       /* characters of the input that an error repeats */
    FUNCTIONS_MAX = 32
};

struct node {
    const struct expr_op *op; /* NULL: a number, or a name where `name` is not -1 */
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

static bool emit_op(struct parser *p, const struct expr_op *op)
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

static const struct expr_op *function_find(const char *s, size_t len)
{
    for (const struct expr_op *op = expr_ops; op->name; op++)
        if (op->level == LEVEL_NONE && is_name(s, len, op->name))
            return op;
    return NULL;
}

/* Says that there is no such name or function, and which is near. */
static bool name_refused(struct parser *p, size_t len, bool called)
{
    char shown[SHOWN + 4], why[SHOWN + 40];
    text_show(shown, p->at, len);
    snprintf(why, sizeof why, "there is no %s '%s'", called ? "function" : "name", shown);
    const char *functions[FUNCTIONS_MAX];
    size_t functions_count = 0;
    for (const struct expr_op *op = expr_ops; op->name && functions_count < FUNCTIONS_MAX; op++)
        if (op->level == LEVEL_NONE)
            functions[functions_count++] = op->name;
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

static bool parse_call(struct parser *p, const struct expr_op *op)
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
        const struct expr_op *op = function_find(start, len);
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
        ok = parse_unary(p) && emit_op(p, &expr_negative);
    } else {
        ok = parse_power(p);
    }
    p->depth--;
    return ok;
}

/* The operator of this level that stands here, or NULL. */
static const struct expr_op *operator_find(struct parser *p, enum expr_level level)
{
    blanks_skip(p);
    for (const struct expr_op *op = expr_ops; op->name; op++)
        if (op->level == level && starts_with(p->at, op->name))
            return op;
    return NULL;
}

static bool parse_level(struct parser *p, int level)
{
    if (level == LEVEL_POWER)
        return parse_unary(p);
    if (!parse_level(p, level + 1))
        return false;
    const struct expr_op *op;
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

void expr_range(const struct expr *x, const double *low, const double *high, double *out_low,
                double *out_high)
{
    struct range stack[STACK_MAX];
    int top = 0;
    for (int i = 0; i < x->count; i++) {
        const struct node *node = &x->nodes[i];
        if (!node->op) {
            struct range r = range_span(node->number, node->number);
            if (node->name >= 0)
                r = range_span(low[node->name], high[node->name]);
            stack[top++] = r;
            continue;
        }
        top -= node->op->args;
        stack[top] = expr_op_range(node->op, stack + top);
        top++;
    }
    *out_low = stack[0].low;
    *out_high = stack[0].high;
}

bool expr_uses(const struct expr *x, int i)
{
    for (int n = 0; n < x->count; n++)
        if (i >= 0 && !x->nodes[n].op && x->nodes[n].name == i)
            return true;
    return false;
}
