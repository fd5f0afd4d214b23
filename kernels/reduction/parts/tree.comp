#version 450
//! kernel     reduction/parts/tree
//! idea       One sum for each of 4096 workgroups, by halves in shared memory.
//! shape      n=4194304
//! buffer     x     in   f32[4*ceil(n/4)]  uniform(0,1)
//! buffer     part  out  f32[4096]
//! launch     groups=4096

const uint LANES = 128;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Part {
    float part[];
};

shared float held[LANES];

void main()
{
    const uint count = (n + 3) / 4 * 4, lane = gl_LocalInvocationID.x;
    float sum = 0.0;
    for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * LANES)
        sum += x[i];
    held[lane] = sum;
    // Neighbours stay at work together, and read neighbours: no bank of the memory is asked twice.
    for (uint reach = LANES / 2; reach > 0; reach /= 2) {
        barrier();
        if (lane < reach)
            held[lane] += held[lane + reach];
    }
    if (lane == 0)
        part[gl_WorkGroupID.x] = held[0];
}
