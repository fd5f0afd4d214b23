/* Expressions: values, ranges, and input that means harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/expr.h"
#include "harness/base/text.h"

enum { NAMES = 5 };
static const char *const names[NAMES] = {"rows", "cols", "x", "fused.time", "_n1"};
static const double values[NAMES] = {4096, 1024, -0.5, 2.5, 0};

static double value_of(const char *text)
{
    struct error e = {0};
    struct expr *x = expr_parse(text, names, NAMES, &e);
    if (!x)
        fail_msg("%s", e.text);
    double v = expr_value(x, values);
    expr_free(x);
    return v;
}

static void values_right(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"8*rows*cols", 33554432},
        {"1+2*3", 7},
        {"(1+2)*3", 9},
        {"10-4-3", 3},
        {"64/4/2", 8},
        {"7%4*2", 6},
        {"2^3^2", 512},
        {"-2^2", -4},
        {"2^-1", 0.5},
        {"--3", 3},
        {"2*-3", -6},
        {" 1\t+\n1 ", 2},
        {"0x9e37", 40503},
        {"0XfF", 255},
        {"1.5e3", 1500},
        {"1e-3", 0.001},
        {".5", 0.5},
        {"fused.time*2", 5},
        {"_n1", 0},
        {"1<2", 1},
        {"2<=1", 0},
        {"2>=2", 1},
        {"1>2", 0},
        {"3==3", 1},
        {"3!=3", 0},
        {"1+1==2", 1},
        {"(1<2)*(2<3)", 1},
        {"abs(x)", 0.5},
        {"sqrt(9)", 3},
        {"exp(0)", 1},
        {"log(1)", 0},
        {"tanh(0)", 0},
        {"floor(-1.5)", -2},
        {"ceil(-1.5)", -1},
        {"round(2.5)", 3},
        {"min(3,rows)", 3},
        {"max(3,rows)", 4096},
        {"pow(2,10)", 1024},
        {"select(x<0,10,20)", 10},
        {"select(x>0,10,20)", 20},
        {"cols/16", 64},
        {"sqrt (4)", 2},
        {"1/0", INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double v = value_of(cases[i].text);
        if (v != cases[i].value)
            fail_msg("%s = %.17g, not %.17g", cases[i].text, v, cases[i].value);
    }
    double gelu = value_of("0.5*x*(1+erf(x/sqrt(2)))");
    assert_true(gelu == 0.5 * -0.5 * (1 + erf(-0.5 / sqrt(2))));
    assert_true(value_of("pi") == M_PI);
}

/* A missing number stays missing, and holds no comparison. */
static void nan_values(void **state)
{
    (void)state;
    static const char *const missing[] = {
        "0/0", "0/0+1", "min(0/0,1)", "min(1,0/0)", "max(0/0,1)", "max(1,0/0)", "pow(0/0,0)", "pow(1,0/0)",
        "(0/0)^0", "select(0/0,1,2)", "hash(0/0,1)", "hash(1,1/0)", "sqrt(-1)", "abs(0/0)", "5%0",
    };
    static const char *const fails[] = {"0/0<1", "0/0<=1", "0/0>1", "0/0>=1", "0/0==0/0", "0/0!=1"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (!isnan(value_of(missing[i])))
            fail_msg("%s = %g", missing[i], value_of(missing[i]));
    for (size_t i = 0; i < sizeof fails / sizeof *fails; i++)
        if (value_of(fails[i]) != 0)
            fail_msg("%s holds", fails[i]);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"8*rows*colz", "did you mean 'cols'?"},
        {"8*rows*colz", "character 8"},
        {"sqr(2)", "did you mean 'sqrt'?"},
        {"zebra", "there are rows, cols"},
        {"sqrt", "arguments"},
        {"", "ends too early"},
        {"1+", "ends too early"},
        {"(1", "')' is missing"},
        {"1)", "operator is wanted"},
        {"1 2", "operator is wanted"},
        {"1 = 2", "equality is written =="},
        {"1<2<3", "(a < b) * (b < c)"},
        {"min(1)", "min takes 2 arguments"},
        {"sqrt(1,2)", "sqrt takes 1 argument"},
        {"min()", "wanted here"},
        {"0x", "0x has no digits"},
        {"1e999", "too large"},
        {"rows.", "operator is wanted"},
        {"1.5.2", "operator is wanted"},
        {"$", "wanted here"},
        {"1\x01\xff", "1??"},
        {"rows(2)", "no function 'rows'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {0};
        struct expr *x = expr_parse(cases[i].text, names, NAMES, &e);
        if (x)
            fail_msg("'%s' was taken", cases[i].text);
        if (!strstr(e.text, cases[i].says))
            fail_msg("'%s': \"%s\" does not say \"%s\"", cases[i].text, e.text, cases[i].says);
        assert_int_equal(e.code, EXIT_USAGE);
    }
    assert_null(expr_parse("1+", names, NAMES, NULL));
    expr_free(NULL);
}

