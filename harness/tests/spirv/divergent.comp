#version 450
// Multiples of 3 return at once, other odd numbers loop i % 5 times, the rest leave the loop by break or return.
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer X { uint x[]; };
layout(push_constant) uniform P { uint n; };
void main()
{
    uint i = gl_GlobalInvocationID.x;
    if (i >= n)
        return;
    if (i % 3u == 0u) {
        x[i] = 1u;
        return;
    }
    if ((i & 1u) == 1u) {
        for (uint k = 0; k < i % 5u; k++)
            x[i] += k;
        return;
    }
    for (uint k = 0; k < 100u; k++) {
        if (k == i % 7u)
            break;
        if (k == 4u)
            return;
        x[i] += 2u;
    }
    x[i] += 1000u;
}
