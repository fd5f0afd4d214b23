#version 450
//! kernel     logsoftmax/parts/write-pieces
//! idea       Every workgroup writes one piece of a row, whose maximum and sum are known: it finds the sum's logarithm for itself,
//! idea       which is little beside a piece, and spares a kernel.
//! shape      rows=64 cols=65536
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  uniform(85,95)
//! buffer     m  in   f32[rows,1]  uniform(95,96)
//! buffer     s  in   f32[rows,1]  uniform(50,150)
//! buffer     y  out  f32[rows,4*ceil(cols/4)]
//! reference  write_log_pieces  tolerance 3e-6
//! verify     rows=1 cols=1
//! verify     rows=3 cols=8192
//! verify     rows=2 cols=8195
//! verify     rows=1 cols=20011
//! verify     rows=131 cols=5
//! flops      2*rows*cols+64*rows*ceil(cols/8192)
//! launch     groups=ceil(cols/8192),min(rows,65535)
//! split      rows

const uint PIECE = 8192; // columns
layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    vec4 x[];
};
layout(binding = 1) readonly buffer M {
    float m[];
};
layout(binding = 2) readonly buffer S {
    float s[];
};
layout(binding = 3) writeonly buffer Y {
    vec4 y[];
};

const float NONE = -1.0 / 0.0; // -inf

// Four elements of a row. Rows are padded to whole vectors: what lies beyond the row's end is -inf, as masked
// elements are.
vec4 element(uint start, uint i)
{
    return mix(vec4(NONE), x[start + i], lessThan(4 * i + uvec4(0, 1, 2, 3), uvec4(cols)));
}

void main()
{
    const uint vectors = (cols + 3) / 4, lanes = gl_WorkGroupSize.x;
    const uint first = gl_WorkGroupID.x * (PIECE / 4), end = min(first + PIECE / 4, vectors);
    for (uint row = gl_WorkGroupID.y; row < rows; row += gl_NumWorkGroups.y) {
        const uint start = row * vectors;
        const float largest = m[row], sum = s[row];
        const float logarithm = sum > 0.0 ? log(sum) : 0.0; // all of a row of -inf stays -inf
        for (uint i = first + gl_LocalInvocationID.x; i < end; i += lanes)
            y[start + i] = (element(start, i) - largest) - logarithm;
    }
}
