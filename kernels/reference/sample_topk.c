/* index[row] is a column drawn by softmax's weights from the k largest elements of that row of x, the largest first; of equal
 * ones the lower column is the larger. */
#include <stdlib.h>

#include "kernels/reference/draw.h"
#include "kernels/reference/reference.h"

/* The column that comes next after `last` in the order of x, from the largest on. */
static uint64_t next_largest(const double *x, uint64_t cols, bool first, uint64_t last)
{
    uint64_t best = cols;
    for (uint64_t i = 0; i < cols; i++) {
        bool left = first || x[i] < x[last] || (x[i] == x[last] && i > last);
        if (left && (best == cols || x[i] > x[best]))
            best = i;
    }
    return best;
}

bool reference_sample_topk(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output;
    uint64_t cols = reference_shape(c, "cols"), k = reference_shape(c, "k");
    const double *x = reference_row(c, "x", row, cols);
    double *logit = x && k <= cols ? malloc(k * sizeof *logit) : NULL;
    uint64_t *column = malloc(k * sizeof *column);
    for (uint64_t i = 0; logit && column && i < k; i++) {
        column[i] = next_largest(x, cols, i == 0, i ? column[i - 1] : 0);
        logit[i] = x[column[i]];
    }
    if (logit && column) {
        double at = draw_logit(logit, k, draw_unit((uint32_t)reference_shape(c, "seed"), (uint32_t)row));
        *out = isnan(at) ? at : (double)column[(uint64_t)at];
    }
    bool ok = logit && column;
    free(logit);
    free(column);
    return ok;
}
