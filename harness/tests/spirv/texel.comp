#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) uniform samplerBuffer x;
layout(set = 0, binding = 1, rgba32f) uniform writeonly imageBuffer y;
layout(push_constant) uniform P { int n; };
void main()
{
    int i = int(gl_GlobalInvocationID.x);
    if (i < n)
        imageStore(y, i, texelFetch(x, i));
}
