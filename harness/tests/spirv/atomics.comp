#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer X { uint bins[16]; int low; uint flags[]; };
shared uint mine[16];
void main()
{
    uint i = gl_GlobalInvocationID.x, l = gl_LocalInvocationIndex;
    if (l < 16)
        mine[l] = 0;
    memoryBarrierShared();
    barrier();
    atomicAdd(mine[i % 16], 1u);
    barrier();
    if (l < 16)
        atomicAdd(bins[l], mine[l]);
    atomicMin(low, int(i));
    atomicCompSwap(flags[i % 4], 0u, i);
    atomicExchange(flags[4], i);
}
