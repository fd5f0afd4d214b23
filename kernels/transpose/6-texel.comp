#version 450
//! kernel     transpose/6-texel
//! idea       The same, and x is fetched as texels: another road to the same memory.
//! shape      rows=4096 cols=4096
//! buffer     x  in   f32[4*ceil(rows/4),4*ceil(cols/4)]  texel=rgba32f
//! buffer     y  out  f32[4*ceil(cols/4),4*ceil(rows/4)]
//! reference  transpose  tolerance 1e-12
//! passes     x=1 y=1
//! launch     groups=min(65535,ceil(cols/32)),min(65535,ceil(rows/32))
//! verify     rows=1 cols=1
//! verify     rows=67 cols=33
//! verify     rows=31 cols=129

layout(local_size_x = 8, local_size_y = 8) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

vec4 texel(uint at)
{
    return texelFetch(x, int(at));
}

void main()
{
    const uint down = (rows + 3) / 4, across = (cols + 3) / 4;
    const uvec2 stride = gl_NumWorkGroups.xy * gl_WorkGroupSize.xy;
    for (uint i = gl_GlobalInvocationID.y; i < down; i += stride.y)
        for (uint j = gl_GlobalInvocationID.x; j < across; j += stride.x) {
            const uint from = 4 * i * across + j, to = 4 * j * down + i;
            const mat4 block = transpose(mat4(texel(from), texel(from + across), texel(from + 2 * across), texel(from + 3 * across)));
            y[to] = block[0];
            y[to + down] = block[1];
            y[to + 2 * down] = block[2];
            y[to + 3 * down] = block[3];
        }
}
