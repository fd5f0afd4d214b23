#version 450
// Cooperative matrices of integers: column-major, one that meets no product, and their length.
#extension GL_NV_cooperative_matrix : require
#extension GL_NV_integer_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { int8_t a[]; };
layout(set = 0, binding = 1) buffer B { int8_t b[]; };
layout(set = 0, binding = 2) buffer C { int c[]; };
void main()
{
    icoopmatNV<8, gl_ScopeSubgroup, 16, 32> ma, alone;
    icoopmatNV<8, gl_ScopeSubgroup, 32, 16> mb;
    icoopmatNV<32, gl_ScopeSubgroup, 16, 16> mc;
    coopMatLoadNV(ma, a, 0, 32, false);
    coopMatLoadNV(mb, b, 0, 32, true);
    mc = coopMatMulAddNV(ma, mb, icoopmatNV<32, gl_ScopeSubgroup, 16, 16>(0));
    coopMatStoreNV(mc, c, 0, 16, true);
    coopMatLoadNV(alone, a, 512, 32, false);
    coopMatStoreNV(-alone, a, 1024, 32, false);
    c[512] = mc.length();
}
