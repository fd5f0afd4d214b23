/* Arithmetic expressions: in kernel headers ("8*rows*cols"), operator references
 * ("0.5*x*(1+erf(x/sqrt(2)))") and claims ("speedup(seed) > 1.5", on values with intervals).
 *
 * Grammar, loosest first:   a < b  (also <= > >= == !=)
 *                           a + b, a - b
 *                           a * b, a / b, a % b
 *                           -a, a ^ b (power, to the right)
 *                           number, name, f(a, ...), ( a )
 * Numbers may be hexadecimal (0x9e37) or decimal with exponent. Names: [A-Za-z_][A-Za-z0-9_.:/-]* would be
 * ambiguous with arithmetic, so a name is [A-Za-z_][A-Za-z0-9_]* with further parts joined by '.'.
 * Functions: abs sqrt exp log tanh erf floor ceil round min max pow select(c,a,b), hash(seed,index) (the
 * counter-based generator of kernels/elementwise/dropout.glsl, a whole number in 0 .. 2^32-1) and the
 * constant pi. % is C's fmod. A comparison is 1 or 0, does not follow another one without parentheses, and is
 * 0 where a side is NaN (!= too); everything else that is given NaN gives NaN, min, max and pow as well.
 * More than 64 levels of nesting or 4096 parts are an error, never a crash. */
#ifndef ROOFLAB_EXPR_H
#define ROOFLAB_EXPR_H

#include <stdint.h>

#include "harness/base/error.h"

struct expr; /* a parsed expression over a fixed list of names */

/* Parses text over names[0..count). An unknown name is EXIT_USAGE and names the nearest one. */
struct expr *expr_parse(const char *text, const char *const *names, int count, struct error *e);
void expr_free(struct expr *x);

/* The value, with values[i] for names[i]. Division by zero gives inf or nan as in C. */
double expr_value(const struct expr *x, const double *values);

/* Interval arithmetic: the range that the expression can take where names[i] ranges over [low[i], high[i]].
 * Sound, not always tight (a name that stands twice is taken as two). For a comparison: low = high = 1
 * where it surely holds, 0 and 0 where it surely fails, 0 and 1 where the intervals do not tell, as where a
 * side may be NaN. Dividing by an interval with 0 in it gives -inf .. inf; NaN in an input, or a function
 * outside its domain, gives NaN in both. */
void expr_range(const struct expr *x, const double *low, const double *high, double *out_low,
                double *out_high);

/* Does names[i] occur in x? */
bool expr_uses(const struct expr *x, int i);

/* The lab's counter-based generator (lowbias32 by Chris Wellons, https://nullprogram.com/blog/2018/07/31/):
 * dropout's mask on every device, and the random inputs of verification. In 32-bit unsigned arithmetic:
 *   x = index + seed * 0x9e3779b9;
 *   x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16; */
uint32_t expr_hash(uint32_t seed, uint32_t index);

#endif
