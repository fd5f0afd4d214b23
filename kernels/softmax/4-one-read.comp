#version 450
//! kernel     softmax/4-one-read
//! idea       The row waits in registers while its maximum and its sum are found, so that nothing but x comes in
//! idea       and nothing but y goes out.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! passes     x=1+2*max(0,cols-32*KEEP)/cols y=1
//! flops      5*rows*cols+2080*rows
//! launch     groups=min(rows,65535)
//! split      rows
//! tune       KEEP 32 8 16 64

const uint LANES = 32;
layout(local_size_x = LANES) in;

// Elements of the row that each invocation keeps: 32 * 32 = 1024 of them fit. The end of a longer row is read
// again for the sum and for the result.
layout(constant_id = 0) const uint KEEP = 32;

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
    const uint rest = KEEP * LANES + lane; // the first column of this invocation that is not kept
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;

        // The loop's bounds are constants: only so can the array be registers.
        float kept[KEEP];
        float largest = LOWEST;
        for (uint k = 0; k < KEEP; k++) {
            const uint col = k * LANES + lane;
            kept[k] = LOWEST;
            if (col < cols)
                kept[k] = x[start + col];
            largest = max(largest, kept[k]);
        }
        for (uint col = rest; col < cols; col += LANES)
            largest = max(largest, x[start + col]);
        largest = max_of_workgroup(largest);

        // Where the row has ended, LOWEST was kept, and its exponential is 0.
        float sum = 0.0;
        for (uint k = 0; k < KEEP; k++) {
            kept[k] = exp(kept[k] - largest);
            sum += kept[k];
        }
        for (uint col = rest; col < cols; col += LANES)
            sum += exp(x[start + col] - largest);
        sum = sum_of_workgroup(sum);
        const float scale = largest > LOWEST ? 1.0 / sum : 0.0; // zeros for a row of -inf

        for (uint k = 0; k < KEEP; k++) {
            const uint col = k * LANES + lane;
            if (col < cols)
                y[start + col] = kept[k] * scale;
        }
        for (uint col = rest; col < cols; col += LANES)
            y[start + col] = exp(x[start + col] - largest) * scale;
    }
}
