#version 450
//! kernel     triad/1-float
//! idea       Two tensors in, one out: the loads outnumber the stores, which many a memory likes better than
//! idea       an even copy. The arithmetic is too little to matter.
//! shape      rows=16384 cols=1024
//! buffer     x  in   f32[rows,cols]
//! buffer     z  in   f32[rows,cols]
//! buffer     a  in   f32[1]  uniform(1,3)
//! buffer     y  out  f32[rows,cols]
//! reference  triad  tolerance 1e-6
//! passes     x=1 z=1 a=min(4096,ceil(rows*cols/128))*128 y=1
//! flops      2*rows*cols
//! launch     groups=min(4096,ceil(rows*cols/128))
//! split      rows

layout(local_size_x = 128) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) readonly buffer Z {
    float z[];
};
layout(binding = 2) readonly buffer A {
    float a;
};
layout(binding = 3) writeonly buffer Y {
    float y[];
};

void main()
{
    // Read once by each invocation, not once for each element: the compiler may not know that y is not a.
    const float factor = a;
    const uint n = rows * cols, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += stride)
        y[i] = factor * x[i] + z[i];
}
