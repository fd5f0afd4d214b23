#version 450
#extension GL_EXT_control_flow_attributes : require
//! kernel     gemm/parts/split-sums
//! idea       The texel kernel over pieces of k: workgroups of layer z sum piece z, and store it apart. A piece is a
//! idea       whole number of vectors of four; the last ones may be shorter, or empty.
//! shape      m=64 n=128 k=8192 parts=8
//! buffer     a  in   f32[m,4*ceil(k/4)]  texel=rgba32f
//! buffer     b  in   f32[k,4*ceil(n/4)]  texel=rgba32f
//! buffer     p  out  f32[parts,m,4*ceil(n/4)]
//! reference  split_sums  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1 parts=3
//! verify     m=19 n=71 k=137 parts=5
//! verify     m=33 n=129 k=64 parts=4
//! passes     a=8*ceil(n/(32*QUADS))*4*ROWS*ceil(m/(4*ROWS))*(floor(k/4)+k%4)/(m*ceil(k/4))
//! passes     b=8*ceil(n/(32*QUADS))*QUADS*4*ceil(m/(4*ROWS))/ceil(n/4) p=1
//! flops      2*k*(4*ROWS*ceil(m/(4*ROWS)))*(32*QUADS*ceil(n/(32*QUADS)))
//! launch     groups=ceil(n/(32*QUADS)),ceil(m/(4*ROWS)),parts
//! tune       ROWS 8 4 16
//! tune       QUADS 1 2 4  software=4

const uint LANES = 8, TEAMS = 4;
layout(local_size_x = LANES, local_size_y = TEAMS) in;
layout(constant_id = 0) const uint ROWS = 8;
layout(constant_id = 1) const uint QUADS = 1;

layout(push_constant) uniform Shape {
    uint m, n, k, parts;
};

layout(binding = 0) uniform samplerBuffer a;
layout(binding = 1) uniform samplerBuffer b;
layout(binding = 2) writeonly buffer P {
    vec4 p[];
};

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

    const uint piece = (k4 + parts - 1) / parts, first = gl_WorkGroupID.z * piece;
    const uint end = min(first + piece, k4), whole = min(end, k / 4);
    for (uint at = first; at < whole; at++) {
        vec4 of_b[4][QUADS];
        [[unroll]] for (uint d = 0; d < 4; d++)
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                of_b[d][q] = texelFetch(b, int((4 * at + d) * n4 + col[q]));
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const vec4 of_a = texelFetch(a, int(row[r] + at));
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                [[unroll]] for (uint d = 0; d < 4; d++)
                    sums[r][q] += of_a[d] * of_b[d][q];
        }
    }
    // The end of k, where it is no whole vector, belongs to the piece that it lies in.
    for (uint at = k / 4 * 4; at < k && k / 4 >= first && k / 4 < end; at++) {
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
                p[(gl_WorkGroupID.z * m + top + r) * n4 + left + q * LANES] = sums[r][q];
}
