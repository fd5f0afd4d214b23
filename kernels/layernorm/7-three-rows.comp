#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     layernorm/7-three-rows
//! idea       Eight invocations for each row, and three rows at once: element by element one row is stored, of the
//! idea       next the squared differences from its mean are summed, and the one after that is fetched and summed. So
//! idea       waiting for memory hides behind the stores. There are as many registers as a row is long, so that
//! idea       nothing needs a mask, and rows are taken in blocks, since a processor fetches ahead within a page and
//! idea       not beyond it.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  texel=rgba32f  uniform(99.7,100.7)
//! buffer     y  out  f32[rows,cols]
//! reference  layernorm  tolerance 1e-3
//! verify     rows=13 cols=96
//! verify     rows=1 cols=32
//! verify     rows=3 cols=1024 x=uniform(-1,1)
//! verify     rows=203 cols=256 x=normal(0,3)
//! verify     rows=37 cols=512
//! needs      subgroup
//! only       cols%32==0
//! only       cols<=1024
//! passes     x=1 y=1
//! flops      5*rows*cols+128*rows
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

// A row as it was fetched with its sum so far, and the row before it: what differs from its mean, the sum of the
// squares, and what it is multiplied by. Squares wait for the mean, which may be large beside what differs from it:
// 9-cancelling shows what comes of squares before that.
//
// On a Xeon, 67 MB in rows of 1024, 512 and 128 columns, times as fast as 6-texel: 1.47 2.56 5.43. At 1024 it is
// waiting that is saved: 6-texel spends a quarter of its time in fetches and a tenth in each row's first stores,
// waiting for memory. At 512 and 128 it has 32 registers for 16 and 4.
vec4 fetched[KEEP], sums = vec4(0.0);
vec4 differences[KEEP], squares;
float mean, scale;

uint place(uint row, uint k)
{
    return row * (cols / 4) + gl_LocalInvocationID.x + k * LANES;
}

void fetch(uint row, uint k)
{
    fetched[k] = texelFetch(x, int(place(row, k)));
    sums += fetched[k];
}

void differ(uint k)
{
    differences[k] = fetched[k] - mean;
    squares += differences[k] * differences[k];
}

void store(uint row, uint k)
{
    y[place(row, k)] = differences[k] * scale;
}

void end_fetch()
{
    mean = subgroupAdd(sums.x + sums.y + sums.z + sums.w) / float(cols);
    sums = vec4(0.0);
    squares = vec4(0.0);
}

void end_differ()
{
    scale = inversesqrt(subgroupAdd(squares.x + squares.y + squares.z + squares.w) / float(cols) + 1e-5);
}

uint row_of(uint turn)
{
    return (turn / BLOCK * GROUPS + gl_WorkGroupID.x) * BLOCK + turn % BLOCK;
}

void three_rows()
{
    uint row = row_of(0), next = row_of(1);
    if (row >= rows)
        return;
    for (uint k = 0; k < KEEP; k++)
        fetch(row, k);
    end_fetch();
    const bool several = next < rows;
    for (uint k = 0; k < KEEP; k++) {
        differ(k);
        if (several)
            fetch(next, k);
    }
    end_differ();
    for (uint turn = 2; row_of(turn) < rows; turn++) {
        const uint after = row_of(turn);
        end_fetch();
        for (uint k = 0; k < KEEP; k++) {
            store(row, k);
            differ(k);
            fetch(after, k);
        }
        end_differ();
        row = next;
        next = after;
    }
    if (several) {
        end_fetch();
        for (uint k = 0; k < KEEP; k++) {
            store(row, k);
            differ(k);
        }
        end_differ();
        row = next;
    }
    for (uint k = 0; k < KEEP; k++)
        store(row, k);
}

// Where a subgroup is narrower than a workgroup: each takes rows of its own and reads them three times.
void any_rows()
{
    const uint lanes = subgroupAdd(1), lane = gl_SubgroupInvocationID, texels = cols / 4;
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < rows; row += GROUPS * gl_NumSubgroups) {
        const uint start = row * texels;
        vec4 sums = vec4(0.0);
        for (uint i = lane; i < texels; i += lanes)
            sums += texelFetch(x, int(start + i));
        const float mean = subgroupAdd(sums.x + sums.y + sums.z + sums.w) / float(cols);

        vec4 squares = vec4(0.0);
        for (uint i = lane; i < texels; i += lanes) {
            const vec4 d = texelFetch(x, int(start + i)) - mean;
            squares += d * d;
        }
        const float all = subgroupAdd(squares.x + squares.y + squares.z + squares.w);
        const float scale = inversesqrt(all / float(cols) + 1e-5);

        for (uint i = lane; i < texels; i += lanes)
            y[start + i] = (texelFetch(x, int(start + i)) - mean) * scale;
    }
}

void main()
{
    if (gl_NumSubgroups == 1)
        three_rows();
    else
        any_rows();
}
