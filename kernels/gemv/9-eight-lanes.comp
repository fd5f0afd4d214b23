#version 450
//! kernel     gemv/9-eight-lanes
//! idea       The sixth again for subgroups of eight, one in a workgroup: consecutive texels for the invocations,
//! idea       and eight rows at once, so that eight places of memory are read at once and x is fetched once for all.
//! idea       The loop's count is the same for all invocations. On a GPU most of a subgroup lies idle.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,4*ceil(cols/4)]  texel=rgba32f
//! buffer     x  in   f32[4*ceil(cols/4)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*ROWS/rows x=ceil(rows/ROWS) y=1
//! flops      8*ROWS*ceil(rows/ROWS)*ceil(cols/4)
//! launch     groups=min(65535,ceil(rows/ROWS))
//! split      rows
//! tune       ROWS 8 4 2
//! needs      subgroup
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(constant_id = 0) const uint ROWS = 8;
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform samplerBuffer w;
layout(binding = 1) uniform samplerBuffer x;
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint fours = (cols + 3) / 4, stride = gl_NumWorkGroups.x * gl_NumSubgroups * ROWS;
    const uint lanes = min(gl_SubgroupSize, gl_WorkGroupSize.x);
    const uint first = (gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x) * ROWS;
    for (uint row = first; row < rows; row += stride) {
        vec4 sums[ROWS];
        uint start[ROWS];
        for (uint r = 0; r < ROWS; r++) {
            sums[r] = vec4(0.0);
            start[r] = min(row + r, rows - 1) * fours;
        }
        uint i = gl_SubgroupInvocationID;
        for (uint n = fours / lanes; n > 0; n--, i += lanes) {
            const vec4 part = texelFetch(x, int(i));
            for (uint r = 0; r < ROWS; r++)
                sums[r] += texelFetch(w, int(start[r] + i)) * part;
        }
        if (i < fours) {
            const vec4 part = texelFetch(x, int(i));
            for (uint r = 0; r < ROWS; r++)
                sums[r] += texelFetch(w, int(start[r] + i)) * part;
        }
        for (uint r = 0; r < ROWS; r++) {
            const float sum = subgroupAdd(sums[r].x + sums[r].y + sums[r].z + sums[r].w);
            if (subgroupElect() && row + r < rows)
                y[row + r] = sum;
        }
    }
}
