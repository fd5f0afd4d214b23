#version 450
#extension GL_KHR_shader_subgroup_clustered : require
#extension GL_KHR_shader_subgroup_quad : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_EXT_shader_atomic_float : require
#extension GL_EXT_shader_atomic_int64 : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { float a[]; };
layout(set = 0, binding = 1) buffer B { uint64_t b[]; };
void main()
{
    float v = subgroupClusteredAdd(a[gl_LocalInvocationIndex], 4);
    v += subgroupQuadSwapHorizontal(v);
    uvec4 m = subgroupBallot(v > 0);
    atomicAdd(a[0], v);
    atomicMax(b[1], uint64_t(m.x));
    atomicAdd(b[0], 1ul);
}
