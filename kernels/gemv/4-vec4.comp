#version 450
//! kernel     gemv/4-vec4
//! idea       Four floats with each load: a quarter of the instructions for the same bytes.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,4*ceil(cols/4)]
//! buffer     x  in   f32[4*ceil(cols/4)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      8*rows*ceil(cols/4)
//! launch     groups=min(65535,ceil(rows/8))
//! split      rows
//! needs      subgroup
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

// The header rounds a row's length up to whole vec4: each row must begin with one.
layout(binding = 0) readonly buffer W {
    vec4 w[];
};
layout(binding = 1) readonly buffer X {
    vec4 x[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint fours = (cols + 3) / 4;
    // Rows are dealt to workgroups first: however many subgroups one has, no workgroup is without rows.
    const uint first = gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    for (uint row = first; row < rows; row += gl_NumWorkGroups.x * gl_NumSubgroups) {
        vec4 sums = vec4(0.0);
        for (uint i = gl_SubgroupInvocationID; i < fours; i += gl_SubgroupSize)
            sums += w[row * fours + i] * x[i];
        const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);
        if (subgroupElect())
            y[row] = sum;
    }
}
