#version 450
#extension GL_EXT_control_flow_attributes : require
//! kernel     gemm/4-register-column
//! idea       Each invocation computes TM elements below each other, and keeps their sums in registers: what it
//! idea       reads of b's tile it uses TM times, where the kernel before read shared memory for each product.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! passes     a=ceil(n/64) b=ceil(m/(4*TM)) c=1
//! flops      2*(4*TM*ceil(m/(4*TM)))*(64*ceil(n/64))*(8*ceil(k/8))
//! launch     groups=ceil(n/64),ceil(m/(4*TM))
//! split      m
//! tune       TM 16 8 4

const uint WIDTH = 64, TEAMS = 4, DEPTH = 8; // the tile is WIDTH columns wide, and DEPTH of k at a time
layout(local_size_x = WIDTH, local_size_y = TEAMS) in;
layout(constant_id = 0) const uint TM = 16;

layout(push_constant) uniform Shape {
    uint m, n, k;
};

layout(binding = 0) readonly buffer A {
    float a[];
};
layout(binding = 1) readonly buffer B {
    float b[];
};
layout(binding = 2) writeonly buffer C {
    float c[];
};

const uint HEIGHT = TEAMS * TM;
shared float tile_a[HEIGHT * DEPTH];
shared float tile_b[DEPTH * WIDTH];

void main()
{
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint lane = gl_LocalInvocationIndex, lanes = WIDTH * TEAMS;
    const uint top = gl_WorkGroupID.y * HEIGHT, left = gl_WorkGroupID.x * WIDTH;

    float sums[TM];
    [[unroll]] for (uint i = 0; i < TM; i++)
        sums[i] = 0.0;

    for (uint start = 0; start < k; start += DEPTH) {
        for (uint e = lane; e < HEIGHT * DEPTH; e += lanes) {
            const uint row = top + e / DEPTH, at = start + e % DEPTH;
            tile_a[e] = row < m && at < k ? a[row * k + at] : 0.0;
        }
        for (uint e = lane; e < DEPTH * WIDTH; e += lanes) {
            const uint at = start + e / WIDTH, col = left + e % WIDTH;
            tile_b[e] = at < k && col < n ? b[at * n + col] : 0.0;
        }
        barrier();
        [[unroll]] for (uint d = 0; d < DEPTH; d++) {
            const float of_b = tile_b[d * WIDTH + x];
            [[unroll]] for (uint i = 0; i < TM; i++)
                sums[i] += tile_a[(y * TM + i) * DEPTH + d] * of_b;
        }
        barrier();
    }

    [[unroll]] for (uint i = 0; i < TM; i++) {
        const uint row = top + y * TM + i, col = left + x;
        if (row < m && col < n)
            c[row * n + col] = sums[i];
    }
}
