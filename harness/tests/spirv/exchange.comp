#version 450
// Each workgroup writes its part of scratch and, behind a barrier, reads what its neighbours wrote.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) coherent buffer S { float scratch[]; };
layout(set = 0, binding = 1) buffer Y { float y[]; };
void main()
{
    uint i = gl_GlobalInvocationID.x, base = gl_WorkGroupID.x * 64, l = gl_LocalInvocationID.x;
    scratch[i] = float(l);
    memoryBarrierBuffer();
    barrier();
    y[i] = scratch[base + (l + 1) % 64];
}
