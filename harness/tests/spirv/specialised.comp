#version 450
layout(local_size_x_id = 0, local_size_y_id = 1, local_size_z_id = 2) in;
layout(constant_id = 5) const int N = 4;
layout(set = 0, binding = 0) buffer A { int a[]; };
shared int s[N * gl_WorkGroupSize.x + 1];
const float table[5] = float[](1, 2, 3, 4, 5);
void main()
{
    uint i = gl_GlobalInvocationID.x;
    s[i % N] = a.length();
    float own[N];
    for (int k = 0; k < N; k++)
        own[k] = table[k % 5];
    a[i] = int(own[i % N]) + s[(i + 1) % (N * gl_WorkGroupSize.x)];
}
