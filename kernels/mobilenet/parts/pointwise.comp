#version 450
//! kernel     mobilenet/parts/pointwise
//! idea       A 1x1 convolution is a matrix product, pixels times channels. An invocation keeps 4 pixels by 4 channels in
//! idea       registers; neighbours take neighbouring channels. What is fused behind it: 1 nothing, 2 bias, 3 bias and relu6.
//! shape      pixels=3136 in=24 out=144 fused=3
//! buffer     x  in   f32[pixels,in]   texel=rgba32f  uniform(0,6)
//! buffer     w  in   f32[in,out]      texel=rgba32f  normal(0,sqrt(2/in))
//! buffer     b  in   f32[out]         texel=rgba32f  uniform(-0.2,0.2)
//! buffer     y  out  f32[pixels,out]
//! reference  pointwise  tolerance 2e-6*sqrt(in)
//! flops      8*ceil(pixels/8)*out*(2*in+1+2*(fused>2))
//! verify     pixels=1 in=4 out=4 fused=3
//! verify     pixels=49 in=20 out=36 fused=1
//! verify     pixels=37 in=8 out=132 fused=2
//! verify     pixels=7 in=132 out=12 fused=3
//! launch     groups=ceil(out/32),ceil(pixels/8)
layout(local_size_x = 8) in;

const uint ROWS = 8; // pixels of an invocation

layout(push_constant) uniform Shape {
    uint pixels, in_channels, out_channels, fused;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) uniform samplerBuffer w;
layout(binding = 2) uniform samplerBuffer b;
layout(binding = 3) writeonly buffer Y {
    vec4 y[];
};

void main()
{
    const uint fours = out_channels / 4, taken = in_channels / 4;
    const uint column = gl_WorkGroupID.x * 8 + gl_LocalInvocationID.x, first = gl_WorkGroupID.y * ROWS;
    if (column >= fours)
        return;
    vec4 sums[ROWS];
    for (uint r = 0; r < ROWS; r++)
        sums[r] = vec4(0.0);
    for (uint k = 0; k < taken; k++) {
        const vec4 w0 = texelFetch(w, int((4 * k + 0) * fours + column));
        const vec4 w1 = texelFetch(w, int((4 * k + 1) * fours + column));
        const vec4 w2 = texelFetch(w, int((4 * k + 2) * fours + column));
        const vec4 w3 = texelFetch(w, int((4 * k + 3) * fours + column));
        for (uint r = 0; r < ROWS; r++) {
            // beyond the last pixel it is computed again, and not stored
            const vec4 a = texelFetch(x, int(min(first + r, pixels - 1) * taken + k));
            sums[r] += a.x * w0 + a.y * w1 + a.z * w2 + a.w * w3;
        }
    }
    const vec4 bias = fused > 1 ? texelFetch(b, int(column)) : vec4(0.0);
    for (uint r = 0; r < ROWS; r++) {
        vec4 v = sums[r] + bias;
        if (fused > 2)
            v = clamp(v, 0.0, 6.0);
        if (first + r < pixels)
            y[(first + r) * fours + column] = v;
    }
}
