#version 450
//! kernel     gemv/2-workgroup-per-row
//! idea       One workgroup per row: neighbouring invocations read neighbouring floats, so that each load takes whole
//! idea       cache lines, and add up their parts in shared memory by halves.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f32[rows,cols]
//! buffer     x  in   f32[cols]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      2*rows*cols+63*rows
//! launch     groups=min(65535,rows)
//! split      rows
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099

const uint LANES = 64;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer W {
    float w[];
};
layout(binding = 1) readonly buffer X {
    float x[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

shared float part[LANES];

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        float sum = 0.0;
        for (uint col = lane; col < cols; col += LANES)
            sum += w[row * cols + col] * x[col];
        barrier(); // nobody reads the parts of the last row any more
        part[lane] = sum;
        for (uint reach = LANES / 2; reach > 0; reach /= 2) {
            barrier();
            if (lane < reach)
                part[lane] += part[lane + reach];
        }
        if (lane == 0)
            y[row] = part[0];
    }
}
