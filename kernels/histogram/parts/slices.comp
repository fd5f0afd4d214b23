#version 450
//! kernel     histogram/parts/slices
//! idea       Counts each of 64 slices in shared memory, and stores its bins.
//! shape      n=4194304
//! buffer     x     in   u32[n]  indices(256)
//! buffer     part  out  u32[64,256]
//! launch     groups=64

layout(local_size_x = 256) in; // one invocation for each bin

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer X {
    uint x[];
};
layout(binding = 1) writeonly buffer Part {
    uint part[];
};

shared uint bins[256];

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    bins[lane] = 0;
    barrier();
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
        atomicAdd(bins[x[i] & 255], 1);
    barrier();
    part[gl_WorkGroupID.x * 256 + lane] = bins[lane];
}
