#version 450
//! kernel     gemv-q8/5-several-rows
//! idea       A subgroup takes several rows together, and each of its invocations a block of 32 in all of them, by words
//! idea       of 16 bits, which blocks of 34 bytes are made of. Its part of x, once loaded, is used for all rows.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,32*ceil(cols/32)]
//! buffer     x  in   f32[32*ceil(cols/32)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*ROWS/rows x=ceil(rows/ROWS) y=1
//! flops      68*ROWS*ceil(rows/ROWS)*ceil(cols/32)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 4 2 8
//! needs      subgroup f16_storage
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_EXT_shader_16bit_storage : require

layout(constant_id = 0) const uint ROWS = 4;
layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer W {
    uint16_t w[];
};
layout(binding = 1) readonly buffer X {
    vec4 x[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint blocks = (cols + 31) / 32, stride = gl_NumWorkGroups.x * gl_NumSubgroups * ROWS;
    // Rows are dealt to workgroups first: however many subgroups one has, no workgroup is without rows.
    for (uint row = (gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x) * ROWS; row < rows; row += stride) {
        float sums[ROWS];
        uint start[ROWS];
        // Beyond the last row it is read once more, and what comes of it is thrown away.
        for (uint r = 0; r < ROWS; r++) {
            sums[r] = 0.0;
            start[r] = min(row + r, rows - 1) * blocks;
        }
        for (uint b = gl_SubgroupInvocationID; b < blocks; b += gl_SubgroupSize) {
            vec4 xs[8];
            for (uint k = 0; k < 8; k++)
                xs[k] = x[8 * b + k];
            for (uint r = 0; r < ROWS; r++) {
                const uint at = (start[r] + b) * 17;
                float part = 0.0;
                for (uint k = 0; k < 8; k++) {
                    const uint bits = uint(w[at + 1 + 2 * k]) | uint(w[at + 2 + 2 * k]) << 16;
                    part += dot(vec4(ivec4(uvec4(bits) << uvec4(24, 16, 8, 0)) >> 24), xs[k]);
                }
                sums[r] += unpackHalf2x16(uint(w[at])).x * part;
            }
        }
        for (uint r = 0; r < ROWS; r++) {
            const float sum = subgroupAdd(sums[r]);
            if (subgroupElect() && row + r < rows)
                y[row + r] = sum;
        }
    }
}
