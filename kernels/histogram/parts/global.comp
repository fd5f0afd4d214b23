#version 450
//! kernel     histogram/parts/global
//! idea       Adds one to the bin of each value.
//! shape      n=4194304
//! buffer     x      in     u32[n]  indices(256)
//! buffer     count  inout  u32[256]
//! launch     groups=min(4096,ceil(n/256))

layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer X {
    uint x[];
};
layout(binding = 1) buffer Count {
    uint count[];
};

void main()
{
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
        atomicAdd(count[x[i] & 255], 1);
}
