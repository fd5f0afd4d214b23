#version 450
//! kernel     gemv/6-texel
//! idea       The same, and both are fetched as texels: another road to the same memory. All invocations of a subgroup
//! idea       go through the row together, so that none is masked but at its end.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,4*ceil(cols/4)]  texel=rgba32f
//! buffer     x  in   f32[4*ceil(cols/4)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*ROWS/rows x=ceil(rows/ROWS) y=1
//! flops      8*ROWS*ceil(rows/ROWS)*ceil(cols/4)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 8 2 4
//! needs      subgroup
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(constant_id = 0) const uint ROWS = 8;
layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform samplerBuffer w;
layout(binding = 1) uniform samplerBuffer x;
layout(binding = 2) writeonly buffer Y {
    float y[];
};

vec4 sums[ROWS];
uint start[ROWS];

void texels(uint i)
{
    const vec4 part = texelFetch(x, int(i));
    for (uint r = 0; r < ROWS; r++)
        sums[r] += texelFetch(w, int(start[r] + i)) * part;
}

void main()
{
    const uint fours = (cols + 3) / 4, stride = gl_NumWorkGroups.x * gl_NumSubgroups * ROWS;
    // Rows are dealt to workgroups first: however many subgroups one has, no workgroup is without rows.
    const uint first = (gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x) * ROWS;
    for (uint row = first; row < rows; row += stride) {
        for (uint r = 0; r < ROWS; r++) {
            sums[r] = vec4(0.0);
            start[r] = min(row + r, rows - 1) * fours;
        }
        // A condition that is the same for all: only the rest is for some of them.
        uint i = 0;
        for (; i + gl_SubgroupSize <= fours; i += gl_SubgroupSize)
            texels(i + gl_SubgroupInvocationID);
        if (i + gl_SubgroupInvocationID < fours)
            texels(i + gl_SubgroupInvocationID);
        for (uint r = 0; r < ROWS; r++) {
            const float sum = subgroupAdd(sums[r].x + sums[r].y + sums[r].z + sums[r].w);
            if (subgroupElect() && row + r < rows)
                y[row + r] = sum;
        }
    }
}
