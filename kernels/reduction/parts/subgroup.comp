#version 450
//! kernel     reduction/parts/subgroup
//! idea       One sum for each of 4096 workgroups, by instructions of the subgroup.
//! shape      n=4194304
//! buffer     x     in   f32[4*ceil(n/4)]  uniform(0,1)
//! buffer     part  out  f32[4096]
//! launch     groups=4096
//! needs      subgroup
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x = 128) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Part {
    float part[];
};

shared float held[128];

// Called by all invocations: the sum of v over the workgroup goes to part.
void finish(float v)
{
    const float sum = subgroupAdd(v);
    if (subgroupElect())
        held[gl_SubgroupID] = sum;
    barrier();
    if (gl_LocalInvocationID.x > 0)
        return;
    float all = 0.0;
    for (uint i = 0; i < gl_NumSubgroups; i++)
        all += held[i];
    part[gl_WorkGroupID.x] = all;
}

void main()
{
    const uint count = (n + 3) / 4 * 4;
    float sum = 0.0;
    for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
        sum += x[i];
    finish(sum);
}
