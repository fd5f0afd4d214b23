#version 450
//! kernel     transformer/parts/rope
//! idea       Rotary position: each pair of numbers half a head apart is turned by an angle of its own, whose cosine and
//! idea       sine at this position come from a table.
//! shape      heads=4 d=64
//! verify     heads=1 d=2
//! verify     heads=5 d=38
//! buffer     x     in   f32[heads,d]
//! buffer     turn  in   f32[2,d/2]
//! buffer     y     out  f32[heads,d]
//! reference  rope  tolerance 1e-6
//! passes     x=2 turn=2*heads y=1
//! flops      3*heads*d
//! launch     groups=ceil(heads*d/64)

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint heads, d;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) readonly buffer Turn {
    float turn[]; // cosines, then sines
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint i = gl_GlobalInvocationID.x, half_d = d / 2, col = i % d, pair = col % half_d;
    if (i >= heads * d)
        return;
    const float sine = turn[half_d + pair], other = x[col < half_d ? i + half_d : i - half_d];
    y[i] = x[i] * turn[pair] + other * (col < half_d ? -sine : sine);
}
