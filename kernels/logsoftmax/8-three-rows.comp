#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     logsoftmax/8-three-rows
//! idea       Eight invocations for each row, and three rows at once: element by element one row is stored, of the next
//! idea       one the powers are summed, and the one after that is fetched, as in softmax/12-three-rows. What waits to
//! idea       be stored is not powers here, but how far elements lie below their row's maximum.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  texel=rgba32f  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  logsoftmax  tolerance 3e-6
//! verify     rows=13 cols=96 x=masked(85,95)
//! verify     rows=1 cols=32
//! verify     rows=3 cols=1024 x=uniform(-2000,-1990)
//! verify     rows=203 cols=256
//! verify     rows=37 cols=512 x=masked(-9,9)
//! needs      subgroup
//! only       cols%32==0
//! only       cols<=1024
//! passes     x=1 y=1
//! flops      19*rows*cols+128*rows
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

const float LOWEST = -3.402823466e38; // no float is less
const float LOG2_E = 1.44269504;      // exp(v) is exp2(v * LOG2_E)
const float SHIFTER = 12582912.0;     // 1.5 * 2^23: what is added to it is rounded to a whole number

// 2^v for v up to about 0, as in softmax/11-next-row.
vec4 power_of_two(vec4 v)
{
    const vec4 t = max(v, vec4(-126.0));
    precise const vec4 whole = t + SHIFTER;
    precise const vec4 f = t - (whole - SHIFTER);
    const vec4 high = (1.33908634e-3 * f + 9.67603192e-3) * f + 5.55035711e-2;
    const vec4 p = ((high * f + 0.240221075) * f + 0.693147188) * f;
    return uintBitsToFloat(floatBitsToUint(p + 1.00000008) + (floatBitsToUint(whole) << 23));
}

// A row as it was fetched with its maximum so far, and the row before it: how far each element lies below the maximum,
// the sum of their powers, and its logarithm. On a Xeon, 67 MB in rows of 1024, 512 and 128 columns, times as fast as
// 7-texel: 1.52 2.53 6.07; that has 32 registers for any row.
vec4 fetched[KEEP], most = vec4(LOWEST);
vec4 below[KEEP], sums;
float largest, logarithm;

uint place(uint row, uint k)
{
    return row * (cols / 4) + gl_LocalInvocationID.x + k * LANES;
}

void fetch(uint row, uint k)
{
    fetched[k] = texelFetch(x, int(place(row, k)));
    most = max(most, fetched[k]);
}

// The difference comes first. Softmax multiplies by LOG2_E first, and where x is near -2000, the rounded product costs
// each power some of its digits; here that makes the logarithm wrong by 7e-5.
void raise(uint k)
{
    below[k] = fetched[k] - largest;
    sums += power_of_two(below[k] * LOG2_E);
}

void store(uint row, uint k)
{
    y[place(row, k)] = below[k] - logarithm;
}

void end_fetch()
{
    largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));
    most = vec4(LOWEST);
    sums = vec4(0.0);
}

void end_raise()
{
    const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);
    logarithm = largest > LOWEST ? log(sum) : 0.0; // all of a row of -inf stays -inf
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
        raise(k);
        if (several)
            fetch(next, k);
    }
    end_raise();
    for (uint turn = 2; row_of(turn) < rows; turn++) {
        const uint after = row_of(turn);
        end_fetch();
        for (uint k = 0; k < KEEP; k++) {
            store(row, k);
            raise(k);
            fetch(after, k);
        }
        end_raise();
        row = next;
        next = after;
    }
    if (several) {
        end_fetch();
        for (uint k = 0; k < KEEP; k++) {
            store(row, k);
            raise(k);
        }
        end_raise();
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
        vec4 most = vec4(LOWEST);
        for (uint i = lane; i < texels; i += lanes)
            most = max(most, texelFetch(x, int(start + i)));
        const float largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));

        vec4 sums = vec4(0.0);
        for (uint i = lane; i < texels; i += lanes)
            sums += exp(texelFetch(x, int(start + i)) - largest);
        const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);

        const float logarithm = largest > LOWEST ? log(sum) : 0.0;
        for (uint i = lane; i < texels; i += lanes)
            y[start + i] = (texelFetch(x, int(start + i)) - largest) - logarithm;
    }
}

void main()
{
    if (gl_NumSubgroups == 1)
        three_rows();
    else
        any_rows();
}
