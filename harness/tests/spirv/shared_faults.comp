#version 450
// The last invocation reads one element behind shared memory, and one far behind its buffer.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) buffer Y { float y[]; };
layout(push_constant) uniform P { uint slip; };
shared float part[32];
void main()
{
    uint i = gl_LocalInvocationID.x;
    part[i] = x[i];
    barrier();
    y[i] = part[i + slip]; // line 13
    if (i == 31)
        y[i + 100 * slip] = 1.0; // line 15
}
