#version 450
//! kernel     gemv/5-several-rows
//! idea       A subgroup takes several rows together, so that a part of x, once loaded, is used for all of them.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,4*ceil(cols/4)]
//! buffer     x  in   f32[4*ceil(cols/4)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*ROWS/rows x=ceil(rows/ROWS) y=1
//! flops      8*ROWS*ceil(rows/ROWS)*ceil(cols/4)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 4 2 8
//! needs      subgroup
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(constant_id = 0) const uint ROWS = 4;
layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

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
    const uint fours = (cols + 3) / 4, stride = gl_NumWorkGroups.x * gl_NumSubgroups * ROWS;
    // Rows are dealt to workgroups first: however many subgroups one has, no workgroup is without rows.
    const uint first = (gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x) * ROWS;
    for (uint row = first; row < rows; row += stride) {
        vec4 sums[ROWS];
        uint start[ROWS];
        // Beyond the last row it is read once more, and what comes of it is thrown away.
        for (uint r = 0; r < ROWS; r++) {
            sums[r] = vec4(0.0);
            start[r] = min(row + r, rows - 1) * fours;
        }
        for (uint i = gl_SubgroupInvocationID; i < fours; i += gl_SubgroupSize) {
            const vec4 part = x[i];
            for (uint r = 0; r < ROWS; r++)
                sums[r] += w[start[r] + i] * part;
        }
        for (uint r = 0; r < ROWS; r++) {
            const float sum = subgroupAdd(sums[r].x + sums[r].y + sums[r].z + sums[r].w);
            if (subgroupElect() && row + r < rows)
                y[row + r] = sum;
        }
    }
}