/* `count` times a, then middle, then count times b. */
static char *nested(size_t count, const char *a, const char *middle, const char *b)
{
    struct text t = {0};
    for (size_t i = 0; i < count; i++)
        text_add(&t, "%s", a);
    text_add(&t, "%s", middle);
    for (size_t i = 0; i < count; i++)
        text_add(&t, "%s", b);
    return t.s;
}

static bool taken(char *text)
{
    struct error e = {0};
    struct expr *x = expr_parse(text, names, NAMES, &e);
    bool ok = x != NULL;
    assert_true(ok || e.code == EXIT_USAGE);
    if (ok)
        (void)expr_value(x, values);
    expr_free(x);
    free(text);
    return ok;
}

static void deep_and_long(void **state)
{
    (void)state;
    assert_true(taken(nested(50, "(", "1", ")")));
    assert_true(taken(nested(50, "abs(", "1", ")")));
    assert_true(taken(nested(1000, "", "1", "+1")));
    /* Few levels, but five values wait in each. */
    assert_true(taken(nested(45, "1<1+1*select(1,1,", "1", ")")));
    assert_false(taken(nested(60, "1<1+1*select(1,1,", "1", ")")));
    static const char *const openings[] = {"(", "-", "abs(", "1+(", "2^", "min(1,", "1<(1+2*3^("};
    static const size_t counts[] = {100, 1000, 30000};
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        for (size_t c = 0; c < 3; c++)
            assert_false(taken(nested(counts[c], openings[i], "1", strchr(openings[i], '(') ? ")" : "")));
    assert_false(taken(nested(100000, "", "1", "+1")));
    assert_false(taken(nested(300000, "(", "", "")));
}

static void garbage(void **state)
{
    (void)state;
    static const char parts[][8] = {
        "(", ")", "rows", "1", "+", "-", "*", "/", "^", "<", "==", ",", "min(", "x", " ", "select(", "0x",
        "1e", ".", "hash(", "%", "!", "pi", "\xff",
    };
    uint32_t number = 0;
    for (int round = 0; round < 60000; round++) {
        struct text t = {0};
        int length = (int)(expr_hash(1, number++) % 24);
        for (int i = 0; i < length; i++) {
            uint32_t r = expr_hash(2, number++);
            if (round % 2)
                text_add(&t, "%s", parts[r % (sizeof parts / sizeof *parts)]);
            else
                text_add(&t, "%c", (char)(1 + r % 255));
        }
        taken(need_string(text_get(&t)));
        text_free(&t);
    }
}

static void range_of(const char *text, const double *low, const double *high, double *out_low,
                     double *out_high)
{
    struct error e = {0};
    struct expr *x = expr_parse(text, names, NAMES, &e);
    if (!x)
        fail_msg("%s", e.text);
    expr_range(x, low, high, out_low, out_high);
    expr_free(x);
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-12 * fabs(b);
}

