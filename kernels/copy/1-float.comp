#version 450
//! kernel     copy/1-float
//! idea       One float with each load and store: neighbouring invocations take neighbouring floats, so that
//! idea       together they ask for whole cache lines.
//! shape      rows=16384 cols=1024
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[rows,cols]
//! reference  copy  tolerance 1e-12
//! passes     x=1 y=1
//! launch     groups=min(4096,ceil(rows*cols/128))

layout(local_size_x = 128) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Y {
    float y[];
};

void main()
{
    // 4096 workgroups fill every device there is. Where the tensor has more elements than they have
    // invocations, each goes on by the width of the whole grid, so that neighbours stay neighbours.
    const uint n = rows * cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride)
        y[i] = x[i];
}
