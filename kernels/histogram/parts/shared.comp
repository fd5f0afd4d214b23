#version 450
//! kernel     histogram/parts/shared
//! idea       Counts a workgroup's values in shared memory, and adds its bins to the result's.
//! shape      n=4194304
//! buffer     x      in     u32[n]  indices(256)
//! buffer     count  inout  u32[256]
//! launch     groups=min(64,ceil(n/256))

layout(local_size_x = 256) in; // one invocation for each bin

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer X {
    uint x[];
};
layout(binding = 1) buffer Count {
    uint count[];
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
    atomicAdd(count[lane], bins[lane]);
}
