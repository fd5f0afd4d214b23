#version 450
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
//! kernel     gemm/15-cooperative
//! idea       A subgroup multiplies 16x16 tiles as wholes, by the units that a device has for that: halves in, sums in
//! idea       floats. Two by two tiles of c share what is loaded of a and b.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f16[m,k]
//! buffer     b  in   f16[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! needs      cooperative_matrix f16_storage
//! only       m%16==0
//! only       n%16==0
//! only       k%16==0
//! verify     m=16 n=16 k=16
//! verify     m=48 n=80 k=112
//! verify     m=64 n=144 k=32
//! passes     a=64*ceil(n/64)*ceil(m/32)/m b=64*ceil(n/64)*ceil(m/32)/n c=1
//! flops      2*k*(32*ceil(m/32))*(64*ceil(n/64))
//! launch     groups=ceil(n/64),ceil(m/32)
//! split      m

layout(local_size_x = 64) in; // two subgroups of 32, or one of 64

layout(push_constant) uniform Shape {
    uint m, n, k;
};

layout(binding = 0) readonly buffer A {
    float16_t a[];
};
layout(binding = 1) readonly buffer B {
    float16_t b[];
};
layout(binding = 2) writeonly buffer C {
    float c[];
};

const uint TILE = 16;
#define HALVES fcoopmatNV<16, gl_ScopeSubgroup, TILE, TILE>
#define SUMS   fcoopmatNV<32, gl_ScopeSubgroup, TILE, TILE>

void main()
{
    const uint top = gl_WorkGroupID.y * 2 * TILE;
    for (uint part = gl_SubgroupID; part < 2; part += gl_NumSubgroups) {
        const uint left = (gl_WorkGroupID.x * 2 + part) * 2 * TILE;
        // Beyond the edges the last tile is computed again, and not stored.
        const uint row0 = min(top, m - TILE), row1 = min(top + TILE, m - TILE);
        const uint col0 = min(left, n - TILE), col1 = min(left + TILE, n - TILE);

        SUMS sum00 = SUMS(0.0), sum01 = SUMS(0.0), sum10 = SUMS(0.0), sum11 = SUMS(0.0);
        for (uint at = 0; at < k; at += TILE) {
            HALVES a0, a1, b0, b1;
            coopMatLoadNV(a0, a, row0 * k + at, k, false);
            coopMatLoadNV(a1, a, row1 * k + at, k, false);
            coopMatLoadNV(b0, b, at * n + col0, n, false);
            coopMatLoadNV(b1, b, at * n + col1, n, false);
            sum00 = coopMatMulAddNV(a0, b0, sum00);
            sum01 = coopMatMulAddNV(a0, b1, sum01);
            sum10 = coopMatMulAddNV(a1, b0, sum10);
            sum11 = coopMatMulAddNV(a1, b1, sum11);
        }

        const bool right = left + TILE < n, below = top + TILE < m;
        if (left < n)
            coopMatStoreNV(sum00, c, top * n + left, n, false);
        if (right)
            coopMatStoreNV(sum01, c, top * n + left + TILE, n, false);
        if (left < n && below)
            coopMatStoreNV(sum10, c, (top + TILE) * n + left, n, false);
        if (right && below)
            coopMatStoreNV(sum11, c, (top + TILE) * n + left + TILE, n, false);
    }
}
