#version 450
//! kernel     top-p/1-bisection
//! idea       Nothing is sorted: the threshold of the nucleus is found bit by bit, by adding up what is not less.
//! shape      rows=16 cols=50257 percent=90 seed=1
//! buffer     x      in   f32[rows,cols]  uniform(-500,500)
//! buffer     index  out  u32[rows,1]
//! reference  topp  tolerance 1e-12
//! verify     rows=13 cols=37 x=masked(-9,9)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=257 x=constant(3)
//! verify     rows=3 cols=1031 percent=50 seed=7 x=uniform(-200,200)
//! verify     rows=2 cols=50257 x=masked(-2000,2000)
//! launch     groups=min(rows,65535)

// The logits lie far apart, since the reference refuses decisions that rounding could turn: see kernels/reference/topp.c.

const uint LANES = 256;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols, percent, seed;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Index {
    uint index[];
};

const float NONE = -3.402823466e38; // less than any logit
shared float part[LANES];

// Whole numbers in the order of the floats.
uint key(float v)
{
    const uint u = floatBitsToUint(v);
    return v == 0.0 ? 0x80000000u : (u >> 31) != 0 ? ~u : u | 0x80000000u;
}

void share(float v)
{
    barrier();
    part[gl_LocalInvocationID.x] = v;
    barrier();
}

float weight(float v, uint least, float largest)
{
    return v > NONE && key(v) >= least ? exp(v - largest) : 0.0;
}

// Invocations have neighbouring columns each, so that their sums follow one another as the columns do.
float mass(uint from, uint end, uint least, float largest)
{
    float own = 0.0;
    for (uint i = from; i < end; i++)
        own += weight(x[i], least, largest);
    share(own);
    float sum = 0.0;
    for (uint i = 0; i < LANES; i++)
        sum += part[i];
    return sum;
}

// In [0,1), by a counter-based hash (that of elementwise/dropout).
float draw(uint row)
{
    uint h = row + seed * 0x9e3779b9u;
    h = (h ^ h >> 16) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return float((h ^ h >> 16) >> 8) / 16777216.0;
}

void main()
{
    const uint lane = gl_LocalInvocationID.x, each = (cols + LANES - 1) / LANES;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;
        const uint from = start + min(cols, lane * each), end = start + min(cols, (lane + 1) * each);
        float largest = NONE;
        for (uint i = from; i < end; i++)
            largest = max(largest, x[i]);
        share(largest);
        for (uint i = 0; i < LANES; i++)
            largest = max(largest, part[i]);

        const float wanted = float(percent) / 100.0 * mass(from, end, 0, largest);
        uint least = 0;
        for (uint bit = 0x80000000u; bit > 0; bit >>= 1)
            if (mass(from, end, least | bit, largest) >= wanted)
                least |= bit;
        float rest = draw(row) * mass(from, end, least, largest);

        // One invocation goes over the sums to the one that the draw falls to, and over its columns.
        if (lane == 0) {
            uint owner = 0, at = 0;
            while (owner + 1 < LANES && rest >= part[owner])
                rest -= part[owner++];
            for (uint i = owner * each; i < min(cols, (owner + 1) * each) && rest >= 0.0; i++) {
                const float w = weight(x[start + i], least, largest);
                if (w > 0.0) {
                    rest -= w;
                    at = i;
                }
            }
            index[row] = largest > NONE ? at : 0;
        }
    }
}
