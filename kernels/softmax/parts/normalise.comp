#version 450
//! kernel     softmax/parts/normalise
//! idea       Every element divided by its row's sum. The quotient is nothing to a processor: the kernel's
//! idea       time goes into reading e, which the kernel before it has only just written.
//! shape      rows=4096 cols=1024
//! buffer     e  in   f32[rows,cols]  uniform(0,1)
//! buffer     s  in   f32[rows,1]     uniform(50,150)
//! buffer     y  out  f32[rows,cols]
//! reference  normalise  tolerance 1e-7
//! passes     e=1 s=32 y=1
//! flops      rows*cols+32*rows
//! launch     groups=min(rows,65535)
//! split      rows

const uint LANES = 32;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer E {
    float e[];
};
layout(binding = 1) readonly buffer S {
    float s[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const float sum = s[row], scale = sum > 0.0 ? 1.0 / sum : 0.0; // zeros for a row of -inf
        for (uint col = gl_LocalInvocationID.x; col < cols; col += LANES)
            y[row * cols + col] = e[row * cols + col] * scale;
    }
}
