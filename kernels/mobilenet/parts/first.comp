#version 450
//! kernel     mobilenet/parts/first
//! idea       The first layer: 3x3, every second pixel, three colours in and four channels out for each invocation.
//! shape      side=224 out=32 fused=3
//! buffer     x  in   f32[side*side,3]  uniform(-1,1)
//! buffer     w  in   f32[27,out]       texel=rgba32f  normal(0,sqrt(2/27))
//! buffer     b  in   f32[out]          texel=rgba32f  uniform(-0.2,0.2)
//! buffer     y  out  f32[ceil(side/2)^2,out]
//! reference  conv_first  tolerance 1e-5
//! flops      out*(6*(3*ceil(side/2)-1-(2*ceil(side/2)-1>=side))^2+2*(fused>2)*ceil(side/2)^2)
//! verify     side=1 out=4
//! verify     side=7 out=36 fused=1
//! verify     side=10 out=32 fused=2
//! launch     groups=ceil(out/32),ceil(side/2)
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint side, out_channels, fused;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) uniform samplerBuffer w;
layout(binding = 2) uniform samplerBuffer b;
layout(binding = 3) writeonly buffer Y {
    vec4 y[];
};

void main()
{
    const uint fours = out_channels / 4, out_side = (side + 1) / 2;
    const uint column = gl_WorkGroupID.x * 8 + gl_LocalInvocationID.x;
    if (column >= fours)
        return;
    const int top = int(gl_WorkGroupID.y * 2) - 1;
    vec4 weights[27];
    for (uint t = 0; t < 27; t++)
        weights[t] = texelFetch(w, int(t * fours + column));
    const vec4 bias = fused > 1 ? texelFetch(b, int(column)) : vec4(0.0);
    for (uint place = 0; place < out_side; place++) {
        const int left = int(place * 2) - 1;
        vec4 v = bias;
        for (int t = 0; t < 9; t++) {
            const int row = top + t / 3, at = left + t % 3;
            if (row >= 0 && row < int(side) && at >= 0 && at < int(side))
                for (int colour = 0; colour < 3; colour++)
                    v += x[(row * int(side) + at) * 3 + colour] * weights[t * 3 + colour];
        }
        if (fused > 2)
            v = clamp(v, 0.0, 6.0);
        y[(gl_WorkGroupID.y * out_side + place) * fours + column] = v;
    }
}
