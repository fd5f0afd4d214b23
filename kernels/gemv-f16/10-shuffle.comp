#version 450
//! kernel     gemv-f16/10-shuffle
//! idea       Rows of one invocation again, eight that follow each other side by side, so that they lie in few pages. Of
//! idea       32 columns of x each invocation fetches an eighth, and the others have it by shuffles.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f16[rows,32*ceil(cols/32)]  texel=rgba32ui
//! buffer     x  in   f32[32*ceil(cols/32)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=8*ROWS*ceil(rows/(8*ROWS))/rows x=ceil(rows/(8*ROWS)) y=1
//! flops      2*8*ROWS*ceil(rows/(8*ROWS))*32*ceil(cols/32)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! needs      shuffle
//! split      rows
//! tune       ROWS 4 2 8
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

// 4 and 2 are alike on lavapipe, 8 take 1.6 times as long. Against 7-row-per-lane: 1.26 at 4096 x 4096, 1.48 at 16384 x 8192.
layout(constant_id = 0) const uint ROWS = 4;
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform usamplerBuffer w;
layout(binding = 1) uniform samplerBuffer x;
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint steps = (cols + 31) / 32, beside = gl_WorkGroupSize.x, share = beside * ROWS;
    for (uint first = gl_WorkGroupID.x * share; first < rows; first += gl_NumWorkGroups.x * share) {
        const uint row = first + gl_SubgroupInvocationID;
        vec4 sums[ROWS];
        uint start[ROWS];
        [[unroll]] for (uint r = 0; r < ROWS; r++) {
            sums[r] = vec4(0.0);
            start[r] = min(row + r * beside, rows - 1) * steps * 4;
        }
        for (uint i = 0; i < steps; i++) {
            const vec4 own = texelFetch(x, int(8 * i + gl_SubgroupInvocationID));
            vec4 xs[8];
            [[unroll]] for (uint k = 0; k < 8; k++)
                xs[k] = subgroupShuffle(own, k);
            [[unroll]] for (uint r = 0; r < ROWS; r++)
                [[unroll]] for (uint k = 0; k < 4; k++) {
                    const uvec4 words = texelFetch(w, int(start[r] + 4 * i + k));
                    sums[r] += vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y)) * xs[2 * k];
                    sums[r] += vec4(unpackHalf2x16(words.z), unpackHalf2x16(words.w)) * xs[2 * k + 1];
                }
        }
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            if (row + r * beside < rows)
                y[row + r * beside] = sums[r].x + sums[r].y + sums[r].z + sums[r].w;
    }
}
