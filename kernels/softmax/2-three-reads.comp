#version 450
//! kernel     softmax/2-three-reads
//! idea       The three kernels in one, with one workgroup for each row: e is never stored, but x is read three
//! idea       times, and its exponentials are found twice.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=3 y=1
//! flops      7*rows*cols+2080*rows
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

        float largest = LOWEST;
        for (uint col = lane; col < cols; col += LANES)
            largest = max(largest, x[start + col]);
        largest = max_of_workgroup(largest);

        float sum = 0.0;
        for (uint col = lane; col < cols; col += LANES)
            sum += exp(x[start + col] - largest);
        sum = sum_of_workgroup(sum);

        // Where all of the row is -inf, so is the result's place: zeros.
        const float scale = largest > LOWEST ? 1.0 / sum : 0.0;
        for (uint col = lane; col < cols; col += LANES)
            y[start + col] = exp(x[start + col] - largest) * scale;
    }
}
