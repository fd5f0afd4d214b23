#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     rmsnorm/5-next-row
//! idea       Eight invocations for each row, and while they store a row they fetch the next one into the same
//! idea       registers, element by element: waiting for memory hides behind the stores. Squares want no mean first,
//! idea       so that two rows at once are enough. There are as many registers as a row is long, so that nothing
//! idea       needs a mask, and rows are taken in blocks, since a processor fetches ahead within a page and not
//! idea       beyond it.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  texel=rgba32f  uniform(1,3)
//! buffer     y  out  f32[rows,cols]
//! reference  rmsnorm  tolerance 1e-5
//! verify     rows=13 cols=96
//! verify     rows=1 cols=32
//! verify     rows=3 cols=1024 x=uniform(-2000,-1990)
//! verify     rows=203 cols=256 x=normal(0,3)
//! verify     rows=37 cols=512
//! needs      subgroup
//! only       cols%32==0
//! only       cols<=1024
//! passes     x=1 y=1
//! flops      3*rows*cols+128*rows
//! launch     groups=min(GROUPS,rows)
//! split      rows
//! tune       KEEP cols/32
//! tune       GROUPS 1024 4 8 16 32 64 256  software=8
//! tune       BLOCK max(1,floor(2048/cols))

const uint LANES = 8;
layout(local_size_x = LANES) in;

// Texels of a row that each invocation keeps: 8 * 4 * KEEP columns are all of them.
layout(constant_id = 0) const uint KEEP = 32;

// Workgroups. What each does at its first and its last row nothing hides.
layout(constant_id = 1) const uint GROUPS = 1024;

// Rows that a workgroup takes one after another before it leaves out those of the others: two pages of 4 kB, as in
// softmax/12-three-rows.
layout(constant_id = 2) const uint BLOCK = 2;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

// On a Xeon, 67 MB in rows of 1024, 512 and 128 columns, times as fast as 4-texel: 1.51 2.23 5.17, of which the last
// two are mostly that 4-texel has 32 registers for 16 and 4.
vec4 kept[KEEP], squares = vec4(0.0);
float scale;

uint place(uint row, uint k)
{
    return row * (cols / 4) + gl_LocalInvocationID.x + k * LANES;
}

void fetch(uint row, uint k)
{
    kept[k] = texelFetch(x, int(place(row, k)));
    squares += kept[k] * kept[k];
}

void store(uint row, uint k)
{
    y[place(row, k)] = kept[k] * scale;
}

void end_fetch()
{
    scale = inversesqrt(subgroupAdd(squares.x + squares.y + squares.z + squares.w) / float(cols) + 1e-5);
    squares = vec4(0.0);
}

uint row_of(uint turn)
{
    return (turn / BLOCK * GROUPS + gl_WorkGroupID.x) * BLOCK + turn % BLOCK;
}

void two_rows()
{
    uint row = row_of(0);
    if (row >= rows)
        return;
    for (uint k = 0; k < KEEP; k++)
        fetch(row, k);
    end_fetch();
    for (uint turn = 1; row_of(turn) < rows; turn++) {
        const uint next = row_of(turn);
        for (uint k = 0; k < KEEP; k++) {
            store(row, k);
            fetch(next, k);
        }
        end_fetch();
        row = next;
    }
    for (uint k = 0; k < KEEP; k++)
        store(row, k);
}

// Where a subgroup is narrower than a workgroup: each takes rows of its own and reads them twice.
void any_rows()
{
    const uint lanes = subgroupAdd(1), lane = gl_SubgroupInvocationID, texels = cols / 4;
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < rows; row += GROUPS * gl_NumSubgroups) {
        const uint start = row * texels;
        vec4 squares = vec4(0.0);
        for (uint i = lane; i < texels; i += lanes) {
            const vec4 v = texelFetch(x, int(start + i));
            squares += v * v;
        }
        const float all = subgroupAdd(squares.x + squares.y + squares.z + squares.w);
        const float scale = inversesqrt(all / float(cols) + 1e-5);

        for (uint i = lane; i < texels; i += lanes)
            y[start + i] = texelFetch(x, int(start + i)) * scale;
    }
}

void main()
{
    if (gl_NumSubgroups == 1)
        two_rows();
    else
        any_rows();
}
