#version 450
//! kernel     mobilenet/parts/depthwise
//! idea       A 3x3 convolution of every channel with itself alone: nine multiplications an element, so memory is what it
//! idea       asks for. An invocation keeps the nine weights of four channels and goes along a row of pixels.
//! shape      side=56 channels=144 stride=1 fused=3
//! buffer     x  in   f32[side*side,channels]  texel=rgba32f  uniform(0,6)
//! buffer     w  in   f32[9,channels]          texel=rgba32f  normal(0,sqrt(2/9))
//! buffer     b  in   f32[channels]            texel=rgba32f  uniform(-0.2,0.2)
//! buffer     y  out  f32[ceil(side/stride)^2,channels]
//! reference  depthwise  tolerance 1e-5
//! flops      channels*(2*(3*ceil(side/stride)-1-(stride*(ceil(side/stride)-1)+1>=side))^2+2*(fused>2)*ceil(side/stride)^2)
//! verify     side=1 channels=4 stride=1
//! verify     side=7 channels=36 stride=2
//! verify     side=6 channels=8 stride=2 fused=1
//! verify     side=5 channels=68 stride=1 fused=2
//! launch     groups=ceil(channels/32),ceil(side/stride)
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint side, channels, stride, fused;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) uniform samplerBuffer w;
layout(binding = 2) uniform samplerBuffer b;
layout(binding = 3) writeonly buffer Y {
    vec4 y[];
};

void main()
{
    const uint fours = channels / 4, out_side = (side + stride - 1) / stride;
    const uint column = gl_WorkGroupID.x * 8 + gl_LocalInvocationID.x;
    if (column >= fours)
        return;
    const int top = int(gl_WorkGroupID.y * stride) - 1;
    vec4 weights[9];
    for (uint t = 0; t < 9; t++)
        weights[t] = texelFetch(w, int(t * fours + column));
    const vec4 bias = fused > 1 ? texelFetch(b, int(column)) : vec4(0.0);
    for (uint place = 0; place < out_side; place++) {
        const int left = int(place * stride) - 1;
        vec4 v = bias;
        for (int t = 0; t < 9; t++) { // beyond the edges there is nothing to add
            const int row = top + t / 3, at = left + t % 3;
            if (row >= 0 && row < int(side) && at >= 0 && at < int(side))
                v += weights[t] * texelFetch(x, (row * int(side) + at) * int(fours) + int(column));
        }
        if (fused > 2)
            v = clamp(v, 0.0, 6.0);
        y[(gl_WorkGroupID.y * out_side + place) * fours + column] = v;
    }
}
