#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
//! kernel     gemm/16-shuffle
//! idea       The texels of a are the same for all eight invocations of a team: 10-texel has each of them fetch them all.
//! idea       Here each fetches an eighth, and the others have it by shuffles. What is left are the fetches of b, which
//! idea       more rows share.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,4*ceil(k/4)]  texel=rgba32f
//! buffer     b  in   f32[k,4*ceil(n/4)]  texel=rgba32f
//! buffer     c  out  f32[m,4*ceil(n/4)]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! needs      shuffle
//! passes     a=ceil(n/(32*QUADS))*4*ROWS*ceil(m/(4*ROWS))*(floor(k/DEPTH)*DEPTH/4+8*(k%DEPTH))/(m*ceil(k/4))
//! passes     b=8*ceil(n/(32*QUADS))*QUADS*4*ceil(m/(4*ROWS))/ceil(n/4) c=1
//! flops      2*k*(4*ROWS*ceil(m/(4*ROWS)))*(32*QUADS*ceil(n/(32*QUADS)))
//! epilogue   c  vec4
//! launch     groups=ceil(n/(32*QUADS)),ceil(m/(4*ROWS))
//! split      m
//! tune       ROWS 8 4 16 32  software=32
//! tune       QUADS 1 2 4  software=2
//! tune       DEPTH 8 4
//! valid      ROWS*DEPTH%32==0

const uint LANES = 8, TEAMS = 4;
layout(local_size_x = LANES * TEAMS) in;
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

// Texels of a that one step needs: ROWS rows of DEPTH / 4. Each invocation of a team fetches an eighth. On lavapipe a fetch is a
// call and a shuffle one instruction (a broadcast is 65: it looks for an invocation that is active). Estimated at 100 for a
// fetch with what stands around it, 7800 of 11000 instructions are left of a step of 10-texel, for as much arithmetic, which would
// be 1.4; measured 1.30 times as fast at 512 and 1.37 at 1024.
const uint TEXELS = ROWS * DEPTH / 4, SHARE = TEXELS / LANES;

void main()
{
    // Rows of a, b and c are padded to whole vectors of four; n4 and k4 are their lengths.
    const uint n4 = (n + 3) / 4, k4 = (k + 3) / 4;

    // A team is eight invocations of one subgroup, from `first` on.
    const uint lane = gl_SubgroupInvocationID % LANES, first = gl_SubgroupInvocationID - lane;
    const uint team = (gl_SubgroupID * gl_SubgroupSize + first) / LANES;
    const uint left = gl_WorkGroupID.x * (LANES * QUADS) + lane, top = (gl_WorkGroupID.y * TEAMS + team) * ROWS;

    // Beyond the edges the last row and column are computed again, and not stored.
    uint col[QUADS], share[SHARE];
    vec4 sums[ROWS][QUADS];
    [[unroll]] for (uint q = 0; q < QUADS; q++)
        col[q] = min(left + q * LANES, n4 - 1);
    [[unroll]] for (uint s = 0; s < SHARE; s++) {
        const uint texel = s * LANES + lane;
        share[s] = min(top + texel / (DEPTH / 4), m - 1) * k4 + texel % (DEPTH / 4);
    }
    [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            sums[r][q] = vec4(0.0);

    const uint whole = k / DEPTH;
    for (uint step = 0; step < whole; step++) {
        vec4 of_a[SHARE], of_b[DEPTH][QUADS];
        [[unroll]] for (uint s = 0; s < SHARE; s++)
            of_a[s] = texelFetch(a, int(share[s] + step * (DEPTH / 4)));
        [[unroll]] for (uint d = 0; d < DEPTH; d++)
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                of_b[d][q] = texelFetch(b, int((step * DEPTH + d) * n4 + col[q]));
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            [[unroll]] for (uint d = 0; d < DEPTH; d++) {
                const uint texel = r * (DEPTH / 4) + d / 4;
                const float one = subgroupShuffle(of_a[texel / LANES][d % 4], first + texel % LANES);
                [[unroll]] for (uint q = 0; q < QUADS; q++)
                    sums[r][q] += one * of_b[d][q];
            }
    }
    for (uint at = whole * DEPTH; at < k; at++) { // what is left of k, one by one
        vec4 of_b[QUADS];
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            of_b[q] = texelFetch(b, int(at * n4 + col[q]));
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            const float of_a = texelFetch(a, int(min(top + r, m - 1) * k4 + at / 4))[at % 4];
            [[unroll]] for (uint q = 0; q < QUADS; q++)
                sums[r][q] += of_a * of_b[q];
        }
    }

    [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint q = 0; q < QUADS; q++)
            if (top + r < m && left + q * LANES < n4)
                c[(top + r) * n4 + left + q * LANES] = EPILOGUE(sums[r][q], top + r, left + q * LANES);
}
