#version 450
//! kernel     rmsnorm/1-two-reads
//! idea       One workgroup per row: once through it for the sum of its squares, and once more to write. There is no mean,
//! idea       and so one walk less than layer norm has.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(1,3)
//! buffer     y  out  f32[rows,cols]
//! reference  rmsnorm  tolerance 1e-5
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=2 y=1
//! flops      3*rows*cols+1088*rows
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
layout(binding = 1) writeonly buffer Y {
    float y[];
};

shared float part[LANES];

// The sum of v over the workgroup. Every invocation adds up all parts for itself: that takes two barriers,
// where a tree would wait for each of its five levels, and it is right whatever the size of a subgroup.
float sum_of_workgroup(float v)
{
    barrier(); // nobody reads the parts of the last sum any more
    part[gl_LocalInvocationID.x] = v;
    barrier();
    float sum = 0.0;
    for (uint i = 0; i < LANES; i++)
        sum += part[i];
    return sum;
}

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    // Vulkan promises 65535 workgroups and no more; where there are more rows, each takes several.
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;

        float squares = 0.0;
        for (uint col = lane; col < cols; col += LANES) {
            const float v = x[start + col];
            squares += v * v;
        }
        const float scale = inversesqrt(sum_of_workgroup(squares) / float(cols) + 1e-5);

        for (uint col = lane; col < cols; col += LANES)
            y[start + col] = x[start + col] * scale;
    }
}
