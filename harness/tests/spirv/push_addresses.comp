#version 450
// Addresses among the push constants, one declared and one made of a number.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
layout(local_size_x = 32) in;
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Data { float v[]; };
layout(push_constant) uniform P { uint n; Data a; Data b; uvec2 c; } p;
void main()
{
    uint i = gl_GlobalInvocationID.x;
    if (i < p.n)
        p.b.v[i] = p.a.v[i] + Data(p.c).v[i];
}
