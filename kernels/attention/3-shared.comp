#version 450
//! kernel     attention/3-shared
//! idea       Tiled after FlashAttention: 16 queries stay in shared memory while the keys and values pass by, 16 at a time,
//! idea       with a running maximum and sum for each query (online softmax). No score ever goes to memory.
//! shape      heads=2 kvheads=1 n=64 d=64 mask=1
//! verify     heads=1 kvheads=1 n=1 d=1 mask=1
//! verify     heads=6 kvheads=2 n=37 d=64 mask=2
//! verify     heads=2 kvheads=2 n=17 d=128 mask=1
//! verify     heads=2 kvheads=1 n=47 d=19 mask=2
//! only       d<=128
//! buffer     q  in   f32[heads*n,d]    uniform(-5,5)
//! buffer     k  in   f32[kvheads*n,d]  uniform(4,6)
//! buffer     v  in   f32[kvheads*n,d]
//! buffer     o  out  f32[heads*n,d]
//! reference  attention  tolerance 2e-5
//! launch     groups=ceil(n/16),heads
//! tune       W ceil(d/16)

const uint T = 16;
layout(local_size_x = T, local_size_y = T) in;

layout(constant_id = 0) const uint W = 4; // columns of the output that an invocation owns: every 16th
const uint D = W * T;                     // d, rounded up

layout(push_constant) uniform Shape {
    uint heads, kvheads, n, d, mask; // mask: 1 every key, 2 those up to the query's own place
};

layout(binding = 0) readonly buffer Q {
    float q[];
};
layout(binding = 1) readonly buffer K {
    float k[];
};
layout(binding = 2) readonly buffer V {
    float v[];
};
layout(binding = 3) writeonly buffer O {
    float o[];
};

const float LOWEST = -3.402823466e38; // no float is less

// The keys' rows are one longer: invocations side by side read below each other.
shared float tile_q[T][D], tile_k[T][D + 1], weight[T][T + 1];

void main()
{
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint head = gl_WorkGroupID.y, query = gl_WorkGroupID.x * T + y;
    const uint at_q = (head * n + query) * d, at_k = head * kvheads / heads * n;
    const uint last = mask == 2 ? min(n, (gl_WorkGroupID.x + 1) * T) : n;
    const float scaling = inversesqrt(float(d));
    float sum[W], largest = LOWEST, total = 0.0; // those of one query are the same in all its invocations
    for (uint i = 0; i < W; i++) {
        const uint col = i * T + x;
        tile_q[y][col] = query < n && col < d ? q[at_q + col] * scaling : 0.0;
        sum[i] = 0.0;
    }
    for (uint j = 0; j < last; j += T) {
        for (uint i = 0; i < W; i++) {
            const uint col = i * T + x;
            tile_k[y][col] = j + y < n && col < d ? k[(at_k + j + y) * d + col] : 0.0;
        }
        barrier();
        float s = 0.0;
        for (uint i = 0; i < D; i++)
            s += tile_q[y][i] * tile_k[x][i];
        if (j + x >= n || (mask == 2 && j + x > query))
            s = LOWEST;
        weight[y][x] = s;
        barrier();

        // The values take the place of the keys, which nobody needs any more.
        for (uint i = 0; i < W; i++) {
            const uint col = i * T + x;
            tile_k[y][col] = j + y < n && col < d ? v[(at_k + j + y) * d + col] : 0.0;
        }
        float m = largest;
        for (uint t = 0; t < T; t++)
            m = max(m, weight[y][t]);
        const float factor = exp(largest - m);
        largest = m;
        total *= factor;
        barrier(); // everyone has seen the scores
        weight[y][x] = exp(s - m);
        barrier();

        for (uint i = 0; i < W; i++)
            sum[i] *= factor;
        for (uint t = 0; t < T; t++) {
            const float p = weight[y][t];
            total += p;
            for (uint i = 0; i < W; i++)
                sum[i] += p * tile_k[t][i * T + x];
        }
        barrier(); // before the next keys come
    }
    for (uint i = 0; i < W; i++)
        if (query < n && i * T + x < d)
            o[at_q + i * T + x] = sum[i] / total;
}
