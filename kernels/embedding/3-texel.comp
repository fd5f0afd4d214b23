#version 450
//! kernel     embedding/3-texel
//! idea       The table as a texel buffer. Such a view may be many times as long as a storage buffer's binding: the table of
//! idea       a whole vocabulary fits where it would not otherwise, and a gather cannot be cut by rows of its table.
//! shape      rows=4096 cols=768 vocabulary=32003
//! buffer     table  in   f32[vocabulary,cols]  texel=rgba32f
//! buffer     index  in   u32[rows]  indices(vocabulary)
//! buffer     y      out  f32[rows,cols]
//! reference  embedding  tolerance 1e-12
//! verify     rows=13 cols=36 vocabulary=101
//! verify     rows=1 cols=4 vocabulary=1
//! verify     rows=300 cols=1028 vocabulary=7
//! only       cols%4==0
//! passes     table=rows/vocabulary index=64 y=1
//! launch     groups=min(rows,65535)
//! split      rows

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols, vocabulary;
};

layout(binding = 0) uniform samplerBuffer table;
layout(binding = 1) readonly buffer Index {
    uint index[];
};
layout(binding = 2) writeonly buffer Y {
    vec4 y[];
};

void main()
{
    const uint vectors = cols / 4;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint from = index[row] * vectors, to = row * vectors;
        for (uint i = gl_LocalInvocationID.x; i < vectors; i += gl_WorkGroupSize.x)
            y[to + i] = texelFetch(table, int(from + i));
    }
}
