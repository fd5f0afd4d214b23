#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     rmsnorm/3-registers
//! idea       One subgroup for each row, and the row waits in its registers: one read.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  uniform(1,3)
//! buffer     y  out  f32[rows,4*ceil(cols/4)]
//! reference  rmsnorm  tolerance 1e-5
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! needs      subgroup
//! passes     x=1 y=1
//! flops      3*rows*cols+128*rows
//! launch     groups=min(1024,ceil(rows/8))
//! split      rows
//! tune       KEEP 32 8 16 64

layout(local_size_x = 64) in;

// Vectors of the row that each invocation keeps: a subgroup of 8 holds 1024 columns in 32 of them. The end of a
// longer row is read again for the sum and for the result.
layout(constant_id = 0) const uint KEEP = 32;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    vec4 x[];
};
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

// Four elements of a row, of which those beyond the row's end are 0: rows are padded to whole vectors.
vec4 element(uint start, uint i)
{
    return mix(vec4(0.0), x[start + i], lessThan(4 * i + uvec4(0, 1, 2, 3), uvec4(cols)));
}

void main()
{
    // How many invocations a subgroup really has: gl_SubgroupSize is only the most there could be.
    const uint lanes = subgroupAdd(1), lane = gl_SubgroupInvocationID;
    const uint vectors = (cols + 3) / 4, stride = gl_NumWorkGroups.x * gl_NumSubgroups;
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < rows; row += stride) {
        const uint start = row * vectors;

        // The loop's bounds are constants: only so can the array be registers.
        vec4 kept[KEEP], squares = vec4(0.0);
        for (uint k = 0; k < KEEP; k++) {
            const uint i = k * lanes + lane;
            kept[k] = vec4(0.0);
            if (i < vectors)
                kept[k] = element(start, i);
            squares += kept[k] * kept[k];
        }
        for (uint i = KEEP * lanes + lane; i < vectors; i += lanes) {
            const vec4 v = element(start, i);
            squares += v * v;
        }
        const float scale = inversesqrt(subgroupAdd(squares.x + squares.y + squares.z + squares.w) / float(cols) + 1e-5);

        for (uint k = 0; k < KEEP; k++) {
            const uint i = k * lanes + lane;
            if (i < vectors)
                y[start + i] = kept[k] * scale;
        }
        for (uint i = KEEP * lanes + lane; i < vectors; i += lanes)
            y[start + i] = element(start, i) * scale;
    }
}
