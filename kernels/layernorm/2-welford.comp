#version 450
//! kernel     layernorm/2-welford
//! idea       Mean and variance in one reading: every element moves the mean a little, and the squares are those of the
//! idea       distance to it (Welford 1962), so that nothing cancels. Two reads, and a division for every element.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=2 y=1
//! flops      9*rows*cols+2400*rows
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

        float count = 0.0, own = 0.0, squares = 0.0; // elements seen, their mean, the squares of what they are off it
        for (uint col = lane; col < cols; col += LANES) {
            const float v = x[start + col], off = v - own;
            count += 1.0;
            own += off / count;
            squares += off * (v - own);
        }
        // All means weighed, then all squares, with those of the means' own distance (Chan, Golub and LeVeque 1979).
        const float mean = sum_of_workgroup(count * own) / float(cols);
        squares += count * (own - mean) * (own - mean);
        const float scale = inversesqrt(sum_of_workgroup(squares) / float(cols) + 1e-5);

        for (uint col = lane; col < cols; col += LANES)
            y[start + col] = (x[start + col] - mean) * scale;
    }
}
