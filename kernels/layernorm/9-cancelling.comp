#version 450
//! kernel     layernorm/9-cancelling
//! idea       A trap: the mean of the squares less the square of the mean takes one reading where 1-three-reads takes two,
//! idea       and is the same only on paper. Where the mean is large against the spread both are nearly equal, and their
//! idea       difference is what rounding left of it. The tolerance says how far off this is at a mean of 100 and a spread of
//! idea       0.3; at a mean of 0 it is as good as the others.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 0.2
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=2 y=1
//! flops      5*rows*cols+2176*rows
//! launch     groups=min(rows,65535)
//! split      rows

// How far off? Rounding is off by up to u = 2^-24 of what is rounded, which here is not the variance but the mean of the
// squares, 10040, and that is 1.2e5 variances (of 1/12): each rounding at the end alone may cost 0.7 % of the variance. Sums add
// to it: n numbers of one sign, added one after the other, are off by about u*sqrt(n)/3 of their sum (each addition by a random
// part of what is summed so far), 32 such sums side by side by sqrt(32) times less, and the mean's share counts twice. For rows
// of 1024 (n = 32) that is a deviation of about 2 % of the variance, for 262144 (n = 8192) of 7 %; simulated in f32 on rows like
// these it is 2.4 % and 6.7 %. Of a variance that is off by d a result is off by d/2, and as |error| / (1 + |result|) by at most
// 0.32 d, for |result| is at most sqrt(3). The tolerance of 0.2 is reached at d = -0.44 or so: 6 deviations at the longest row.
// There is no bound short of everything: in the worst case roundings add up to more than the variance.
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

shared float part[LANES];

// The sum of v over the workgroup; see 1-three-reads.
float sum_of_workgroup(float v)
{
    barrier(); // nobody reads the parts of the last sum any more
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
    // Vulkan promises 65535 workgroups and no more; where there are more rows, each takes several.
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;

        float sum = 0.0, squares = 0.0;
        for (uint col = lane; col < cols; col += LANES) {
            const float v = x[start + col];
            sum += v;
            squares += v * v;
        }
        const float mean = sum_of_workgroup(sum) / float(cols);
        const float variance = sum_of_workgroup(squares) / float(cols) - mean * mean;
        // It can even come out below zero.
        const float scale = inversesqrt(max(variance, 0.0) + 1e-5);

        for (uint col = lane; col < cols; col += LANES)
            y[start + col] = (x[start + col] - mean) * scale;
    }
}
