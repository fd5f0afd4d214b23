#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     softmax/11-next-row
//! idea       Eight invocations for each row again, but while they store a row they fetch the next one into the same
//! idea       registers, element by element: waiting for memory hides behind the stores. There are as many registers
//! idea       as the row is long, so that nothing needs a mask, and the exponential is a polynomial of its own.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,cols]  texel=rgba32f  uniform(85,95)
//! buffer     y  out  f32[rows,cols]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=96 x=masked(85,95)
//! verify     rows=1 cols=32
//! verify     rows=3 cols=1024 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
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

const uint LANES = 8;
layout(local_size_x = LANES) in;

// Texels of the row that each invocation keeps: 8 * 4 * KEEP columns are all of them.
layout(constant_id = 0) const uint KEEP = 32;

// Workgroups. What each does at its first and its last row nothing hides, and on a software device that is slow: 8 of
// them are 2 to 4 % faster there than 32. But no more threads than that have work.
layout(constant_id = 1) const uint GROUPS = 1024;

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

// 2^v for v up to about 0, without the guards of exp2 against what cannot come here. The whole number nearest to v
// stands in the low bits of v + SHIFTER, from where a shift takes it to the exponent; the rest, |f| <= 0.5, goes
// through the polynomial that meets 2^f in six Chebyshev points (relative error 1.1e-7).
// What is less than 2^-126 becomes that.
vec4 power_of_two(vec4 v)
{
    const vec4 t = max(v, vec4(-126.0));
    precise const vec4 whole = t + SHIFTER;
    precise const vec4 f = t - (whole - SHIFTER);
    const vec4 high = (1.33908634e-3 * f + 9.67603192e-3) * f + 5.55035711e-2;
    const vec4 p = ((high * f + 0.240221075) * f + 0.693147188) * f;
    return uintBitsToFloat(floatBitsToUint(p + 1.00000008) + (floatBitsToUint(whole) << 23));
}

void next_rows()
{
    const uint lane = gl_LocalInvocationID.x, texels = cols / 4;
    uint row = gl_WorkGroupID.x;

    vec4 kept[KEEP], most = vec4(LOWEST);
    for (uint k = 0; k < KEEP; k++) {
        kept[k] = texelFetch(x, int(row * texels + lane + k * LANES));
        most = max(most, kept[k]);
    }
    for (;;) {
        const float largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));

        // As in 8-eight-lanes: where x is in the thousands, the rounded product leaves four digits of seven.
        const float shift = largest > LOWEST ? largest * LOG2_E : 0.0;
        vec4 sums = vec4(0.0);
        for (uint k = 0; k < KEEP; k++) {
            kept[k] = power_of_two(kept[k] * LOG2_E - shift);
            sums += kept[k];
        }
        const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);
        const float scale = largest > LOWEST ? 1.0 / sum : 0.0; // zeros for a row of -inf

        const uint start = row * texels + lane;
        row += GROUPS;
        if (row >= rows) {
            for (uint k = 0; k < KEEP; k++)
                y[start + k * LANES] = kept[k] * scale;
            break;
        }
        const uint next = row * texels + lane;
        most = vec4(LOWEST);
        for (uint k = 0; k < KEEP; k++) {
            y[start + k * LANES] = kept[k] * scale;
            kept[k] = texelFetch(x, int(next + k * LANES));
            most = max(most, kept[k]);
        }
    }
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
        next_rows();
    else
        any_rows();
}
