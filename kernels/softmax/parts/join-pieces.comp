#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     softmax/parts/join-pieces
//! idea       One workgroup for each row joins the maxima and sums of its pieces, which are few.
//! shape      rows=64 pieces=1000
//! buffer     m        in   f32[rows,pieces]  uniform(90,96)
//! buffer     s        in   f32[rows,pieces]  uniform(50,150)
//! buffer     largest  out  f32[rows,1]
//! buffer     sum      out  f32[rows,1]
//! reference  join_pieces  tolerance 1e-5
//! verify     rows=3 pieces=7
//! verify     rows=1 pieces=1
//! verify     rows=2 pieces=1009
//! verify     rows=131 pieces=3
//! needs      subgroup
//! passes     m=2 s=1 largest=1 sum=1
//! launch     groups=min(rows,65535)
//! split      rows

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, pieces;
};

layout(binding = 0) readonly buffer M {
    float m[];
};
layout(binding = 1) readonly buffer S {
    float s[];
};
layout(binding = 2) writeonly buffer Largest {
    float largest[];
};
layout(binding = 3) writeonly buffer Sum {
    float sum[];
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

void main()
{
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        float most = LOWEST, all = 0.0;
        for (uint i = gl_LocalInvocationID.x; i < pieces; i += gl_WorkGroupSize.x)
            most = max(most, m[row * pieces + i]);
        most = max_of_workgroup(most);
        for (uint i = gl_LocalInvocationID.x; i < pieces; i += gl_WorkGroupSize.x)
            all += s[row * pieces + i] * exp(m[row * pieces + i] - most);
        all = sum_of_workgroup(all);
        if (gl_LocalInvocationID.x == 0) {
            largest[row] = most;
            sum[row] = all;
        }
    }
}
