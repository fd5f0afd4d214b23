/* index[row] is a column drawn from the nucleus of that row's softmax: all that are not less than the largest threshold
 * at which they have `percent` of the mass together (equal ones are in it or out of it together). The draw is a hash of
 * seed and row, counted off in the order of columns. A row of -inf gives 0.
 *
 * Sums in floats may differ from these: where a decision is closer than 1e-5 the answer is NaN, which never passes. The
 * inputs of a verify line must be others then. */
#include <math.h>

#include "kernels/reference/draw.h"
#include "kernels/reference/reference.h"

static double mass(const double *x, uint64_t n, double least, double largest)
{
    double sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += x[i] >= least ? exp(x[i] - largest) : 0;
    return sum;
}

bool reference_topp(const struct reference_case *c, int output, uint64_t row, double *out)
{
    (void)output;
    uint64_t n = reference_shape(c, "cols");
    const double *x = reference_row(c, "x", row, n);
    double largest = -INFINITY, p = (double)reference_shape(c, "percent") / 100;
    for (uint64_t i = 0; x && i < n; i++)
        largest = fmax(largest, x[i]);
    *out = 0;
    if (!x || !isfinite(largest))
        return x;

    double all = mass(x, n, -INFINITY, largest), least = largest, kept = mass(x, n, least, largest);
    bool close = fabs(kept - p * all) < 1e-5 * all;
    while (kept < p * all) { /* the next lower value */
        double next = -INFINITY;
        for (uint64_t i = 0; i < n; i++)
            next = x[i] < least ? fmax(next, x[i]) : next;
        least = next;
        kept = mass(x, n, least, largest);
        close = close || fabs(kept - p * all) < 1e-5 * all;
    }
    double target = draw_unit((uint32_t)reference_shape(c, "seed"), (uint32_t)row) * kept, sum = 0;
    bool found = false;
    for (uint64_t i = 0; i < n; i++) {
        sum += x[i] >= least ? exp(x[i] - largest) : 0;
        if (x[i] >= least && sum < kept * (1 - 1e-9))
            close = close || fabs(sum - target) < 1e-5 * kept;
        if (!found && sum > target) {
            *out = (double)i;
            found = true;
        }
    }
    if (close)
        *out = NAN;
    return true;
}
