#version 450
//! kernel     mobilenet/parts/pool
//! idea       The mean of every channel over all pixels.
//! shape      pixels=49 channels=1280
//! buffer     x  in   f32[pixels,channels]  texel=rgba32f  uniform(0,6)
//! buffer     y  out  f32[1,channels]
//! reference  pool  tolerance 1e-5
//! passes     x=1 y=1
//! flops      pixels*channels
//! verify     pixels=1 channels=4
//! verify     pixels=37 channels=36
//! launch     groups=ceil(channels/32)
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
    const uint fours = channels / 4, mine = gl_GlobalInvocationID.x;
    if (mine >= fours)
        return;
    vec4 sum = vec4(0.0);
    for (uint i = 0; i < pixels; i++)
        sum += texelFetch(x, int(i * fours + mine));
    y[mine] = sum / float(pixels);
}
