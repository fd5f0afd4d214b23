#version 450
#extension GL_EXT_control_flow_attributes : require
//! kernel     gemm/14-int8
//! idea       Bytes in, four to a word, 32-bit integers out: a quarter of the bytes of floats, and no rounding at all.
//! idea       Rows are padded to whole words.
//! shape      m=512 n=512 k=512
//! buffer     a  in   i8[m,4*ceil(k/4)]  uniform(-127,127)
//! buffer     b  in   i8[k,4*ceil(n/4)]  uniform(-127,127)
//! buffer     c  out  i32[m,4*ceil(n/4)]
//! reference  gemm  tolerance 1e-12
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! passes     a=8*ceil(n/(32*QUADS))*4*ROWS*ceil(m/(4*ROWS))*(floor(k/4)+k%4)/(m*ceil(k/4))
//! passes     b=8*ceil(n/(32*QUADS))*QUADS*4*ceil(m/(4*ROWS))/ceil(n/4) c=1
//! launch     groups=ceil(n/(32*QUADS)),ceil(m/(4*ROWS))
//! split      m
//! tune       ROWS 8 4 16
//! tune       QUADS 1 2 4  software=4

const uint LANES = 8, TEAMS = 4;
layout(local_size_x = LANES, local_size_y = TEAMS) in;
layout(constant_id = 0) const uint ROWS = 8;
layout(constant_id = 1) const uint QUADS = 1;

layout(push_constant) uniform Shape {
    uint m, n, k;
};

layout(binding = 0) readonly buffer A {
    int a[];
};
layout(binding = 1) readonly buffer B {
    int b[];
};
layout(binding = 2) writeonly buffer C {
    ivec4 c[];
};

// The four bytes of a word, with their signs.
ivec4 bytes(int word)
{
    return ivec4(word << 24, word << 16, word << 8, word) >> 24;
}

void main()
{
    const uint n4 = (n + 3) / 4, k4 = (k + 3) / 4;
    const uint left = gl_WorkGroupID.x * (LANES * QUADS) + gl_LocalInvocationID.x;
    const uint top = (gl_WorkGroupID.y * TEAMS + gl_LocalInvocationID.y) * ROWS;

    // Beyond the edges the last row and column are computed again, and not stored.
    uint row[ROWS], col[QUADS];
    ivec4 sums[ROWS][QUADS];
    [[unroll]] for (uint q = 0; q < QUADS; q++)
        col[q] = min(left + q * LANES, n4 - 1);
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        row[r] = min(top + r, m - 1) * k4;
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            sums[r][q] = ivec4(0);
    }

    for (uint step = 0; step < k / 4; step++) {
        ivec4 of_b[4][QUADS];
        [[unroll]] for (uint d = 0; d < 4; d++)
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                of_b[d][q] = bytes(b[(4 * step + d) * n4 + col[q]]);
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const ivec4 of_a = bytes(a[row[r] + step]);
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                [[unroll]] for (uint d = 0; d < 4; d++)
                    sums[r][q] += of_a[d] * of_b[d][q];
        }
    }
    for (uint at = k / 4 * 4; at < k; at++) { // what is left of k, one by one
        ivec4 of_b[QUADS];
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            of_b[q] = bytes(b[at * n4 + col[q]]);
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const int of_a = bytes(a[row[r] + at / 4])[at % 4];
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                sums[r][q] += of_a * of_b[q];
        }
    }

    [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            if (top + r < m && left + q * LANES < n4)
                c[(top + r) * n4 + left + q * LANES] = sums[r][q];
}
