#version 450
//! kernel     reduction/parts/atomic-add
//! idea       Adds each element to y by itself.
//! shape      n=4194304
//! buffer     x  in     f32[4*ceil(n/4)]  uniform(0,1)
//! buffer     y  inout  f32[1]
//! launch     groups=min(65535,ceil(n/64))

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint n;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) buffer Y {
    uint y[]; // the bits of a float
};

void main()
{
    const uint count = (n + 3) / 4 * 4;
    for (uint i = gl_GlobalInvocationID.x; i < count; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        uint seen = y[0], last;
        do {
            last = seen;
            seen = atomicCompSwap(y[0], last, floatBitsToUint(uintBitsToFloat(last) + x[i]));
        } while (seen != last);
    }
}
