/* index[row] is drawn by softmax's weights from the columns of x that the row's list names, in the order of the list. */
#include <stdlib.h>

#include "kernels/reference/draw.h"
#include "kernels/reference/reference.h"

bool reference_draw_listed(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output;
    uint64_t cols = reference_shape(c, "cols"), k = reference_shape(c, "k");
    const double *x = reference_row(c, "x", row, cols), *list = reference_row(c, "list", row, k);
    double *logit = x && list ? malloc(k * sizeof *logit) : NULL;
    if (!logit)
        return false;
    for (uint64_t i = 0; i < k; i++)
        logit[i] = x[(uint64_t)list[i]];
    double at = draw_logit(logit, k, draw_unit((uint32_t)reference_shape(c, "seed"), (uint32_t)row));
    *out = isnan(at) ? at : list[(uint64_t)at];
    free(logit);
    return true;
}
