#version 450
// Many accesses in one block, around a barrier: in place, scratch, and out of bounds.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer X { float x[]; };
layout(set = 0, binding = 1) buffer S { float s[]; };
layout(set = 0, binding = 2) buffer Y { vec4 y[]; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    float sum = x[i] + x[i + 32] + x[i + 64] + x[i + 96] + x[i + 128] + x[i + 160] + x[i + 192] + x[i + 224];
    s[i] = sum;
    y[i] += sum;
    y[i + 32] = vec4(sum);
    barrier();
    sum += s[31 - i];
    x[i] = sum;
    y[i + 64].z = sum + x[i + 300];
}
