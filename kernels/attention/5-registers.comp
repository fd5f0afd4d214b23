#version 450
//! kernel     attention/5-registers
//! idea       No shared memory and no lane that waits for another: every invocation owns 4 queries and their running
//! idea       sums, all in registers, and a key's texel is fetched once for the 4 of them.
//! shape      heads=2 kvheads=1 n=33 d=64 mask=1
//! verify     heads=1 kvheads=1 n=1 d=64 mask=1
//! verify     heads=4 kvheads=2 n=37 d=64 mask=2
//! verify     heads=2 kvheads=2 n=67 d=64 mask=1
//! only       d%4==0
//! only       d<=128
//! buffer     q  in   f32[heads*n,d]    texel=rgba32f  uniform(-5,5)
//! buffer     k  in   f32[kvheads*n,d]  texel=rgba32f  uniform(4,6)
//! buffer     v  in   f32[kvheads*n,d]  texel=rgba32f
//! buffer     o  out  f32[heads*n,d]
//! reference  attention  tolerance 2e-5
//! launch     groups=ceil(n/128),heads
//! tune       D d

layout(local_size_x = 32) in;

layout(constant_id = 0) const uint D = 64; // d, known to the compiler: an array in registers has a constant length
const uint R = 4, KEYS = 4, W = D / 4;     // queries of an invocation, keys at a time, texels in a row

layout(push_constant) uniform Shape {
    uint heads, kvheads, n, d, mask;
};

layout(binding = 0) uniform samplerBuffer q;
layout(binding = 1) uniform samplerBuffer k;
layout(binding = 2) uniform samplerBuffer v;
layout(binding = 3) writeonly buffer O {
    vec4 o[];
};

const float LOWEST = -3.402823466e38; // no float is less

void main()
{
    const uint head = gl_WorkGroupID.y, at_q = head * n, at_k = head * kvheads / heads * n;
    // Of 8 neighbours, which a narrow device runs as one, the queries lie together: a causal loop ends early.
    const uint eight = gl_GlobalInvocationID.x / 8 * 8 * R, first = eight + gl_GlobalInvocationID.x % 8;
    const uint last = mask == 2 ? min(n, eight + 8 * R) : n;
    const float scaling = inversesqrt(float(d));
    uint row[R];
    vec4 sum[R][W]; // of values, weighted, and of the weights, both relative to exp(largest)
    float largest[R], total[R];
    for (uint r = 0; r < R; r++) {
        row[r] = (at_q + min(first + r * 8, n - 1)) * W;
        largest[r] = LOWEST;
        total[r] = 0.0;
        for (uint i = 0; i < W; i++)
            sum[r][i] = vec4(0.0);
    }
    for (uint j = 0; j < last; j += KEYS) {
        uint key[KEYS];
        for (uint t = 0; t < KEYS; t++)
            key[t] = (at_k + min(j + t, n - 1)) * W;

        float s[R][KEYS];
        for (uint r = 0; r < R; r++)
            for (uint t = 0; t < KEYS; t++)
                s[r][t] = 0.0;
        for (uint i = 0; i < d / 4; i++) { // not W: this loop need not be unrolled, and d is no constant
            vec4 mine[R];
            for (uint r = 0; r < R; r++)
                mine[r] = texelFetch(q, int(row[r] + i));
            for (uint t = 0; t < KEYS; t++) {
                const vec4 theirs = texelFetch(k, int(key[t] + i));
                for (uint r = 0; r < R; r++) {
                    s[r][t] += mine[r].x * theirs.x;
                    s[r][t] += mine[r].y * theirs.y;
                    s[r][t] += mine[r].z * theirs.z;
                    s[r][t] += mine[r].w * theirs.w;
                }
            }
        }

        // A larger maximum makes all that was summed so far smaller by the same factor.
        for (uint r = 0; r < R; r++) {
            float m = largest[r];
            for (uint t = 0; t < KEYS; t++) {
                s[r][t] = j + t >= n || (mask == 2 && j + t > first + r * 8) ? LOWEST : s[r][t] * scaling;
                m = max(m, s[r][t]);
            }
            const float factor = exp(largest[r] - m);
            largest[r] = m;
            total[r] *= factor;
            for (uint t = 0; t < KEYS; t++) {
                s[r][t] = exp(s[r][t] - m);
                total[r] += s[r][t];
            }
            for (uint i = 0; i < W; i++)
                sum[r][i] *= factor;
        }

        for (uint i = 0; i < W; i++) {
            vec4 value[KEYS];
            for (uint t = 0; t < KEYS; t++)
                value[t] = texelFetch(v, int(key[t] + i));
            for (uint r = 0; r < R; r++)
                for (uint t = 0; t < KEYS; t++)
                    sum[r][i] += s[r][t] * value[t];
        }
    }
    for (uint r = 0; r < R; r++)
        if (first + r * 8 < n)
            for (uint i = 0; i < W; i++)
                o[row[r] + i] = sum[r][i] / total[r];
}
