#version 450
// Arrays of buffers with and without a length, arrays of texel buffers, two views of one binding.
#extension GL_EXT_nonuniform_qualifier : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer A { float a[]; } many[];
layout(set = 0, binding = 1) buffer B { float b[]; } three[3];
layout(set = 1, binding = 0) uniform samplerBuffer texels[3];
layout(set = 2, binding = 0) buffer X { float x[]; } narrow;
layout(set = 2, binding = 0) buffer Y { vec4 y[]; } wide;
void main()
{
    uint i = gl_GlobalInvocationID.x;
    many[nonuniformEXT(i)].a[i] = texelFetch(texels[nonuniformEXT(i % 3)], int(i)).x;
    narrow.x[i] = wide.y[i].w + three[i % 3].b[i];
}
