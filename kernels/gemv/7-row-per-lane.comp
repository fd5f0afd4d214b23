#version 450
//! kernel     gemv/7-row-per-lane
//! idea       Back to rows of one invocation, several for each, by texels: x then stands at the same place for all
//! idea       invocations, and nothing is left to add up between them. On a GPU its loads lie far apart.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,4*ceil(cols/4)]  texel=rgba32f
//! buffer     x  in   f32[4*ceil(cols/4)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*ROWS/rows x=ceil(rows/ROWS) y=1
//! flops      8*ROWS*ceil(rows/ROWS)*ceil(cols/4)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 4 1 2 8
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099

layout(constant_id = 0) const uint ROWS = 4;
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
    const uint fours = (cols + 3) / 4, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x * ROWS;
    for (uint row = gl_GlobalInvocationID.x * ROWS; row < rows; row += stride) {
        vec4 sums[ROWS];
        uint start[ROWS];
        for (uint r = 0; r < ROWS; r++) {
            sums[r] = vec4(0.0);
            start[r] = min(row + r, rows - 1) * fours;
        }
        for (uint i = 0; i < fours; i++) {
            const vec4 part = texelFetch(x, int(i));
            for (uint r = 0; r < ROWS; r++)
                sums[r] += texelFetch(w, int(start[r] + i)) * part;
        }
        for (uint r = 0; r < ROWS; r++)
            if (row + r < rows)
                y[row + r] = sums[r].x + sums[r].y + sums[r].z + sums[r].w;
    }
}
