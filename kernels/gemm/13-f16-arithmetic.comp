#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
//! kernel     gemm/13-f16-arithmetic
//! idea       Products and sums of DEPTH terms in halves, which some devices do at twice the rate; the sums of those
//! idea       in floats, so that the error grows with DEPTH and not with k.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f16[m,4*ceil(k/4)]  texel=rgba16f
//! buffer     b  in   f16[k,4*ceil(n/4)]  texel=rgba16f
//! buffer     c  out  f32[m,4*ceil(n/4)]
//! reference  gemm  tolerance 1.5e-3*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! needs      f16_arithmetic
//! passes     a=8*ceil(n/(32*QUADS))*4*ROWS*ceil(m/(4*ROWS))*(floor(k/DEPTH)*DEPTH/4+k%DEPTH)/(m*ceil(k/4))
//! passes     b=8*ceil(n/(32*QUADS))*QUADS*4*ceil(m/(4*ROWS))/ceil(n/4) c=1
//! flops      (2*k+floor(k/DEPTH))*(4*ROWS*ceil(m/(4*ROWS)))*(32*QUADS*ceil(n/(32*QUADS)))
//! epilogue   c  vec4
//! launch     groups=ceil(n/(32*QUADS)),ceil(m/(4*ROWS))
//! split      m
//! tune       ROWS 8 4 16
//! tune       QUADS 1 2 4  software=4
//! tune       DEPTH 8 4

const uint LANES = 8, TEAMS = 4;
layout(local_size_x = LANES, local_size_y = TEAMS) in;
layout(constant_id = 0) const uint ROWS = 8;
layout(constant_id = 1) const uint QUADS = 1;
layout(constant_id = 2) const uint DEPTH = 8; // of k at a time: a multiple of 4

layout(push_constant) uniform Shape {
    uint m, n, k;
};

layout(binding = 0) uniform samplerBuffer a;
layout(binding = 1) uniform samplerBuffer b;
layout(binding = 2) writeonly buffer C {
    vec4 c[];
};

#ifndef EPILOGUE
#define EPILOGUE(value, row, col) (value) // what is to be done with an element before it is stored
#endif

void main()
{
    // Rows of a, b and c are padded to whole vectors of four; n4 and k4 are their lengths.
    const uint n4 = (n + 3) / 4, k4 = (k + 3) / 4;
    const uint left = gl_WorkGroupID.x * (LANES * QUADS) + gl_LocalInvocationID.x;
    const uint top = (gl_WorkGroupID.y * TEAMS + gl_LocalInvocationID.y) * ROWS;

    // Beyond the edges the last row and column are computed again, and not stored.
    uint row[ROWS], col[QUADS];
    vec4 sums[ROWS][QUADS];
    [[unroll]] for (uint q = 0; q < QUADS; q++)
        col[q] = min(left + q * LANES, n4 - 1);
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        row[r] = min(top + r, m - 1) * k4;
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            sums[r][q] = vec4(0.0);
    }

    const uint whole = k / DEPTH;
    for (uint step = 0; step < whole; step++) {
        f16vec4 of_b[DEPTH][QUADS];
        [[unroll]] for (uint d = 0; d < DEPTH; d++)
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                of_b[d][q] = f16vec4(texelFetch(b, int((step * DEPTH + d) * n4 + col[q])));
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            f16vec4 of_a[DEPTH / 4];
            [[unroll]] for (uint u = 0; u < DEPTH / 4; u++)
                of_a[u] = f16vec4(texelFetch(a, int(row[r] + step * (DEPTH / 4) + u)));
            [[unroll]] for (uint q = 0; q < QUADS; q++) {
                f16vec4 part = f16vec4(0.0);
                [[unroll]] for (uint d = 0; d < DEPTH; d++)
                    part += of_a[d / 4][d % 4] * of_b[d][q];
                sums[r][q] += vec4(part);
            }
        }
    }
    for (uint at = whole * DEPTH; at < k; at++) { // what is left of k, one by one
        vec4 of_b[QUADS];
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            of_b[q] = texelFetch(b, int(at * n4 + col[q]));
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const float of_a = texelFetch(a, int(row[r] + at / 4))[at % 4];
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                sums[r][q] += of_a * of_b[q];
        }
    }

    [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            if (top + r < m && left + q * LANES < n4)
                c[(top + r) * n4 + left + q * LANES] = EPILOGUE(sums[r][q], top + r, left + q * LANES);
}
