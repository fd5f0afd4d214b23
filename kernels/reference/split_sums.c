/* A matrix product with k cut into pieces of ceil(ceil(k/4)/parts) vectors of four: p[z,i] is row i summed over piece z. */
#include "kernels/reference/reference.h"

bool reference_split_sums(const struct reference_case *c, int output, uint64_t row, double *out)
{
    uint64_t k = reference_shape(c, "k"), m = reference_shape(c, "m"), parts = reference_shape(c, "parts");
    uint64_t cols = reference_cols(c, output), piece = 4 * (((k + 3) / 4 + parts - 1) / parts);
    uint64_t first = row / m * piece, end = first + piece < k ? first + piece : k;
    const double *a = reference_row(c, "a", row % m, reference_width(c, "a"));
    const double *b = a;
    for (uint64_t j = 0; j < cols; j++)
        out[j] = 0;
    for (uint64_t i = first; b && i < end; i++) {
        b = reference_row(c, "b", i, cols);
        for (uint64_t j = 0; b && j < cols; j++)
            out[j] += a[i] * b[j];
    }
    return b;
}
