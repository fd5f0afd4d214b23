#version 450
// Arrays of buffers: elements chosen by constants, and by an index that is none.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) readonly buffer X { float v[]; } x[4];
layout(set = 0, binding = 1) readonly buffer Z { float v[]; } z[2];
layout(set = 1, binding = 0) buffer Y { float v[]; } y[2];
void main()
{
    uint i = gl_GlobalInvocationID.x;
    y[0].v[i] = x[0].v[i] + x[3].v[i / 2];
    y[1].v[i] = x[0].v[i] + z[i & 1].v[i + 1];
}
