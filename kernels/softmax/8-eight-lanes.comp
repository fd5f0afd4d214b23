#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
//! kernel     softmax/8-eight-lanes
//! idea       Eight invocations for each row, on every device, so that the compiler knows how many there are: no
//! idea       branch stands around a load, and rows that the registers do not hold have loops of their own. Made
//! idea       for devices with subgroups of eight: wider ones leave lanes idle.
//! shape      rows=4096 cols=1024
//! buffer     x  in   f32[rows,4*ceil(cols/4)]  texel=rgba32f  uniform(85,95)
//! buffer     y  out  f32[rows,4*ceil(cols/4)]
//! reference  softmax  tolerance 3e-6
//! verify     rows=13 cols=37 x=masked(85,95)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=uniform(-2000,-1990)
//! verify     rows=64 cols=256
//! verify     rows=2 cols=20011 x=masked(-9,9)
//! needs      subgroup
//! passes     x=max(1,32*KEEP/cols) y=1
//! flops      6*rows*cols+128*rows
//! launch     groups=min(256,rows)
//! split      rows
//! tune       KEEP 32 8 16 64

const uint LANES = 8;
layout(local_size_x = LANES) in;

// Texels of the row that each invocation keeps: 8 * 4 * 32 = 1024 columns.
layout(constant_id = 0) const uint KEEP = 32;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) writeonly buffer Y {
    vec4 y[];
};

const float LOWEST = -3.402823466e38; // no float is less
const float LOG2_E = 1.44269504;      // exp(v) is exp2(v * LOG2_E)

// Four elements of a row. Rows are padded to whole texels: what lies beyond the row's end is LOWEST, whose
// exponential is 0. Beyond the last texel it is that one which is fetched.
vec4 element(uint start, uint i)
{
    const vec4 v = texelFetch(x, int(start + min(i, (cols - 1) / 4)));
    return mix(vec4(LOWEST), v, lessThan(4 * i + uvec4(0, 1, 2, 3), uvec4(cols)));
}

void kept_rows()
{
    const uint lane = gl_LocalInvocationID.x, texels = (cols + 3) / 4;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * texels;

        vec4 kept[KEEP], most = vec4(LOWEST);
        for (uint k = 0; k < KEEP; k++) {
            kept[k] = element(start, k * LANES + lane);
            most = max(most, kept[k]);
        }
        const float largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));

        // exp(kept - largest) by one multiplication and one subtraction, which may be one instruction. The price: where
        // x is in the thousands, the rounded product leaves the result four digits of its seven.
        const float shift = largest > LOWEST ? largest * LOG2_E : 0.0;
        vec4 sums = vec4(0.0);
        for (uint k = 0; k < KEEP; k++) {
            kept[k] = exp2(kept[k] * LOG2_E - shift);
            sums += kept[k];
        }
        const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);

        const float scale = largest > LOWEST ? 1.0 / sum : 0.0; // zeros for a row of -inf
        for (uint k = 0; k < KEEP; k++) {
            const uint i = k * LANES + lane;
            if (i < texels)
                y[start + i] = kept[k] * scale;
        }
    }
}

void any_rows()
{
    const uint lanes = subgroupAdd(1), lane = gl_SubgroupInvocationID, texels = (cols + 3) / 4;
    const uint stride = gl_NumWorkGroups.x * gl_NumSubgroups;
    for (uint row = gl_WorkGroupID.x * gl_NumSubgroups + gl_SubgroupID; row < rows; row += stride) {
        const uint start = row * texels;

        vec4 most = vec4(LOWEST);
        for (uint i = lane; i < texels; i += lanes)
            most = max(most, element(start, i));
        const float largest = subgroupMax(max(max(most.x, most.y), max(most.z, most.w)));

        vec4 sums = vec4(0.0);
        for (uint i = lane; i < texels; i += lanes)
            sums += exp(element(start, i) - largest);
        const float sum = subgroupAdd(sums.x + sums.y + sums.z + sums.w);

        const float scale = largest > LOWEST ? 1.0 / sum : 0.0;
        for (uint i = lane; i < texels; i += lanes)
            y[start + i] = exp(element(start, i) - largest) * scale;
    }
}

void main()
{
    if (cols <= 4 * LANES * KEEP && gl_NumSubgroups == 1)
        kept_rows();
    else
        any_rows();
}
