#version 450
//! kernel     transformer/parts/gate
//! idea       The gated unit in the middle of a layer (SwiGLU): a, weighed with its sigmoid, times b.
//! shape      n=4096
//! verify     n=1
//! verify     n=67
//! buffer     a  in   f32[n]
//! buffer     b  in   f32[n]
//! buffer     y  out  f32[n]
//! reference  swiglu  tolerance 1e-6
//! passes     a=1 b=1 y=1
//! flops      4*n
//! launch     groups=ceil(n/64)

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer A {
    float a[];
};
layout(binding = 1) readonly buffer B {
    float b[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint i = gl_GlobalInvocationID.x;
    if (i >= n)
        return;
    const float gate = a[i];
    y[i] = gate / (1.0 + exp(-gate)) * b[i];
}
