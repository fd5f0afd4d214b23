#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_shuffle : require
//! kernel     attention/6-shuffle
//! idea       All invocations want the same keys and values. The 8 of a workgroup fetch 8 different texels at once and hand
//! idea       them to each other by shuffles, where those of 5-registers all fetched the same one, and queries stay in
//! idea       registers.
//! shape      heads=2 kvheads=1 n=33 d=64 mask=1
//! verify     heads=1 kvheads=1 n=1 d=64 mask=1
//! verify     heads=4 kvheads=2 n=37 d=64 mask=2
//! verify     heads=2 kvheads=2 n=67 d=64 mask=1
//! verify     heads=3 kvheads=1 n=35 d=36 mask=2
//! verify     heads=1 kvheads=1 n=41 d=20 mask=1
//! needs      shuffle
//! only       d%4==0
//! only       d<=128
//! buffer     q  in   f32[heads*n,d]    texel=rgba32f  uniform(-5,5)
//! buffer     k  in   f32[kvheads*n,d]  texel=rgba32f  uniform(4,6)
//! buffer     v  in   f32[kvheads*n,d]  texel=rgba32f
//! buffer     o  out  f32[heads*n,d]
//! reference  attention  tolerance 2e-5
//! launch     groups=ceil(n/(8*ROWS)),heads
//! tune       D d
//! tune       KEYS max(8-4*(d>32)*(d<=64),1)
//! tune       ROWS 1 2 4 5  software=4

const uint LANES = 8;
layout(local_size_x = LANES) in;

layout(constant_id = 0) const uint D = 64; // d, known to the compiler: an array in registers has a constant length

// Keys at a time. On lavapipe 4 of them are 1.07 times as fast as 8 at d=64: the unrolled loop is half as long, and may fit the
// cache for instructions. At d=128 8 are 1.16 times as fast: sums are carried around the loop half as often.
layout(constant_id = 1) const uint KEYS = 4;

// Queries of an invocation, which share what was handed over; each takes 2 * D registers with its sums. 5 of them are 1.03
// times as fast as 4 at d=64 and 0.95 times at d=128; 6 have more sums than a processor's registers: 0.74 times at d=64.
layout(constant_id = 2) const uint ROWS = 1;

const uint W = D / 4;                                         // texels in a row
const uint SPAN = LANES / KEYS, PADDED = (W + SPAN - 1) / SPAN * SPAN; // texels of each key that are fetched at once

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
const float LOG2_E = 1.44269504;      // exp(x) is exp2(x * LOG2_E)

uint lane()
{
    return gl_LocalInvocationID.x;
}

// Late blocks of queries have most to do where the mask is causal. In the order 0, last, 1, last-1, ... any half of the
// workgroups has half of the work, also where a device gives each of its threads a run of them.
uint block()
{
    const uint half_way = gl_WorkGroupID.x / 2;
    return gl_WorkGroupID.x % 2 == 0 ? half_way : gl_NumWorkGroups.x - 1 - half_way;
}

vec4 mine[ROWS][PADDED]; // queries, in units that make exp2 of their products with keys the weights
vec4 sum[ROWS][PADDED];  // of values, weighted, and of the weights in total, both relative to exp2(largest)
float largest[ROWS], total[ROWS], factor[ROWS];
float s[ROWS][KEYS]; // scores, then weights

// Where this lane's one of the texels i, i + 1, ... of a tile's keys lies.
int place(uint keys, uint i)
{
    return int(keys + min(i + lane() / KEYS, W - 1));
}

void multiply_keys(uint keys)
{
    [[unroll]] for (uint r = 0; r < ROWS; r++)
        [[unroll]] for (uint t = 0; t < KEYS; t++)
            s[r][t] = 0.0;
    [[unroll]] for (uint i = 0; i < W; i += SPAN) {
        const vec4 theirs = texelFetch(k, place(keys, i));
        [[unroll]] for (uint u = 0; u < SPAN; u++)
            [[unroll]] for (uint t = 0; t < KEYS; t++) {
                const vec4 key = subgroupShuffle(theirs, u * KEYS + t);
                [[unroll]] for (uint r = 0; r < ROWS; r++) {
                    s[r][t] += mine[r][i + u].x * key.x;
                    s[r][t] += mine[r][i + u].y * key.y;
                    s[r][t] += mine[r][i + u].z * key.z;
                    s[r][t] += mine[r][i + u].w * key.w;
                }
            }
    }
}

// A larger maximum makes all that was summed so far smaller by the same factor.
void weigh(uint r, int left)
{
    float m = largest[r];
    [[unroll]] for (uint t = 0; t < KEYS; t++) {
        s[r][t] = int(t) < left ? s[r][t] : LOWEST;
        m = max(m, s[r][t]);
    }
    factor[r] = exp2(largest[r] - m);
    largest[r] = m;
    total[r] *= factor[r];
    [[unroll]] for (uint t = 0; t < KEYS; t++) {
        s[r][t] = exp2(s[r][t] - m);
        total[r] += s[r][t];
    }
}

void add_values(uint keys)
{
    [[unroll]] for (uint i = 0; i < W; i += SPAN) {
        const vec4 theirs = texelFetch(v, place(keys, i));
        [[unroll]] for (uint u = 0; u < SPAN; u++) {
            [[unroll]] for (uint r = 0; r < ROWS; r++)
                sum[r][i + u] *= factor[r];
            [[unroll]] for (uint t = 0; t < KEYS; t++) {
                const vec4 value = subgroupShuffle(theirs, u * KEYS + t);
                [[unroll]] for (uint r = 0; r < ROWS; r++)
                    sum[r][i + u] += s[r][t] * value;
            }
        }
    }
}

void main()
{
    const uint head = gl_WorkGroupID.y, at_q = head * n, at_k = head * kvheads / heads * n;
    const uint top = block() * (LANES * ROWS), last = mask == 2 ? min(n, top + LANES * ROWS) : n;
    const float scaling = inversesqrt(float(d)) * LOG2_E;
    uint row[ROWS], seen[ROWS]; // keys that a query sees
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        const uint query = min(top + r * LANES + lane(), n - 1);
        row[r] = (at_q + query) * W;
        seen[r] = mask == 2 ? query + 1 : n;
        largest[r] = LOWEST;
        total[r] = 0.0;
        [[unroll]] for (uint i = 0; i < PADDED; i++) {
            mine[r][i] = i < W ? texelFetch(q, int(row[r] + i)) * scaling : vec4(0.0);
            sum[r][i] = vec4(0.0);
        }
    }
    for (uint j = 0; j < last; j += KEYS) {
        const uint keys = (at_k + min(j + lane() % KEYS, n - 1)) * W;
        multiply_keys(keys);
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            weigh(r, int(seen[r] - j));
        add_values(keys);
    }
    [[unroll]] for (uint r = 0; r < ROWS; r++)
        if (top + r * LANES + lane() < n)
            [[unroll]] for (uint i = 0; i < W; i++)
                o[row[r] + i] = sum[r][i] / total[r];
}
