#version 450
//! kernel     mobilenet/parts/relu6
//! idea       What is below 0 becomes 0, what is above 6 becomes 6: a pass of its own.
//! shape      pixels=3136 channels=144
//! buffer     x  in   f32[pixels,channels]  texel=rgba32f  uniform(-8,8)
//! buffer     y  out  f32[pixels,channels]
//! reference  clamp(0,6)  tolerance 1e-6
//! passes     x=1 y=1
//! flops      2*pixels*channels
//! verify     pixels=1 channels=4
//! verify     pixels=37 channels=36
//! launch     groups=min(128,ceil(pixels*channels/32))
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint pixels, channels;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

void main()
{
    const uint fours = channels / 4, n = pixels * fours;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += 8 * gl_NumWorkGroups.x)
        y[i] = clamp(texelFetch(x, int(i)), 0.0, 6.0);
}
