#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     softmax/parts/piece-sums
//! idea       Of every piece of 8192 columns the maximum, and the sum of the exponentials of what is below it: all that
//! idea       the rest of the row has to know of a piece.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  uniform(85,95)
//! buffer     m  out  f32[rows,ceil(cols/8192)]
//! buffer     s  out  f32[rows,ceil(cols/8192)]
//! reference  piece_sums  tolerance 1e-5
//! verify     rows=1 cols=1
//! verify     rows=3 cols=8192
//! verify     rows=2 cols=8195
//! verify     rows=1 cols=20011
//! verify     rows=131 cols=5
//! needs      subgroup
//! passes     x=2 m=1 s=1
//! flops      4*rows*cols+64*22*rows*ceil(cols/8192)
//! launch     groups=ceil(cols/8192),min(rows,65535)
//! split      rows

const uint PIECE = 8192; // columns
layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    vec4 x[];
};
layout(binding = 1) writeonly buffer M {
    float m[];
};
layout(binding = 2) writeonly buffer S {
    float s[];
};

const float LOWEST = -3.402823466e38; // no float is less

shared float part[gl_WorkGroupSize.x]; // one for each subgroup

float max_of_workgroup(float v)
{
    v = subgroupMax(v);
    barrier(); // nobody reads the last parts any more
    part[gl_SubgroupID] = v;
    barrier();
    for (uint i = 0; i < gl_NumSubgroups; i++)
        v = max(v, part[i]);
    return v;
}

float sum_of_workgroup(float v)
{
    v = subgroupAdd(v);
    barrier();
    part[gl_SubgroupID] = v;
    barrier();
    float sum = 0.0;
    for (uint i = 0; i < gl_NumSubgroups; i++)
        sum += part[i];
    return sum;
}

// Four elements of a row. Rows are padded to whole vectors: what lies beyond the row's end is LOWEST, whose
// exponential is 0.
vec4 element(uint start, uint i)
{
    return mix(vec4(LOWEST), x[start + i], lessThan(4 * i + uvec4(0, 1, 2, 3), uvec4(cols)));
}

void main()
{
    const uint vectors = (cols + 3) / 4, pieces = gl_NumWorkGroups.x, lanes = gl_WorkGroupSize.x;
    const uint first = gl_WorkGroupID.x * (PIECE / 4), end = min(first + PIECE / 4, vectors);
    for (uint row = gl_WorkGroupID.y; row < rows; row += gl_NumWorkGroups.y) {
        const uint start = row * vectors;

        vec4 most = vec4(LOWEST);
        for (uint i = first + gl_LocalInvocationID.x; i < end; i += lanes)
            most = max(most, element(start, i));
        const float largest = max_of_workgroup(max(max(most.x, most.y), max(most.z, most.w)));

        vec4 sums = vec4(0.0);
        for (uint i = first + gl_LocalInvocationID.x; i < end; i += lanes)
            sums += exp(element(start, i) - largest);
        const float sum = sum_of_workgroup(sums.x + sums.y + sums.z + sums.w);
        if (gl_LocalInvocationID.x == 0) {
            m[row * pieces + gl_WorkGroupID.x] = largest;
            s[row * pieces + gl_WorkGroupID.x] = largest > LOWEST ? sum : 0.0; // a piece of -inf adds nothing
        }
    }
}
