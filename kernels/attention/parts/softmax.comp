#version 450
//! kernel     attention/parts/softmax
//! idea       Softmax in three passes over each row, in place: for the maximum, for the sum, and to write. In place,
//! idea       because a second matrix of scores would be the largest tensor of all.
//! shape      rows=256 cols=1024
//! verify     rows=1 cols=1
//! verify     rows=7 cols=31
//! verify     rows=3 cols=1031
//! verify     rows=37 cols=16
//! buffer     x  inout  f32[rows,cols]  uniform(40,50)
//! reference  softmax  tolerance 3e-6
//! passes     x=4
//! flops      7*rows*cols+2080*rows
//! launch     groups=min(rows,65535)
//! split      rows

const uint LANES = 32;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) buffer X {
    float x[];
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

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;
        float largest = LOWEST;
        for (uint col = lane; col < cols; col += LANES)
            largest = max(largest, x[start + col]);
        share(largest);
        for (uint i = 0; i < LANES; i++)
            largest = max(largest, part[i]);

        float sum = 0.0;
        for (uint col = lane; col < cols; col += LANES)
            sum += exp(x[start + col] - largest);
        share(sum);
        sum = 0.0;
        for (uint i = 0; i < LANES; i++)
            sum += part[i];

        const float scale = 1.0 / sum;
        for (uint col = lane; col < cols; col += LANES)
            x[start + col] = exp(x[start + col] - largest) * scale;
    }
}
