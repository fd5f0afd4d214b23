#version 450
//! kernel     softmax/parts/exp-sum
//! idea       e = exp(x - m) for every element, and the sum of each row of it: a map and a reduction that share
//! idea       one reading of x.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     m  in   f32[rows,1]     uniform(95,96)
//! buffer     e  out  f32[rows,cols]
//! buffer     s  out  f32[rows,1]
//! reference  exp_sum  tolerance 1e-5
//! passes     x=1 m=32 e=1 s=1
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
layout(binding = 2) writeonly buffer E {
    float e[];
};
layout(binding = 3) writeonly buffer S {
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
        for (uint col = lane; col < cols; col += LANES) {
            const float power = exp(x[row * cols + col] - largest);
            e[row * cols + col] = power;
            sum += power;
        }
        sum = sum_of_workgroup(sum);
        if (lane == 0)
            s[row] = sum;
    }
}
