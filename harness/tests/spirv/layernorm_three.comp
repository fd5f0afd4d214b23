#version 450
// Reads its row three times: for the mean, the variance and the result. One workgroup of 64 per row.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform P { uint columns; };
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
    uint base = gl_WorkGroupID.x * columns;
    float sum = 0.0, squares = 0.0;
    for (uint j = gl_LocalInvocationID.x; j < columns; j += 64)
        sum += x[base + j];
    float mean = total(sum) / float(columns);
    for (uint j = gl_LocalInvocationID.x; j < columns; j += 64) {
        float d = x[base + j] - mean;
        squares += d * d;
    }
    float scale = inversesqrt(total(squares) / float(columns) + 1e-5);
    for (uint j = gl_LocalInvocationID.x; j < columns; j += 64)
        y[base + j] = (x[base + j] - mean) * scale;
}
