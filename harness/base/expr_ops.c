/* The operators and functions of expressions: the value and the range of each, one row in a table. */
#include "harness/base/expr_ops.h"

#include <math.h>
#include <stddef.h>

#include "harness/base/expr.h"

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
/* In C, 1^NaN and NaN^0 are 1; a missing number must not turn into a plausible one. */
static double value_power(const double *a) { return isnan(a[0]) || isnan(a[1]) ? NAN : pow(a[0], a[1]); }
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
/* fmin and fmax would drop a NaN. */
static double value_min(const double *a) { return isnan(a[0]) || a[0] < a[1] ? a[0] : a[1]; }
static double value_max(const double *a) { return isnan(a[0]) || a[0] > a[1] ? a[0] : a[1]; }
static double value_select(const double *a) { return isnan(a[0]) ? a[0] : a[0] != 0 ? a[1] : a[2]; }
static double value_hash(const double *a)
{
    /* NAN is a float, and without the cast the hash would be rounded to one. */
    return isfinite(a[0]) && isfinite(a[1]) ? (double)expr_hash(word(a[0]), word(a[1])) : (double)NAN;
}

/* ---- ranges ---- */

static const struct range no_range = {NAN, NAN, true};
static const struct range any_range = {-INFINITY, INFINITY, true};

struct range range_span(double low, double high)
{
    return isnan(low) || isnan(high) ? no_range : (struct range){low, high, false};
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
    struct range r = range_span(INFINITY, -INFINITY);
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
    return range_span(low >= 0 ? fmax(below, 0) : below, high <= 0 ? fmin(above, 0) : above);
}

static struct range range_negative(const struct range *a)
{
    return range_span(-a->high, -a->low);
}

static struct range range_add(const struct range *a)
{
    return range_span(a[0].low + a[1].low, a[0].high + a[1].high);
}

static struct range range_subtract(const struct range *a)
{
    return range_span(a[0].low - a[1].high, a[0].high - a[1].low);
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
    return range_span(a[0].low < 0 ? fmax(a[0].low, -most) : 0,
                          a[0].high > 0 ? fmin(a[0].high, most) : 0);
}

/* x^n for a whole n, where x may be negative. */
static struct range whole_power(struct range x, double n)
{
    double low = pow(x.low, n), high = pow(x.high, n);
    if (n == 0)
        return range_span(1, 1);
    if (has_zero(x) && fmod(n, 2) == 0)
        return widened(0, fmax(low, high));
    return widened(fmin(low, high), fmax(low, high));
}

static struct range range_power(const struct range *a)
{
    if (has_zero(a[0]) && a[1].low < 0)
        return any_range; /* a division by zero */
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
        return range_span(0, 1);
    return range_span(surely, !surely_not);
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
    return range_span(has_zero(*a) ? 0 : fmin(low, high), fmax(low, high));
}

static struct range range_sqrt(const struct range *a)
{
    return range_span(sqrt(a->low), sqrt(a->high));
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
    return range_span(fmax(r.low, -1), fmin(r.high, 1));
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
    return range_span(floor(a->low), floor(a->high));
}

static struct range range_ceil(const struct range *a)
{
    return range_span(ceil(a->low), ceil(a->high));
}

static struct range range_round(const struct range *a)
{
    return range_span(round(a->low), round(a->high));
}

static struct range range_min(const struct range *a)
{
    return range_span(fmin(a[0].low, a[1].low), fmin(a[0].high, a[1].high));
}

static struct range range_max(const struct range *a)
{
    return range_span(fmax(a[0].low, a[1].low), fmax(a[0].high, a[1].high));
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
    return range_span(0, UINT32_MAX);
}

/* ---- the table ---- */

/* Of two operators that begin alike the longer stands first. */
const struct expr_op expr_ops[] = {
    {"<=", LEVEL_COMPARE, 2, value_less_equal, range_less_equal, true},
    {"<", LEVEL_COMPARE, 2, value_less, range_less, true},
    {">=", LEVEL_COMPARE, 2, value_more_equal, range_more_equal, true},
    {">", LEVEL_COMPARE, 2, value_more, range_more, true},
    {"==", LEVEL_COMPARE, 2, value_equal, range_equal, true},
    {"!=", LEVEL_COMPARE, 2, value_unequal, range_unequal, true},
    {"+", LEVEL_SUM, 2, value_add, range_add, false},
    {"-", LEVEL_SUM, 2, value_subtract, range_subtract, false},
    {"*", LEVEL_PRODUCT, 2, value_multiply, range_multiply, false},
    {"/", LEVEL_PRODUCT, 2, value_divide, range_divide, false},
    {"%", LEVEL_PRODUCT, 2, value_rest, range_rest, false},
    {"^", LEVEL_POWER, 2, value_power, range_power, false},
    {"abs", LEVEL_NONE, 1, value_abs, range_abs, false},
    {"sqrt", LEVEL_NONE, 1, value_sqrt, range_sqrt, false},
    {"exp", LEVEL_NONE, 1, value_exp, range_exp, false},
    {"log", LEVEL_NONE, 1, value_log, range_log, false},
    {"tanh", LEVEL_NONE, 1, value_tanh, range_tanh, false},
    {"erf", LEVEL_NONE, 1, value_erf, range_erf, false},
    {"floor", LEVEL_NONE, 1, value_floor, range_floor, false},
    {"ceil", LEVEL_NONE, 1, value_ceil, range_ceil, false},
    {"round", LEVEL_NONE, 1, value_round, range_round, false},
    {"min", LEVEL_NONE, 2, value_min, range_min, false},
    {"max", LEVEL_NONE, 2, value_max, range_max, false},
    {"pow", LEVEL_NONE, 2, value_power, range_power, false},
    {"select", LEVEL_NONE, 3, value_select, range_select, true},
    {"hash", LEVEL_NONE, 2, value_hash, range_hash, false},
    {NULL, LEVEL_NONE, 0, NULL, NULL, false},
};

const struct expr_op expr_negative = {"-", LEVEL_NONE, 1, value_negative, range_negative, false};

struct range expr_op_range(const struct expr_op *op, const struct range *a)
{
    if (op->own)
        return op->range(a);
    double points[EXPR_ARGS_MAX];
    bool all_points = true, doubt = false;
    for (int i = 0; i < op->args; i++) {
        if (range_isnan(a[i]))
            return no_range;
        all_points = all_points && is_point(a[i]);
        doubt = doubt || a[i].doubt;
        points[i] = a[i].low;
    }
    /* A value that is not finite is left to the row, because zero's sign, and so that of 1/0, is not kept. */
    double value = all_points ? op->value(points) : NAN;
    struct range r = isfinite(value) ? range_span(value, value) : op->range(a);
    r.doubt = r.doubt || doubt;
    return range_isnan(r) ? no_range : r;
}
