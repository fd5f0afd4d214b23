#version 450
//! kernel     attention/parts/values
//! idea       Weights times values, as a matrix product in 16x16 tiles of shared memory: every weight is read back,
//! idea       those that the mask has made 0 too.
//! shape      heads=2 kvheads=1 n=128 d=64 first=1 count=2
//! verify     heads=1 kvheads=1 n=1 d=1 first=1 count=1
//! verify     heads=6 kvheads=2 n=37 d=19 first=1 count=6
//! verify     heads=2 kvheads=2 n=17 d=64 first=1 count=2
//! buffer     p  in   f32[count*n,n]    uniform(0,0.1)
//! buffer     v  in   f32[kvheads*n,d]
//! buffer     o  out  f32[heads*n,d]
//! reference  attention_values  tolerance 1e-5
//! passes     p=ceil(d/16) v=count*ceil(n/16)/kvheads o=count/heads
//! flops      count*(16*ceil(n/16))*(16*ceil(d/16))*32*ceil(n/16)
//! launch     groups=ceil(d/16),ceil(n/16),count

const uint T = 16;
layout(local_size_x = T, local_size_y = T) in;

layout(push_constant) uniform Shape {
    uint heads, kvheads, n, d, first, count; // first: the first head of this step, counted from 1
};

layout(binding = 0) readonly buffer P {
    float p[];
};
layout(binding = 1) readonly buffer V {
    float v[];
};
layout(binding = 2) writeonly buffer O {
    float o[];
};

shared float tile_p[T][T], tile_v[T][T];

void main()
{
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint head = gl_WorkGroupID.z + first - 1;
    const uint row = gl_WorkGroupID.y * T + y, col = gl_WorkGroupID.x * T + x;
    const uint at_p = (gl_WorkGroupID.z * n + row) * n, at_v = head * kvheads / heads * n;
    float sum = 0.0;
    for (uint i = 0; i < n; i += T) {
        tile_p[y][x] = row < n && i + x < n ? p[at_p + i + x] : 0.0;
        tile_v[y][x] = i + y < n && col < d ? v[(at_v + i + y) * d + col] : 0.0;
        barrier();
        for (uint t = 0; t < T; t++)
            sum += tile_p[y][t] * tile_v[t][x];
        barrier();
    }
    if (row < n && col < d)
        o[(head * n + row) * d + col] = sum;
}
