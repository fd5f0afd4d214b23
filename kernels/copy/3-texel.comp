#version 450
//! kernel     copy/3-texel
//! idea       Four floats with each load again, but fetched as a texel: another road to the same memory, which
//! idea       some devices have made faster and others slower.
//! shape      rows=16384 cols=1024
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  texel=rgba32f
//! buffer     y  out  f32[rows,4*ceil(cols/4)]
//! reference  copy  tolerance 1e-12
//! passes     x=1 y=1
//! launch     groups=min(4096,ceil(rows*ceil(cols/4)/128))
//! split      rows

layout(local_size_x = 128) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

void main()
{
    // A texel cannot be cut: the header rounds a row's length up to whole ones, and so does this.
    const uint texels = rows * ((cols + 3) / 4), stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < texels; i += stride)
        y[i] = texelFetch(x, int(i));
}
