#version 450
//! kernel     transpose/2-writes-in-rows
//! idea       The other way round: neighbours write neighbours in a row of y, and read a whole row of x apart. A load
//! idea       can wait in a cache for its line's other words, where a store may not.
//! shape      rows=4096 cols=4096
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[cols,rows]
//! reference  transpose  tolerance 1e-12
//! passes     x=1 y=1
//! launch     groups=min(65535,ceil(rows/64)),min(65535,cols)
//! verify     rows=1 cols=1
//! verify     rows=67 cols=33
//! verify     rows=31 cols=129

layout(local_size_x = 64) in;

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
    for (uint col = gl_WorkGroupID.y; col < cols; col += gl_NumWorkGroups.y)
        for (uint row = gl_GlobalInvocationID.x; row < rows; row += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
            y[col * rows + row] = x[row * cols + col];
}
