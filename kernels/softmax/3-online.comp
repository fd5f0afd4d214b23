#version 450
//! kernel     softmax/3-online
//! idea       Maximum and sum in one reading: whenever the maximum grows, the sum so far is scaled down to it
//! idea       (Milakov and Gimelshein 2018). Two reads, at the price of one more exponential.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=2 y=1
//! flops      10*rows*cols+2176*rows
//! launch     groups=min(rows,65535)
//! split      rows

const uint LANES = 32;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Y {
    float y[];
};

const float LOWEST = -3.402823466e38; // no float is less

shared float part[LANES];

// Gives everyone's v to everyone; the barrier before it makes sure that nobody reads the last parts any more.
void share(float v)
{
    barrier();
    part[gl_LocalInvocationID.x] = v;
    barrier();
}

float max_of_workgroup(float v)
{
    share(v);
    for (uint i = 0; i < LANES; i++)
        v = max(v, part[i]);
    return v;
}

float sum_of_workgroup(float v)
{
    share(v);
    float sum = 0.0;
    for (uint i = 0; i < LANES; i++)
        sum += part[i];
    return sum;
}

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;

        // The sum is that of exp(x - seen), where seen is the largest element until then.
        float seen = LOWEST, sum = 0.0;
        for (uint col = lane; col < cols; col += LANES) {
            const float v = x[start + col], before = seen;
            seen = max(seen, v);
            sum = sum * exp(before - seen) + exp(v - seen);
        }
        const float largest = max_of_workgroup(seen);
        sum = sum_of_workgroup(sum * exp(seen - largest));

        const float scale = largest > LOWEST ? 1.0 / sum : 0.0; // zeros for a row of -inf
        for (uint col = lane; col < cols; col += LANES)
            y[start + col] = exp(x[start + col] - largest) * scale;
    }
}
