/* Operators: the words that chains are made of. One small file each in kernels/elementwise/NAME.glsl, a
 * header and a body in the common subset of GLSL and C, so that one definition serves every device.
 *
 * A map operator works element by element:
 *
 *   //! operator   gelu
 *   //! kind       map
 *   //! idea       What it does, in one sentence.
 *   //! param      p 0.1 0 0.99                    argument of the chain text, "dropout(0.2)": default, and (where it matters) its range
 *   //! tensor     b f32[cols] uniform(-1,1)       a parameter: [cols] per column, [rows,cols] per element
 *   //! uses       index                           the body also gets the element's index, a uint
 *   //! input      uniform(99.7,100.7)             how x is filled where a chain begins with it; default uniform(-3,3)
 *   //! type       f16                             the tensor that flows has this type from here on
 *   //! ops        fma=2 mul=3 exp=1 div=1         per element; op names of record.h
 *   //! reference  0.5*x*(1+tanh(...))             double precision, expr.h; over x, params, tensors, index, n
 *   //! tolerance  1e-5                            |got - want| <= tolerance * (1 + |want|); default 1e-5
 *   float gelu(float x) { ... }                    arguments: x, params, tensors, index, in this order
 *
 * A row operator has statistics of the row besides, each a reduction and what is made of it:
 *
 *   //! kind       row
 *   //! stat       mu   sum  x                     | mu / n
 *   //! stat       rstd sum  (x - mu) * (x - mu)   | inversesqrt(rstd / n + eps)
 *   //! reference  mu = mean(x)                    statistics by name first, mean(), sum() or max() of an
 *   //! reference  y  = (x - mu) / sqrt(...)       expression over the row, then y
 *   float op_layernorm(float x, float mu, float rstd) ...   arguments: x, stats, params, tensors, index
 *
 *   //! kept   x * total | add=1 exp=1             optional: the same from the last statistic's term in place of x, and the
 *                                                  operations that this saves where a generator keeps the terms of a row
 *
 * A stat's term and finish see x, n (the row's length), params and the statistics before it; they are
 * common-subset text. `ops` counts what one element costs, statistics included. */
#ifndef ROOFLAB_OPERATOR_H
#define ROOFLAB_OPERATOR_H

#include "harness/base/expr.h"
#include "harness/kernel/plan.h"

#define OPERATOR_PARAMS_MAX  4
#define OPERATOR_TENSORS_MAX 2
#define OPERATOR_STATS_MAX   4

struct operator_stat {
    char name[24];
    bool is_max; /* else a sum */
    char term[160], finish[160];
};

struct operator_tensor {
    char name[24];
    bool per_element; /* [rows,cols]: another pass of size S; else [cols] */
    struct fill fill;
};

/* A reference line: name = reduction(expression), or the last one, y. */
struct operator_reference {
    char name[24];
    enum { REFERENCE_EACH, REFERENCE_SUM, REFERENCE_MEAN, REFERENCE_MAX } kind;
    struct expr *value;
};

struct operator
{
    char name[32];
    char *path, *idea;
    char *body; /* the file's text below the header */
    bool is_row;
    struct {
        char name[24];
        double standard, low, high; /* low and high: infinite where the file names none */
    } params[OPERATOR_PARAMS_MAX];
    int param_count;
    struct operator_tensor tensors[OPERATOR_TENSORS_MAX];
    int tensor_count;
    struct operator_stat stats[OPERATOR_STATS_MAX];
    int stat_count;
    char kept[160]; /* empty: there is none */
    double kept_saves[OP_COUNT];
    bool uses_index;
    enum type type; /* TYPE_COUNT: leaves the type as it is */
    double ops[OP_COUNT];
    struct fill input;
    double tolerance;
    struct operator_reference references[OPERATOR_STATS_MAX + 1];
    int reference_count;
};

/* Names that a reference expression sees, in the order of its values. */
enum { REFERENCE_X, REFERENCE_N, REFERENCE_INDEX, REFERENCE_FIXED };

/* All operators, sorted by name, read once. NULL with e where a file is wrong ("file:line: ..."). */
const struct operator *const *operators_all(int *count, struct error *e);
/* One by name; an unknown one says the nearest. */
const struct operator *operator_find(const char *name, struct error *e);
void operators_forget(void);

/* Passes over a tensor of size S that the operator makes alone: 2, or 3 with a tensor per element. */
double operator_passes(const struct operator *o);

/* Applies the reference to one row in place: x[0..n), row's number, argument values, tensors' rows. */
void operator_apply(const struct operator *o, double *x, uint64_t n, uint64_t row, const double *params,
                    const double *const *tensors);

#endif
