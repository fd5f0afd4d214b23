#version 450
// Reads its row once: 16 values wait in registers. One workgroup of 64 per row of 1024.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
shared float part[64];
float total(float v)
{
    uint i = gl_LocalInvocationID.x;
    barrier();
    part[i] = v;
    barrier();
    for (uint step = 32; step > 0; step >>= 1) {
        if (i < step)
            part[i] += part[i + step];
        barrier();
    }
    return part[0];
}
void main()
{
    uint base = gl_WorkGroupID.x * 1024 + gl_LocalInvocationID.x;
    float v[16], sum = 0.0, squares = 0.0;
    for (uint j = 0; j < 16; j++) {
        v[j] = x[base + 64 * j];
        sum += v[j];
    }
    float mean = total(sum) / 1024.0;
    for (uint j = 0; j < 16; j++) {
        float d = v[j] - mean;
        squares += d * d;
    }
    float scale = inversesqrt(total(squares) / 1024.0 + 1e-5);
    for (uint j = 0; j < 16; j++)
        y[base + 64 * j] = (v[j] - mean) * scale;
}
