#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer X { vec4 x[]; };
layout(set = 0, binding = 1) buffer M { mat4 m; mat3 small; } m;
void main()
{
    uint i = gl_GlobalInvocationID.x;
    vec4 v = x[i];
    v = exp(v) + log(abs(v)) * tanh(v) - sqrt(v) / inversesqrt(v);
    v += pow(v, v.yxwz) + mix(v, v.wzyx, 0.5) + clamp(v, 0.0, 1.0) + fract(v) + smoothstep(0.0, 1.0, v);
    v.xyz += cross(v.xyz, v.zxy) + normalize(v.xyz) * length(v) + reflect(v.xyz, vec3(0, 1, 0));
    v = m.m * v + v * m.m + transpose(m.m) * v + outerProduct(v, v)[0] + fma(v, v, v);
    v.x += determinant(m.small) + distance(v, x[0]) + unpackHalf2x16(packHalf2x16(v.xy)).x;
    v += (m.m * m.m)[1] + (inverse(m.m) * v) + float(bitCount(i)) + float(findMSB(i));
    x[i] = v;
}
