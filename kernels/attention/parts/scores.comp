#version 450
//! kernel     attention/parts/scores
//! idea       Queries times keys, as a matrix product in 16x16 tiles of shared memory: every score goes out to memory.
//! idea       What a causal query may not see is computed too and then replaced by the lowest float.
//! shape      heads=2 kvheads=1 n=128 d=64 mask=1 first=1 count=2
//! verify     heads=1 kvheads=1 n=1 d=1 mask=1 first=1 count=1
//! verify     heads=6 kvheads=2 n=37 d=19 mask=2 first=2 count=3
//! verify     heads=2 kvheads=2 n=17 d=64 mask=1 first=1 count=2
//! buffer     q  in   f32[heads*n,d]    uniform(-5,5)
//! buffer     k  in   f32[kvheads*n,d]  uniform(4,6)
//! buffer     s  out  f32[count*n,n]
//! reference  attention_scores  tolerance 1e-5
//! passes     q=count*ceil(n/16)/heads k=count*ceil(n/16)/kvheads s=1
//! flops      count*((16*ceil(n/16))^2*32*ceil(d/16)+n*n)
//! launch     groups=ceil(n/16),ceil(n/16),count

const uint T = 16;
layout(local_size_x = T, local_size_y = T) in;

// mask: 1 every key, 2 those up to the query's own place. first: the first head of this step, counted from 1.
layout(push_constant) uniform Shape {
    uint heads, kvheads, n, d, mask, first, count;
};

layout(binding = 0) readonly buffer Q {
    float q[];
};
layout(binding = 1) readonly buffer K {
    float k[];
};
layout(binding = 2) writeonly buffer S {
    float s[];
};

const float LOWEST = -3.402823466e38; // no float is less

shared float tile_q[T][T], tile_k[T][T + 1];

void main()
{
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint head = gl_WorkGroupID.z + first - 1;
    const uint row = gl_WorkGroupID.y * T + y, col = gl_WorkGroupID.x * T + x;
    const uint row_k = gl_WorkGroupID.x * T + y; // the key that this invocation fetches
    const uint at_q = (head * n + row) * d, at_k = (head * kvheads / heads * n + row_k) * d;
    float sum = 0.0;
    for (uint i = 0; i < d; i += T) {
        tile_q[y][x] = row < n && i + x < d ? q[at_q + i + x] : 0.0;
        tile_k[y][x] = row_k < n && i + x < d ? k[at_k + i + x] : 0.0;
        barrier();
        for (uint t = 0; t < T; t++)
            sum += tile_q[y][t] * tile_k[x][t];
        barrier();
    }
    if (row < n && col < n)
        s[(gl_WorkGroupID.z * n + row) * n + col] = mask == 2 && col > row ? LOWEST : sum * inversesqrt(float(d));
}
