#version 450
//! kernel     reduction/parts/vec4
//! idea       One sum for each of 256 workgroups, from sums of vec4.
//! shape      n=4194304
//! buffer     x     in   f32[4*ceil(n/4)]  uniform(0,1)
//! buffer     part  out  f32[256]
//! launch     groups=256
//! needs      subgroup
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x = 256) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer X {
    vec4 x[];
};
layout(binding = 1) writeonly buffer Part {
    float part[];
};

shared float held[256];

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
    const uint count = (n + 3) / 4;
    vec4 sum = vec4(0.0);
    for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
        sum += x[i];
    finish(sum.x + sum.y + sum.z + sum.w);
}
