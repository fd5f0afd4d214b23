#version 450
//! kernel     layernorm/3-one-read
//! idea       One workgroup per row; the row waits in registers between the two sums, so that it is read once.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=37
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-1,1)
//! verify     rows=64 cols=256 x=normal(0,3)
//! verify     rows=2 cols=20011
//! passes     x=1+2*max(0,cols-32*KEEP)/cols y=1
//! flops      6*rows*cols+2176*rows
//! launch     groups=min(rows,65535)
//! split      rows
//! tune       KEEP 32 8 16 64

const uint LANES = 32;
layout(local_size_x = LANES) in;

// Elements of the row that each invocation keeps: 32 * 32 = 1024 of them fit. The end of a longer row is read
// again for every sum, as in the rung before.
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

shared float part[LANES];

// The sum of v over the workgroup; see 1-three-reads.
float sum_of_workgroup(float v)
{
    barrier();
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
    const uint rest = KEEP * LANES + lane; // the first column of this invocation that is not kept
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;

        // The loop's bounds are constants: only so can the array be registers.
        float kept[KEEP];
        float sum = 0.0;
        for (uint k = 0; k < KEEP; k++) {
            const uint col = k * LANES + lane;
            kept[k] = 0.0;
            if (col < cols)
                kept[k] = x[start + col];
            sum += kept[k];
        }
        for (uint col = rest; col < cols; col += LANES)
            sum += x[start + col];
        const float mean = sum_of_workgroup(sum) / float(cols);

        float squares = 0.0;
        for (uint k = 0; k < KEEP; k++) {
            // Beyond the row's end stands no element, so nothing deviates from the mean there.
            const float d = k * LANES + lane < cols ? kept[k] - mean : 0.0;
            squares += d * d;
        }
        for (uint col = rest; col < cols; col += LANES) {
            const float d = x[start + col] - mean;
            squares += d * d;
        }
        const float scale = inversesqrt(sum_of_workgroup(squares) / float(cols) + 1e-5);

        for (uint k = 0; k < KEEP; k++) {
            const uint col = k * LANES + lane;
            if (col < cols)
                y[start + col] = (kept[k] - mean) * scale;
        }
        for (uint col = rest; col < cols; col += LANES)
            y[start + col] = (x[start + col] - mean) * scale;
    }
}
