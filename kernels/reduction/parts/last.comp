#version 450
//! kernel     reduction/parts/last
//! idea       The sum of what the workgroups have found.
//! shape      parts=4096
//! buffer     part  in   f32[parts]
//! buffer     y     out  f32[1]
//! launch     groups=1

layout(local_size_x = 128) in;

layout(push_constant) uniform Shape {
    uint parts;
};

layout(binding = 0) readonly buffer Part {
    float part[];
};
layout(binding = 1) writeonly buffer Y {
    float y[];
};

shared float held[128];

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    float sum = 0.0;
    for (uint i = lane; i < parts; i += 128)
        sum += part[i];
    held[lane] = sum;
    for (uint reach = 64; reach > 0; reach /= 2) {
        barrier();
        if (lane < reach)
            held[lane] += held[lane + reach];
    }
    if (lane == 0)
        y[0] = held[0];
}
