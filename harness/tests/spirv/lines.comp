#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    float v = x[i]; // line 8: 4 bytes read
    v = v * v + v; // line 9: 2 flops
    y[i] = exp(v); // line 10: 4 bytes written, 1 special
}
