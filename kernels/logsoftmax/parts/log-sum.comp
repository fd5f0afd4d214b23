#version 450
//! kernel     logsoftmax/parts/log-sum
//! idea       The logarithm of the sum of exp(x - m), one number for each row: no exponential goes out to memory, for nobody
//! idea       will want one.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  in   f32[rows,1]     uniform(95,96)
//! buffer     s  out  f32[rows,1]
//! reference  log_sum  tolerance 1e-5
//! passes     x=1 m=32 s=1
//! flops      3*rows*cols+1024*rows
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
layout(binding = 1) readonly buffer M {
    float m[];
};
layout(binding = 2) writeonly buffer S {
    float s[];
};

shared float part[LANES];

// The sum of v over the workgroup; every invocation adds up all parts for itself.
float sum_of_workgroup(float v)
{
    barrier(); // nobody reads the parts of the last row any more
    part[gl_LocalInvocationID.x] = v;
    barrier();
    float sum = 0.0;
    for (uint i = 0; i < LANES; i++)
        sum += part[i];
    return sum;
}

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const float largest = m[row];
        float sum = 0.0;
        for (uint col = lane; col < cols; col += LANES)
            sum += exp(x[row * cols + col] - largest);
        sum = sum_of_workgroup(sum);
        if (lane == 0)
            s[row] = sum > 0.0 ? log(sum) : 0.0; // all of a row of -inf stays -inf
    }
}
