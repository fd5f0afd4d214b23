#version 450
//! kernel     decode/parts/combine
//! idea       The parts of each head, weighed against each other: a part with a smaller maximum counts for less. Neighbours
//! idea       take neighbouring columns.
//! shape      heads=4 d=64 splits=32
//! verify     heads=1 d=1 splits=1
//! verify     heads=5 d=37 splits=7
//! verify     heads=2 d=128 splits=67
//! buffer     a  in   f32[heads*splits,d]
//! buffer     m  in   f32[heads*splits,1]  uniform(40,50)
//! buffer     s  in   f32[heads*splits,1]  uniform(1,9)
//! buffer     o  out  f32[heads,d]
//! reference  decode_combine  tolerance 1e-5
//! launch     groups=ceil(d/32),heads

layout(local_size_x = 32) in;

layout(push_constant) uniform Shape {
    uint heads, d, splits;
};

layout(binding = 0) readonly buffer A {
    float a[];
};
layout(binding = 1) readonly buffer M {
    float m[];
};
layout(binding = 2) readonly buffer S {
    float s[];
};
layout(binding = 3) writeonly buffer O {
    float o[];
};

void main()
{
    const uint col = gl_GlobalInvocationID.x, first = gl_WorkGroupID.y * splits;
    if (col >= d)
        return;
    float largest = m[first];
    for (uint p = 1; p < splits; p++)
        largest = max(largest, m[first + p]);
    float sum = 0.0, total = 0.0;
    for (uint p = 0; p < splits; p++) {
        const float weight = exp(m[first + p] - largest);
        total += weight * s[first + p];
        sum += weight * a[(first + p) * d + col];
    }
    o[gl_WorkGroupID.y * d + col] = sum / total;
}
