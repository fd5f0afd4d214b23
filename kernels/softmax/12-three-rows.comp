#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     softmax/12-three-rows
//! idea       Eight invocations for each row, and three rows at once: element by element one row is stored, the next one is
//! idea       raised to powers, and the one after that is fetched. Stores keep other units of a core busy than arithmetic
//! idea       does, so that one hides the other, where 11-next-row had them one after the other.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  texel=rgba32f  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
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

// Rows that a workgroup takes one after another before it leaves out those of the others: two pages of 4 kB. On a Xeon, rows of
// 128, 512, 768 and 1024 columns, against single rows and against one long block for each workgroup, times: 3.2 1.26 1.14 0.99,
// and 1.01 1.07 1.03 1.08. A processor's prefetchers work within pages, and what lies in a page is wanted soon.
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

// 2^v for v up to about 0, as in 11-next-row.
vec4 power_of_two(vec4 v)
{
    const vec4 t = max(v, vec4(-126.0));
    precise const vec4 whole = t + SHIFTER;
    precise const vec4 f = t - (whole - SHIFTER);
    const vec4 high = (1.33908634e-3 * f + 9.67603192e-3) * f + 5.55035711e-2;
    const vec4 p = ((high * f + 0.240221075) * f + 0.693147188) * f;
    return uintBitsToFloat(floatBitsToUint(p + 1.00000008) + (floatBitsToUint(whole) << 23));
}

// A row as it was fetched with its maximum so far, and the row before it: powers, their sum, and what they are divided by.
vec4 fetched[KEEP], most = vec4(LOWEST);
vec4 powers[KEEP], sums;
float largest, shift, scale;

uint place(uint row, uint k)
{
    return row * (cols / 4) + gl_LocalInvocationID.x + k * LANES;
}

void fetch(uint row, uint k)
{
    fetched[k] = texelFetch(x, int(place(row, k)));
    most = max(most, fetched[k]);
}

void raise(uint k)
{
    powers[k] = power_of_two(fetched[k] * LOG2_E - shift);
    sums += powers[k];
}

void store(uint row, uint k)
{
    y[place(row, k)] = powers[k] * scale;
}

// All of a row has been fetched: where x is in the thousands, the rounded product leaves four digits of seven.
void end_fetch()
{
    largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));
    shift = largest > LOWEST ? largest * LOG2_E : 0.0;
    most = vec4(LOWEST);
    sums = vec4(0.0);
}

void end_raise()
{
    const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);
    scale = largest > LOWEST ? 1.0 / sum : 0.0; // zeros for a row of -inf
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

        const float scale = largest > LOWEST ? 1.0 / sum : 0.0;
        for (uint i = lane; i < texels; i += lanes)
            y[start + i] = exp(texelFetch(x, int(start + i)) - largest) * scale;
    }
}

void main()
{
    if (gl_NumSubgroups == 1)
        three_rows();
    else
        any_rows();
}
