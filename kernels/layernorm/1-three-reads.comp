#version 450
//! kernel     layernorm/1-three-reads
//! idea       One workgroup per row, as the definition reads: once through the row for the mean, once more for
//! idea       the variance, and once more to write. Each time the row comes from memory.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=3 y=1
//! flops      6*rows*cols+2176*rows
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

shared float part[LANES];

// The sum of v over the workgroup. Every invocation adds up all parts for itself: that takes two barriers,
// where a tree would wait for each of its five levels, and it is right whatever the size of a subgroup.
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

        float sum = 0.0;
        for (uint col = lane; col < cols; col += LANES)
            sum += x[start + col];
        const float mean = sum_of_workgroup(sum) / float(cols);

        // Not the mean of the squares less the square of the mean, which would save a pass: where the mean is
        // large against the spread, that difference is lost in rounding.
        float squares = 0.0;
        for (uint col = lane; col < cols; col += LANES) {
            const float d = x[start + col] - mean;
            squares += d * d;
        }
        const float scale = inversesqrt(sum_of_workgroup(squares) / float(cols) + 1e-5);

        for (uint col = lane; col < cols; col += LANES)
            y[start + col] = (x[start + col] - mean) * scale;
    }
}
