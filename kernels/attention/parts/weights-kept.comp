#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     attention/parts/weights-kept
//! idea       Softmax after softmax/7-texel, scaled and masked on the way in, so that neither costs a pass over the scores of
//! idea       its own: each subgroup keeps its row in registers, and x and y may be the same memory.
//! shape      rows=256 n=256 d=64 mask=1
//! verify     rows=4 n=4 d=1 mask=1
//! verify     rows=72 n=36 d=64 mask=2
//! verify     rows=5 n=2052 d=19 mask=1
//! verify     rows=300 n=1028 d=64 mask=2
//! only       n%4==0
//! buffer     x  in   f32[rows,n]  texel=rgba32f  uniform(280,360)
//! buffer     y  out  f32[rows,n]
//! reference  attention_weights  tolerance 2e-5
//! needs      subgroup
//! passes     x=1 y=1
//! flops      6*rows*n+64*rows
//! launch     groups=min(64,ceil(rows/8))
//! tune       KEEP min(64,ceil(n/32))

layout(local_size_x = 64) in;

// Vectors of the row that each invocation keeps: all, in a subgroup of 8. The end of a longer row is read again.
layout(constant_id = 0) const uint KEEP = 8;

layout(push_constant) uniform Shape {
    uint rows, n, d, mask; // mask: 1 every key, 2 those up to the query's own place
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

const float LOWEST = -3.402823466e38; // no float is less

vec4 element(uint row, uint i, uint seen, float scaling)
{
    return mix(vec4(LOWEST), texelFetch(x, int(row * (n / 4) + i)) * scaling, lessThan(4 * i + uvec4(0, 1, 2, 3), uvec4(seen)));
}

void main()
{
    // How many invocations a subgroup really has: gl_SubgroupSize is only the most there could be.
    const uint lanes = subgroupAdd(1), lane = gl_SubgroupInvocationID;
    const uint vectors = n / 4, stride = gl_NumWorkGroups.x * gl_NumSubgroups;
    const float scaling = inversesqrt(float(d));
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < rows; row += stride) {
        const uint seen = mask == 2 ? row % n + 1 : n;

        // The loop's bounds are constants: only so can the array be registers.
        vec4 kept[KEEP], most = vec4(LOWEST);
        for (uint k = 0; k < KEEP; k++) {
            const uint i = k * lanes + lane;
            kept[k] = vec4(LOWEST);
            if (i < vectors)
                kept[k] = element(row, i, seen, scaling);
            most = max(most, kept[k]);
        }
        for (uint i = KEEP * lanes + lane; i < vectors; i += lanes)
            most = max(most, element(row, i, seen, scaling));
        const float largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));

        vec4 sums = vec4(0.0);
        for (uint k = 0; k < KEEP; k++) {
            kept[k] = exp(kept[k] - largest);
            sums += kept[k];
        }
        for (uint i = KEEP * lanes + lane; i < vectors; i += lanes)
            sums += exp(element(row, i, seen, scaling) - largest);
        const float scale = 1.0 / subgroupAdd(sums.x + sums.y + sums.z + sums.w);

        for (uint k = 0; k < KEEP; k++) {
            const uint i = k * lanes + lane;
            if (i < vectors)
                y[row * vectors + i] = kept[k] * scale;
        }
        for (uint i = KEEP * lanes + lane; i < vectors; i += lanes)
            y[row * vectors + i] = exp(element(row, i, seen, scaling) - largest) * scale;
    }
}
