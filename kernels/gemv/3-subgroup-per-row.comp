#version 450
//! kernel     gemv/3-subgroup-per-row
//! idea       One subgroup per row: its invocations add up their parts by one instruction, without shared memory and
//! idea       without waiting for each other.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,cols]
//! buffer     x  in   f32[cols]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      2*rows*cols
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

layout(binding = 0) readonly buffer W {
    float w[];
};
layout(binding = 1) readonly buffer X {
    float x[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    // As many rows at a time as there are subgroups in the workgroup: that is the device's to say.
    // Rows are dealt to workgroups first: however many subgroups one has, no workgroup is without rows.
    const uint first = gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    for (uint row = first; row < rows; row += gl_NumWorkGroups.x * gl_NumSubgroups) {
        float sum = 0.0;
        for (uint col = gl_SubgroupInvocationID; col < cols; col += gl_SubgroupSize)
            sum += w[row * cols + col] * x[col];
        sum = subgroupAdd(sum);
        if (subgroupElect())
            y[row] = sum;
    }
}
