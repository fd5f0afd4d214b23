#version 450
//! kernel     gemm/parts/split-add
//! idea       Adds the partial sums of a product whose k was cut into pieces.
//! shape      m=64 n=128 k=8192 parts=8
//! buffer     p  in   f32[parts,m,4*ceil(n/4)]  texel=rgba32f
//! buffer     c  out  f32[m,4*ceil(n/4)]
//! reference  split_add  tolerance 1e-6
//! verify     m=1 n=1 parts=3
//! verify     m=19 n=71 parts=5
//! passes     p=1 c=1
//! flops      4*parts*m*ceil(n/4)
//! launch     groups=ceil(m*ceil(n/4)/64)

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint m, n, k, parts;
};

layout(binding = 0) uniform samplerBuffer p;
layout(binding = 1) writeonly buffer C {
    vec4 c[];
};

void main()
{
    const uint each = m * ((n + 3) / 4), at = gl_GlobalInvocationID.x;
    if (at >= each)
        return;
    vec4 sum = vec4(0.0);
    for (uint i = 0; i < parts; i++)
        sum += texelFetch(p, int(i * each + at));
    c[at] = sum;
}
