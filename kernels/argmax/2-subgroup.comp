#version 450
//! kernel     argmax/2-subgroup
//! idea       One subgroup for each row, and no waiting: the largest of all by one instruction, and by a second one
//! idea       the least of the columns at which it was seen.
//! shape      rows=64 cols=50257
//! buffer     x      in   f32[rows,cols]  uniform(-9,9)
//! buffer     index  out  u32[rows,1]
//! reference  argmax  tolerance 1e-12
//! verify     rows=13 cols=37 x=masked(-9,9)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=constant(3)
//! verify     rows=7 cols=257 x=masked(3,3.0000001)
//! verify     rows=2 cols=50257 x=masked(-9,9)
//! verify     rows=300 cols=31
//! passes     x=1 index=1
//! launch     groups=min(rows,65535)
//! split      rows
//! needs      subgroup
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Index {
    uint index[];
};

void main()
{
    // Of a workgroup of several subgroups, each takes rows of its own.
    // Rows are dealt to workgroups first: however many subgroups one has, no workgroup is without rows.
    const uint first = gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    for (uint row = first; row < rows; row += gl_NumWorkGroups.x * gl_NumSubgroups) {
        float largest = uintBitsToFloat(0xff800000u);
        uint at = gl_SubgroupInvocationID;
        for (uint col = gl_SubgroupInvocationID; col < cols; col += gl_SubgroupSize) {
            const float v = x[row * cols + col];
            if (v > largest) {
                largest = v;
                at = col;
            }
        }
        const float most = subgroupMax(largest);
        const uint least = subgroupMin(largest == most ? at : 0xffffffffu);
        if (subgroupElect())
            index[row] = least;
    }
}
