#version 450
// A matrix that is a sum first and a factor then: the KHR form has no such thing.
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { float16_t a[]; };
void main()
{
    fcoopmatNV<16, gl_ScopeSubgroup, 16, 16> m, p;
    coopMatLoadNV(m, a, 0, 16, false);
    p = coopMatMulAddNV(m, m, fcoopmatNV<16, gl_ScopeSubgroup, 16, 16>(0.0));
    coopMatStoreNV(p, a, 0, 16, false);
}
