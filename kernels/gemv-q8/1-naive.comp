#version 450
//! kernel     gemv-q8/1-naive
//! idea       One row per invocation, weight by weight. Blocks of 34 bytes are no words: each byte is cut out of the word
//! idea       that it lies in, which any device can do.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,32*ceil(cols/32)]
//! buffer     x  in   f32[32*ceil(cols/32)]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=4 x=rows y=1
//! flops      96*rows*ceil(cols/32)
//! launch     groups=min(65535,ceil(rows/64))
//! split      rows
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer W {
    uint w[];
};
layout(binding = 1) readonly buffer X {
    float x[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

uint byte_at(uint at)
{
    return w[at / 4] >> 8 * (at % 4) & 0xffu;
}

void main()
{
    const uint blocks = (cols + 31) / 32, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint row = gl_GlobalInvocationID.x; row < rows; row += stride) {
        float sum = 0.0;
        for (uint b = 0; b < blocks; b++) {
            const uint at = (row * blocks + b) * 34;
            const float scale = unpackHalf2x16(byte_at(at) | byte_at(at + 1) << 8).x;
            for (uint i = 0; i < 32; i++)
                sum += scale * float(int(byte_at(at + 2 + i) << 24) >> 24) * x[32 * b + i];
        }
        y[row] = sum;
    }
}
