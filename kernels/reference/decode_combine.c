/* The parts of a decoding step become one: each row of a is weighted with exp(m - the largest m), as is s. */
#include <math.h>

#include "kernels/reference/reference.h"

bool reference_decode_combine(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t d = reference_cols(c, output), splits = reference_shape(c, "splits");
    double largest = -INFINITY, sum = 0;
    const double *a = out;
    for (uint64_t p = 0; p < splits; p++)
        largest = fmax(largest, reference_get(c, "m", row * splits + p));
    for (uint64_t i = 0; i < d; i++)
        out[i] = 0;
    for (uint64_t p = 0; p < splits && a; p++) {
        double weight = exp(reference_get(c, "m", row * splits + p) - largest);
        sum += weight * reference_get(c, "s", row * splits + p);
        a = reference_row(c, "a", row * splits + p, d);
        for (uint64_t i = 0; a && i < d; i++)
            out[i] += weight * a[i];
    }
    for (uint64_t i = 0; i < d; i++)
        out[i] /= sum;
    return a;
}
