#version 450
//! kernel     copy/2-vec4
//! idea       Four floats with each load and store: a quarter of the instructions for the same bytes.
//! shape      rows=16384 cols=1024
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[rows,cols]
//! reference  copy  tolerance 1e-12
//! passes     x=1 y=1
//! launch     groups=min(4096,ceil(rows*cols/512))
//! split      rows

layout(local_size_x = 128) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X4 {
    vec4 x4[];
};
layout(binding = 1) writeonly buffer Y4 {
    vec4 y4[];
};

// The same two buffers once more, float by float: up to three floats at the end are no whole vec4.
layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint n = rows * cols, whole = n / 4, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < whole; i += stride)
        y4[i] = x4[i];

    const uint last = 4 * whole + gl_GlobalInvocationID.x;
    if (last < n)
        y[last] = x[last];
}
