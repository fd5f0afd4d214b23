/* index[row] are the places of the k largest elements of that row of x, the largest first; of equal ones the lower
 * place comes first. Nothing is rounded: there is one right answer. */
#include <stdlib.h>

#include "kernels/reference/reference.h"

struct element {
    double x;
    uint64_t at;
};

static int by_rank(const void *a, const void *b)
{
    const struct element *p = a, *q = b;
    if (p->x != q->x)
        return p->x > q->x ? -1 : 1;
    return p->at < q->at ? -1 : 1;
}

bool reference_topk(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t k = reference_cols(c, output), cols = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, cols);
    struct element *all = x && k <= cols ? malloc(cols * sizeof *all) : NULL;
    if (!all)
        return false;
    for (uint64_t i = 0; i < cols; i++)
        all[i] = (struct element){x[i], i};
    qsort(all, cols, sizeof *all, by_rank);
    for (uint64_t i = 0; i < k; i++)
        out[i] = (double)all[i].at;
    free(all);
    return true;
}
