#version 450
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer H { float16_t h[]; };
layout(set = 0, binding = 1) buffer B { i8vec4 b[]; };
layout(set = 0, binding = 2) buffer D { double d[]; };
layout(set = 0, binding = 3) buffer L { int64_t l[]; };
layout(set = 0, binding = 4) buffer S { uint16_t s[]; };
layout(set = 0, binding = 5) buffer V { f16vec3 v[]; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    h[i] = h[i] * float16_t(2.0) + float16_t(1.0);
    b[i] = b[i] + i8vec4(1);
    d[i] = d[i] / 3.0lf;
    l[i] = l[i] * 7L + int64_t(s[i]);
    s[i] = uint16_t(l[i]);
    v[i] = v[i] + f16vec3(h[i]);
}