/* rows is in [1,2], cols in [3,4], x in [-1,2]; fused.time is missing, _n1 is 0. */
static void ranges_right(void **state)
{
    (void)state;
    static const double low[NAMES] = {1, 3, -1, NAN, 0}, high[NAMES] = {2, 4, 2, 5, 0};
    static const struct {
        const char *text;
        double low, high;
    } cases[] = {
        {"rows+cols", 4, 6},
        {"rows-cols", -3, -1},
        {"x*cols", -4, 8},
        {"-x", -2, 1},
        {"cols/rows", 1.5, 4},
        {"1/x", -INFINITY, INFINITY},
        {"1/_n1", -INFINITY, INFINITY},
        {"x^2", 0, 4},
        {"x^3", -1, 8},
        {"rows^-1", 0.5, 1},
        {"2^x", 0.5, 4},
        {"x^-2", -INFINITY, INFINITY},
        {"abs(x)", 0, 2},
        {"abs(-cols)", 3, 4},
        {"sqrt(cols)", sqrt(3), 2},
        {"sqrt(x)", NAN, NAN},
        {"log(x)", NAN, NAN},
        {"exp(x)", exp(-1), exp(2)},
        {"tanh(x)", tanh(-1), tanh(2)},
        {"erf(x)", erf(-1), erf(2)},
        {"min(x,rows)", -1, 2},
        {"max(x,rows)", 1, 2},
        {"floor(x/2)", -1, 1},
        {"ceil(x/2)", 0, 1},
        {"round(x*0.6)", -1, 1},
        {"cols%2", 0, 2},
        {"rows%10", 1, 2},
        {"select(x,10,20)", 10, 20},
        {"select(rows,10,20)", 10, 10},
        {"select(_n1,10,20)", 20, 20},
        {"hash(1,rows)", 0, 4294967295.0},
        {"rows<cols", 1, 1},
        {"cols<rows", 0, 0},
        {"x<rows", 0, 1},
        {"rows<=2", 1, 1},
        {"rows<2", 0, 1},
        {"rows>=1", 1, 1},
        {"rows>1", 0, 1},
        {"rows>cols", 0, 0},
        {"rows==cols", 0, 0},
        {"rows!=cols", 1, 1},
        {"rows==rows", 0, 1},
        {"_n1==0", 1, 1},
        {"_n1!=0", 0, 0},
        {"fused.time", NAN, NAN},
        {"fused.time+1", NAN, NAN},
        {"min(fused.time,1)", NAN, NAN},
        {"select(fused.time,1,2)", NAN, NAN},
        {"fused.time<1", 0, 1},
        {"fused.time!=fused.time", 0, 1},
        {"tanh(_n1/_n1)<2", 0, 1},
        {"cols/rows>1.4", 1, 1},
        {"tanh(rows*20)<=1", 1, 1},
        {"erf(-rows*20)>=-1", 1, 1},
        {"exp(x*1000)%7", NAN, NAN},
        {"-exp(x*1000)%7", NAN, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double l, h;
        range_of(cases[i].text, low, high, &l, &h);
        if (!same(l, cases[i].low) || !same(h, cases[i].high))
            fail_msg("%s: %.17g to %.17g, not %.17g to %.17g", cases[i].text, l, h, cases[i].low,
                     cases[i].high);
    }
}

static double draw(uint32_t *number, double low, double high)
{
    return low + (high - low) * (expr_hash(9, (*number)++) / 4294967295.0);
}

/* Soundness: whatever values the names take inside their ranges, the value lies in the range. */
static void ranges_sound(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "rows+cols*x", "rows-x", "x*_n1", "rows/cols", "x/rows", "x^2", "x^3", "rows^x", "cols^_n1", "x^-3",
        "abs(x)", "sqrt(abs(x))", "exp(x)", "log(rows)", "tanh(x)", "erf(x*3)", "floor(x*5)", "ceil(x*5)",
        "round(x*5)", "min(x,_n1)", "max(x,_n1)", "x%_n1", "x%rows", "cols%rows", "select(x<_n1,x,rows)",
        "x<_n1", "x<=_n1", "x>_n1", "x>=rows", "x==_n1", "x!=_n1", "hash(rows,cols)",
        "0.5*x*(1+erf(x/sqrt(2)))",
        "sqrt(1-tanh(x))", "sqrt(x^2)", "log(x)", "1/x", "tanh(1/floor(x))<2", "pow(x,floor(_n1))", "2^x^2",
    };
    uint32_t number = 0;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        struct expr *x = expr_parse(texts[t], names, NAMES, NULL);
        assert_non_null(x);
        for (int round = 0; round < 300; round++) {
            double low[NAMES], high[NAMES], l, h;
            for (int i = 0; i < NAMES; i++) {
                double a = draw(&number, i < 2 ? 0.01 : -3, 3), b = draw(&number, i < 2 ? 0.01 : -3, 3);
                low[i] = fmin(a, b);
                high[i] = round % 5 ? fmax(a, b) : low[i];
            }
            expr_range(x, low, high, &l, &h);
            for (int point = 0; point < 30; point++) {
                double at[NAMES];
                for (int i = 0; i < NAMES; i++)
                    at[i] = point == 0 ? low[i] : point == 1 ? high[i] : draw(&number, low[i], high[i]);
                double v = expr_value(x, at);
                if (!isnan(l) && !isnan(v) && !(l <= v && v <= h))
                    fail_msg("%s = %.17g is not in %.17g to %.17g", texts[t], v, l, h);
            }
        }
        expr_free(x);
    }
}

static void names_used(void **state)
{
    (void)state;
    struct expr *x = expr_parse("2*cols+min(1,cols)", names, NAMES, NULL);
    assert_true(expr_uses(x, 1));
    assert_false(expr_uses(x, 0) || expr_uses(x, -1));
    expr_free(x);
}

/* The values come from an independent evaluation of the formula in expr.h, so that a GPU's mask and the
 * reference's stay the same mask. */
static void hash_fixed(void **state)
{
    (void)state;
    static const struct {
        uint32_t seed, index, hash;
    } cases[] = {
        {0u, 0u, 0x00000000},
        {0u, 1u, 0x688990c0},
        {1u, 0u, 0x01fce552},
        {42u, 123456789u, 0x13b3f49f},
        {4294967295u, 4294967295u, 0x35e1e3a1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(expr_hash(cases[i].seed, cases[i].index), cases[i].hash);
    assert_true(value_of("hash(1,2)") == expr_hash(1, 2));
    assert_true(value_of("hash(1,4294967298)") == expr_hash(1, 2));
    assert_true(value_of("hash(-1,2)") == expr_hash(4294967295u, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_right),
        cmocka_unit_test(nan_values),
        cmocka_unit_test(refused),
        cmocka_unit_test(deep_and_long),
        cmocka_unit_test(garbage),
        cmocka_unit_test(ranges_right),
        cmocka_unit_test(ranges_sound),
        cmocka_unit_test(names_used),
        cmocka_unit_test(hash_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
