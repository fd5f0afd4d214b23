#version 450
//! kernel     softmax/parts/row-max
//! idea       The largest element of each row: exp of anything larger than 88 is more than a float can hold, so
//! idea       softmax subtracts it first.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  out  f32[rows,1]
//! reference  row_max  tolerance 1e-12
//! passes     x=1 m=1
//! flops      rows*cols+1024*rows
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
layout(binding = 1) writeonly buffer M {
    float m[];
};

const float LOWEST = -3.402823466e38; // no float is less

shared float part[LANES];

// The largest v of the workgroup; every invocation looks through all parts for itself.
float max_of_workgroup(float v)
{
    barrier(); // nobody reads the parts of the last row any more
    part[gl_LocalInvocationID.x] = v;
    barrier();
    float largest = LOWEST;
    for (uint i = 0; i < LANES; i++)
        largest = max(largest, part[i]);
    return largest;
}

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        float largest = LOWEST;
        for (uint col = lane; col < cols; col += LANES)
            largest = max(largest, x[row * cols + col]);
        largest = max_of_workgroup(largest);
        if (lane == 0)
            m[row] = largest;
    }
}
