#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require
//! kernel     gemm/8-subgroup-broadcast
//! idea       No shared memory and no barriers: the lanes of a subgroup load eight columns of a's rows together, one
//! idea       each, and hand every value to all others by a broadcast.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! needs      subgroup
//! passes     a=8*ceil(n/64) b=ceil(m/ROWS) c=1
//! flops      2*(ROWS*ceil(m/ROWS))*(64*ceil(n/64))*(8*ceil(k/8))
//! launch     groups=ceil(n/64),ceil(m/ROWS)
//! split      m
//! tune       ROWS 8 4 16

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint ROWS = 8;

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

const uint DEPTH = 8; // of k at a time: the smallest subgroup that this is for

void main()
{
    const uint lane = gl_SubgroupInvocationID % DEPTH;
    const uint top = gl_WorkGroupID.y * ROWS, col = gl_GlobalInvocationID.x;

    float sums[ROWS];
    [[unroll]] for (uint i = 0; i < ROWS; i++)
        sums[i] = 0.0;

    for (uint start = 0; start < k; start += DEPTH) {
        float of_b[DEPTH];
        [[unroll]] for (uint d = 0; d < DEPTH; d++)
            of_b[d] = start + d < k && col < n ? b[(start + d) * n + col] : 0.0;
        [[unroll]] for (uint i = 0; i < ROWS; i++) {
            const uint row = top + i;
            const float of_a = row < m && start + lane < k ? a[row * k + start + lane] : 0.0;
            [[unroll]] for (uint d = 0; d < DEPTH; d++)
                sums[i] += subgroupBroadcast(of_a, d) * of_b[d];
        }
    }

    [[unroll]] for (uint i = 0; i < ROWS; i++)
        if (top + i < m && col < n)
            c[(top + i) * n + col] = sums[i];
}
