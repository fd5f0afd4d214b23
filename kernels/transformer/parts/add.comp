#version 450
//! kernel     transformer/parts/add
//! idea       The residual: what a layer has found is added to what it was given, in place.
//! shape      n=4096
//! verify     n=1
//! verify     n=67
//! buffer     x  inout  f32[n]
//! buffer     y  in     f32[n]
//! reference  residual  tolerance 1e-6
//! passes     x=2 y=1
//! flops      n
//! launch     groups=ceil(n/64)

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) buffer X {
    float x[];
};
layout(binding = 1) readonly buffer Y {
    float y[];
};

void main()
{
    const uint i = gl_GlobalInvocationID.x;
    if (i < n)
        x[i] += y[i];
}
