#version 450
// Whole structures loaded and stored, nested ones, row-major matrices, arrays inside structures.
layout(local_size_x = 32) in;
struct Inner { vec3 p; float w; mat2 r; };
struct Outer { uint id; Inner in_[2]; uint tail; };
layout(set = 0, binding = 0, std430, row_major) readonly buffer X { uint head; Outer x[]; };
layout(set = 0, binding = 1, std430) buffer Y { Outer y[]; };
layout(set = 0, binding = 2, std140) uniform U { Inner defaults; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    Outer o;
    o.id = x[i].id;
    o.in_[0] = x[i].in_[1];
    o.in_[1] = defaults;
    o.tail = head + x.length();
    y[i] = o;
    y[i].in_[i & 1].r[1].x += x[i].in_[0].r[0].y;
    y[i].in_[0].p[i % 3u] = 4.0;
}
