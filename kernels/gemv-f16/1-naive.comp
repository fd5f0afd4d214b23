#version 450
//! kernel     gemv-f16/1-naive
//! idea       One row per invocation, each half turned into a float, as the sum is written down. Neighbouring invocations read
//! idea       a whole row apart from each other.
//! shape      rows=4096 cols=4096
//! buffer     w  in   f16[rows,cols]
//! buffer     x  in   f32[cols]
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=1 x=rows y=1
//! flops      2*rows*cols
//! launch     groups=min(65535,ceil(rows/64))
//! split      rows
//! needs      f16_storage
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=63 cols=4099
#extension GL_EXT_shader_16bit_storage : require

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer W {
    float16_t w[];
};
layout(binding = 1) readonly buffer X {
    float x[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    const uint stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint row = gl_GlobalInvocationID.x; row < rows; row += stride) {
        float sum = 0.0;
        for (uint col = 0; col < cols; col++)
            sum += float(w[row * cols + col]) * x[col];
        y[row] = sum;
    }
}
