/* What expr.c (which parses and evaluates) knows of expr_ops.c (one row for every operator and function). */
#ifndef ROOFLAB_EXPR_OPS_H
#define ROOFLAB_EXPR_OPS_H

#include <stdbool.h>

/* The numbers from low to high; NaN in both where it is known that there is no number. */
struct range {
    double low, high;
    bool doubt; /* NaN may stand here beside the numbers from low to high, as after a division by zero */
};

/* How tightly an operator binds, loosest first; functions have no level. */
enum expr_level { LEVEL_NONE, LEVEL_COMPARE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_POWER };

struct expr_op {
    const char *name;
    enum expr_level level;
    int args;
    double (*value)(const double *a);
    struct range (*range)(const struct range *a); /* called by expr_op_range only */
    bool own; /* range() sees NaN and single points itself; for the others both are handled before it */
};

enum { EXPR_ARGS_MAX = 3 };

extern const struct expr_op expr_ops[];    /* ends with a row without a name */
extern const struct expr_op expr_negative; /* the minus before a value, which the table's minus is not */

struct range range_span(double low, double high); /* both NaN where one is */
struct range expr_op_range(const struct expr_op *op, const struct range *a);

#endif
