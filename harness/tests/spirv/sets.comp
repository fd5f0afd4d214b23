#version 450
layout(local_size_x_id = 0, local_size_y = 2) in;
layout(constant_id = 1) const uint WIDTH = 8;
layout(constant_id = 2) const bool TWICE = false;
layout(constant_id = 3) const float SCALE = 2.0;
layout(set = 1, binding = 3) readonly buffer A { vec4 a[]; } a;
layout(set = 2, binding = 0) buffer B { uint count; vec2 pair[3]; float rest[]; } b[2];
layout(set = 3, binding = 7) uniform U { mat4 m; vec3 v; float k[4]; mat3 t; } u;
layout(push_constant) uniform P { uint n; mat2 r; vec3 w; } p;
shared vec4 tile[WIDTH * 4];
void main()
{
    uint i = gl_GlobalInvocationID.x, l = gl_LocalInvocationIndex;
    tile[l % (WIDTH * 4)] = u.m * a.a[i] * SCALE;
    barrier();
    vec4 v = tile[(l + 1) % (WIDTH * 4)] + vec4(u.t * u.v, u.k[i % 4]) + vec4(p.r * p.w.xy, p.w.z, float(p.n));
    b[0].rest[i] = dot(v, v);
    if (TWICE)
        b[1].rest[i] = v.x;
    b[1].pair[i % 3] = v.xy;
    atomicAdd(b[0].count, 1u);
}
