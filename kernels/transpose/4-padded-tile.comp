#version 450
//! kernel     transpose/4-padded-tile
//! idea       The same with a column more than is used, so that the elements of a column lie in different banks of the
//! idea       shared memory and can be read at once.
//! shape      rows=4096 cols=4096
//! buffer     x  in   f32[rows,cols]
//! buffer     y  out  f32[cols,rows]
//! reference  transpose  tolerance 1e-12
//! passes     x=1 y=1
//! launch     groups=min(65535,ceil(cols/32)),min(65535,ceil(rows/32))
//! verify     rows=1 cols=1
//! verify     rows=67 cols=33
//! verify     rows=31 cols=129

const uint TILE = 32, LINES = 8; // the workgroup takes 8 lines of a tile at a time
layout(local_size_x = TILE, local_size_y = LINES) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Y {
    float y[];
};

shared float tile[TILE][TILE + 1];

void main()
{
    const uvec2 at = gl_LocalInvocationID.xy;
    for (uint top = gl_WorkGroupID.y * TILE; top < rows; top += gl_NumWorkGroups.y * TILE)
        for (uint left = gl_WorkGroupID.x * TILE; left < cols; left += gl_NumWorkGroups.x * TILE) {
            barrier(); // nobody reads the last tile any more
            for (uint line = at.y; line < TILE; line += LINES)
                if (top + line < rows && left + at.x < cols)
                    tile[line][at.x] = x[(top + line) * cols + left + at.x];
            barrier();
            for (uint line = at.y; line < TILE; line += LINES)
                if (left + line < cols && top + at.x < rows)
                    y[(left + line) * rows + top + at.x] = tile[at.x][line];
        }
}
