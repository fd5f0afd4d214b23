//! kernel     softmax/parts/write-pieces
//! idea       Every worker writes its pieces of rows whose maximum and sum are known.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  uniform(85,95)
//! buffer     m  in   f32[rows,1]  uniform(95,96)
//! buffer     s  in   f32[rows,1]  uniform(50,150)
//! buffer     y  out  f32[rows,4*ceil(cols/4)]
//! reference  write_pieces  tolerance 3e-6
//! verify     rows=1 cols=1
//! verify     rows=3 cols=8192
//! verify     rows=2 cols=8195
//! verify     rows=1 cols=20011
//! passes     x=1 y=1
#include "kernels/native.h"

enum { PIECE = 8192 };

static inline void write(float *restrict y, const float *restrict x, float largest, float scale, size_t n)
{
    for (size_t c = 0; c < n; c++)
        y[c] = power(x[c] - largest) * scale;
    for (size_t c = n; c % 4; c++) /* rows are padded to whole vec4 */
        y[c] = 0;
}

KERNEL void kernel(const struct launch *l)
{
    const float *x = l->buffer[0], *m = l->buffer[1], *s = l->buffer[2];
    float *y = l->buffer[3];
    const size_t rows = l->push[0], cols = l->push[1], pitch = (cols + 3) / 4 * 4, pieces = (cols + PIECE - 1) / PIECE;
    const size_t last = share(rows * pieces, 1, l->worker + 1, l->workers);
    for (size_t i = share(rows * pieces, 1, l->worker, l->workers); i < last; i++) {
        const size_t row = i / pieces, first = i % pieces * PIECE, n = cols - first < PIECE ? cols - first : PIECE;
        write(y + row * pitch + first, x + row * pitch + first, m[row], s[row] > 0 ? 1 / s[row] : 0, n);
    }
}
