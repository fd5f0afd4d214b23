#version 450
//! kernel     histogram/parts/join
//! idea       Adds up the bins of 64 slices.
//! shape      n=4194304
//! buffer     part   in   u32[64,256]
//! buffer     count  out  u32[256]
//! launch     groups=1

layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer Part {
    uint part[];
};
layout(binding = 1) writeonly buffer Count {
    uint count[];
};

void main()
{
    uint sum = 0;
    for (uint slice = 0; slice < 64; slice++)
        sum += part[slice * 256 + gl_LocalInvocationID.x];
    count[gl_LocalInvocationID.x] = sum;
}
