#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     softmax/5-subgroup
//! idea       One subgroup for each row: maximum and sum go from invocation to invocation without shared memory
//! idea       and without barriers, and every load takes four floats. Still three reads.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  uniform(85,95)
//! buffer     y  out  f32[rows,4*ceil(cols/4)]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! needs      subgroup
//! passes     x=3 y=1
//! flops      7*rows*cols+128*rows
//! launch     groups=min(4096,ceil(rows/8))
//! split      rows

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    vec4 x[];
};
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

const float LOWEST = -3.402823466e38; // no float is less

// Four elements of a row. Rows are padded to whole vectors: what lies beyond the row's end is LOWEST, whose
// exponential is 0.
vec4 element(uint start, uint i)
{
    return mix(vec4(LOWEST), x[start + i], lessThan(4 * i + uvec4(0, 1, 2, 3), uvec4(cols)));
}

void main()
{
    // How many invocations a subgroup really has: gl_SubgroupSize is only the most there could be.
    const uint lanes = subgroupAdd(1), lane = gl_SubgroupInvocationID;
    const uint vectors = (cols + 3) / 4, stride = gl_NumWorkGroups.x * gl_NumSubgroups;
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < rows; row += stride) {
        const uint start = row * vectors;

        vec4 most = vec4(LOWEST);
        for (uint i = lane; i < vectors; i += lanes)
            most = max(most, element(start, i));
        const float largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));

        vec4 sums = vec4(0.0);
        for (uint i = lane; i < vectors; i += lanes)
            sums += exp(element(start, i) - largest);
        const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);

        const float scale = largest > LOWEST ? 1.0 / sum : 0.0; // zeros for a row of -inf
        for (uint i = lane; i < vectors; i += lanes)
            y[start + i] = exp(element(start, i) - largest) * scale;
    }
}
