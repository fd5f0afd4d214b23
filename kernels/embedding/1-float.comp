#version 450
//! kernel     embedding/1-float
//! idea       One workgroup for each row: it reads the row's index, and copies that row of the table, float by float.
//! idea       Rows are read in no order, but each of them is whole cache lines.
//! shape      rows=4096 cols=768 vocabulary=32003
//! buffer     table  in   f32[vocabulary,cols]
//! buffer     index  in   u32[rows]  indices(vocabulary)
//! buffer     y      out  f32[rows,cols]
//! reference  embedding  tolerance 1e-12
//! verify     rows=13 cols=36 vocabulary=101
//! verify     rows=1 cols=4 vocabulary=1
//! verify     rows=300 cols=1028 vocabulary=7
//! verify     rows=5 cols=37 vocabulary=11
//! passes     table=rows/vocabulary index=64 y=1
//! launch     groups=min(rows,65535)
//! split      rows

layout(local_size_x = 64) in;

layout(push_constant) uniform Shape {
    uint rows, cols, vocabulary;
};

layout(binding = 0) readonly buffer Table {
    float table[];
};
layout(binding = 1) readonly buffer Index {
    uint index[];
};
layout(binding = 2) writeonly buffer Y {
    float y[];
};

void main()
{
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint from = index[row] * cols, to = row * cols;
        for (uint col = gl_LocalInvocationID.x; col < cols; col += gl_WorkGroupSize.x)
            y[to + col] = table[from + col];
    }
}
