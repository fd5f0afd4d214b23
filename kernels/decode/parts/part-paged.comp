#version 450
//! kernel     decode/parts/part-paged
//! idea       The cache lies in pages that a block table puts in order, so that it can grow without being moved:
//! idea       one more load for each key, of a number that neighbours share.
//! shape      heads=4 kvheads=2 n=256 d=64 pages=40 page=8 splits=32
//! verify     heads=1 kvheads=1 n=1 d=64 pages=40 page=8 splits=32
//! verify     heads=4 kvheads=2 n=97 d=64 pages=40 page=8 splits=32
//! verify     heads=2 kvheads=2 n=37 d=128 pages=40 page=8 splits=5
//! only       d%4==0
//! only       d<=128
//! buffer     q  in   f32[heads,d]      texel=rgba32f  uniform(-5,5)
//! buffer     k  in   f32[pages*page,kvheads*d]  texel=rgba32f  uniform(4,6)
//! buffer     v  in   f32[pages*page,kvheads*d]  texel=rgba32f
//! buffer     table  in  u32[ceil(n/page)]  indices(pages)
//! buffer     a  out  f32[heads*splits,d]
//! buffer     m  out  f32[heads*splits,1]
//! buffer     s  out  f32[heads*splits,1]
//! reference  decode_part  tolerance 2e-4
//! launch     groups=ceil(splits/32),heads
//! tune       D d

layout(local_size_x = 32) in;

layout(constant_id = 0) const uint D = 64; // d, known to the compiler: an array in registers has a constant length
const uint W = D / 4;                      // texels in a row

layout(push_constant) uniform Shape {
    uint heads, kvheads, n, d, pages, page, splits;
};

layout(binding = 0) uniform samplerBuffer q;
layout(binding = 1) uniform samplerBuffer k;
layout(binding = 2) uniform samplerBuffer v;
layout(binding = 3) readonly buffer Table {
    uint table[];
};
layout(binding = 4) writeonly buffer A {
    vec4 a[];
};
layout(binding = 5) writeonly buffer M {
    float m[];
};
layout(binding = 6) writeonly buffer S {
    float s[];
};

void main()
{
    const uint head = gl_WorkGroupID.y, other = head * kvheads / heads, split = gl_GlobalInvocationID.x;
    const float scaling = inversesqrt(float(d));
    vec4 mine[W], sum[W];
    for (uint i = 0; i < W; i++) {
        mine[i] = texelFetch(q, int(head * W + i)) * scaling;
        sum[i] = vec4(0.0);
    }
    float largest = -1e30, total = 0.0;
    for (uint j = split; j < n; j += splits) {
        const uint at = ((table[j / page] * page + j % page) * kvheads + other) * W;
        vec4 dots = vec4(0.0);
        for (uint i = 0; i < W; i++)
            dots += mine[i] * texelFetch(k, int(at + i));
        const float score = dots.x + dots.y + dots.z + dots.w, larger = max(largest, score);
        const float factor = exp(largest - larger), weight = exp(score - larger);
        largest = larger;
        total = total * factor + weight;
        for (uint i = 0; i < W; i++)
            sum[i] = sum[i] * factor + weight * texelFetch(v, int(at + i));
    }
    if (split < splits) {
        const uint row = head * splits + split;
        m[row] = largest;
        s[row] = total;
        for (uint i = 0; i < W; i++)
            a[row * W + i] = sum[i];
    }
}
