#version 450
//! kernel     sample-top-k/parts/draw
//! idea       One invocation for each row: k numbers are too few to share out.
//! shape      rows=16 cols=50257 k=40 seed=1
//! buffer     x      in   f32[rows,cols]  uniform(-9,9)
//! buffer     list   in   u32[rows,k]  indices(cols)
//! buffer     index  out  u32[rows,1]
//! reference  draw_listed  tolerance 1e-12
//! only       k<=cols
//! verify     rows=13 cols=37 k=5 seed=3 x=masked(-9,9)
//! verify     rows=1 cols=1 k=1 seed=1
//! verify     rows=3 cols=257 k=40 seed=2 x=constant(3)
//! verify     rows=67 cols=1031 k=7 seed=9
//! launch     groups=min(65535,ceil(rows/32))

layout(local_size_x = 32) in;

layout(push_constant) uniform Shape {
    uint rows, cols, k, seed;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) readonly buffer List {
    uint list[];
};
layout(binding = 2) writeonly buffer Index {
    uint index[];
};

const float NONE = -3.402823466e38; // less than any logit

// In [0,1), by a counter-based hash (that of elementwise/dropout).
float draw(uint row)
{
    uint h = row + seed * 0x9e3779b9u;
    h = (h ^ h >> 16) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return float((h ^ h >> 16) >> 8) / 16777216.0;
}

float weight(float v, float largest)
{
    return v > NONE ? exp(v - largest) : 0.0;
}

void main()
{
    const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint row = gl_GlobalInvocationID.x; row < rows; row += stride) {
        float largest = NONE, sum = 0.0;
        for (uint i = 0; i < k; i++)
            largest = max(largest, x[row * cols + list[row * k + i]]);
        for (uint i = 0; i < k; i++)
            sum += weight(x[row * cols + list[row * k + i]], largest);
        // Counted off until nothing is left of the draw. What weighs nothing is not drawn; all of a row of -inf weighs that.
        float rest = draw(row) * sum;
        uint at = 0;
        for (uint i = 0; i < k && rest >= 0.0; i++) {
            const float w = weight(x[row * cols + list[row * k + i]], largest);
            rest -= w;
            at = w > 0.0 ? i : at;
        }
        index[row] = list[row * k + at];
    }
}
