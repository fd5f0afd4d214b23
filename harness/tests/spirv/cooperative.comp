#version 450
// A product of cooperative matrices, two accumulators in an array; one left operand for both.
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) readonly buffer A { float16_t a[]; };
layout(set = 0, binding = 1) readonly buffer B { float16_t b[]; };
layout(set = 0, binding = 2) buffer C { float c[]; };
layout(push_constant) uniform P { uint m, n, k; };
void main()
{
    fcoopmatNV<32, gl_ScopeSubgroup, 16, 16> sum[2];
    for (int i = 0; i < 2; i++) sum[i] = fcoopmatNV<32, gl_ScopeSubgroup, 16, 16>(0.0);
    uint row = gl_WorkGroupID.y * 16, col = gl_WorkGroupID.x * 32;
    for (uint i = 0; i < k; i += 16) {
        fcoopmatNV<16, gl_ScopeSubgroup, 16, 16> ma, mb;
        coopMatLoadNV(ma, a, row * k + i, k, false);
        for (int j = 0; j < 2; j++) {
            coopMatLoadNV(mb, b, i * n + col + 16 * j, n, false);
            sum[j] = coopMatMulAddNV(ma, mb, sum[j]);
        }
    }
    for (int j = 0; j < 2; j++) coopMatStoreNV(sum[j], c, row * n + col + 16 * j, n, false);
}
