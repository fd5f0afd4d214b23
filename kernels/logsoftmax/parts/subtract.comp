#version 450
//! kernel     logsoftmax/parts/subtract
//! idea       Two differences for every element: from the row's maximum first, since that is large where s is small.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  in   f32[rows,1]     uniform(95,96)
//! buffer     s  in   f32[rows,1]     uniform(5,7)
//! buffer     y  out  f32[rows,cols]
//! reference  log_differences  tolerance 1e-6
//! passes     x=1 m=32 s=32 y=1
//! flops      2*rows*cols
//! launch     groups=min(rows,65535)
//! split      rows

const uint LANES = 32;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) readonly buffer M {
    float m[];
};
layout(binding = 2) readonly buffer S {
    float s[];
};
layout(binding = 3) writeonly buffer Y {
    float y[];
};

void main()
{
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const float largest = m[row], logarithm = s[row];
        for (uint col = gl_LocalInvocationID.x; col < cols; col += LANES)
            y[row * cols + col] = (x[row * cols + col] - largest) - logarithm;
    }
}
