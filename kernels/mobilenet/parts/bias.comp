#version 450
//! kernel     mobilenet/parts/bias
//! idea       A number for every channel is added: a whole pass for it, where the convolution could have done it.
//! shape      pixels=3136 channels=144
//! buffer     x  in   f32[pixels,channels]  texel=rgba32f  uniform(-8,8)
//! buffer     b  in   f32[channels]         texel=rgba32f  uniform(-0.2,0.2)
//! buffer     y  out  f32[pixels,channels]
//! reference  bias  tolerance 1e-6
//! passes     x=1 b=pixels y=1
//! flops      pixels*channels
//! verify     pixels=1 channels=4
//! verify     pixels=37 channels=36
//! launch     groups=min(128,ceil(pixels*channels/32))
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint pixels, channels;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) uniform samplerBuffer b;
layout(binding = 2) writeonly buffer Y {
    vec4 y[];
};

void main()
{
    const uint fours = channels / 4, n = pixels * fours;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += 8 * gl_NumWorkGroups.x)
        y[i] = texelFetch(x, int(i)) + texelFetch(b, int(i % fours));
}
