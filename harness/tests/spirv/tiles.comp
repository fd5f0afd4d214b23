#version 450
// Cooperative matrices: 16x8 by 8x16, one from a buffer and one from shared memory.
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { float16_t a[]; };
layout(set = 0, binding = 1) buffer C { float c[]; };
shared float16_t part[256];
void main()
{
    fcoopmatNV<16, gl_ScopeSubgroup, 16, 8> ma;
    fcoopmatNV<16, gl_ScopeSubgroup, 8, 16> mb;
    fcoopmatNV<32, gl_ScopeSubgroup, 16, 16> mc = fcoopmatNV<32, gl_ScopeSubgroup, 16, 16>(0.0);
    coopMatLoadNV(ma, a, 0, 8, false);
    coopMatLoadNV(mb, part, 0, 16, false);
    mc = coopMatMulAddNV(ma, mb, mc);
    mc = mc * 2.0 + mc;
    coopMatStoreNV(mc, c, 0, 16, false);
}
