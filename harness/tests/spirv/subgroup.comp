#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_vote : require
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) buffer Y { float y[]; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    float sum = subgroupAdd(x[i]);
    float top = subgroupMax(x[i]);
    if (subgroupElect())
        y[gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID] = sum + top;
    if (subgroupAny(sum < -1.0))
        y[0] = subgroupShuffleXor(sum, 1);
}
