/* largest = the largest m of a row, sum = the sum of s * exp(m - largest). */
#include <math.h>
#include <string.h>

#include "kernels/reference/reference.h"

bool reference_join_pieces(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t pieces = reference_shape(c, "pieces");
    const double *m = reference_row(c, "m", row, pieces), *s = reference_row(c, "s", row, pieces);
    double largest = -INFINITY, sum = 0;
    for (uint64_t p = 0; m && p < pieces; p++)
        largest = fmax(largest, m[p]);
    for (uint64_t p = 0; m && s && p < pieces; p++)
        sum += s[p] * exp(m[p] - largest);
    *out = strcmp(reference_output(c, output), "largest") == 0 ? largest : sum;
    return m && s;
}
