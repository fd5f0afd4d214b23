#version 450
layout(local_size_x = 32) in;
struct Cell { vec3 p; bool flag; float q[5]; mat3 m; };
layout(set = 0, binding = 0) buffer A { float a[]; };
shared Cell cells[8];
shared bool flags[32];
float bump(inout float z[5], int i)
{
    z[i] += 1.0;
    return z[i];
}
void main()
{
    int i = int(gl_LocalInvocationIndex);
    flags[i] = a[i] > 0;
    cells[i & 7].q[i % 5] = a[i];
    barrier();
    cells[i & 7].m[i % 3][i % 2] = 2;
    Cell c = cells[(i + 1) & 7];
    a[i] = bump(cells[i & 7].q, i % 5) + c.p[i % 3] + (flags[31 - i] ? 1 : 0) + c.m[1].x;
}
