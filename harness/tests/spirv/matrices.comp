#version 450
layout(local_size_x = 32) in;
layout(std140, set = 0, binding = 0) uniform U { vec4 w[8]; ivec2 s; mat4x3 rm; } u;
layout(std430, set = 0, binding = 1, row_major) buffer A { mat3x4 m[]; } a;
layout(std430, set = 0, binding = 2) buffer B { mat3 m[]; } b;
void main()
{
    uint i = gl_GlobalInvocationID.x;
    a.m[i][i % 3].y = u.w[i % 8].x + u.rm[i % 4][i % 3];
    mat3x4 q = a.m[i];
    vec4 column = a.m[i][1];
    b.m[i] = mat3(q);
    b.m[i][i % 3] = column.xyz;
    a.m[i + 1][2] = column;
}
