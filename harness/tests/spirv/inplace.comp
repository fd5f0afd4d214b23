#version 450
// x is updated in place; scratch is written and then read back by the same invocation; half of z is only read.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer X { float x[]; };
layout(set = 0, binding = 1) buffer S { float scratch[]; };
layout(set = 0, binding = 2) readonly buffer Z { vec4 z[]; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    scratch[i] = x[i] * 2.0;
    x[i] = scratch[i] + z[i / 8].y;
}
