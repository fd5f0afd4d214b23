#version 450
//! kernel     gemv-q4/10-shuffle
//! idea       The kernel before, where each of the eight invocations fetched all of x for itself. Here each fetches an
//! idea       eighth, and the others have it by shuffles, so that few rows are enough to share it.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q4_0[rows,256*ceil(cols/256)]  texel=rgba32ui
//! buffer     x  in   f32[256*ceil(cols/256)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=8*ROWS*ceil(rows/(8*ROWS))/rows x=ceil(rows/(8*ROWS)) y=1
//! needs      shuffle
//! flops      8*ceil(cols/256)*ceil(rows/(8*ROWS))*(600*ROWS+288)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 8 2 4 16
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

// With 8 rows it is 1.06 times as fast on lavapipe as 9-few-pages with its 16, at 4096 x 4096. 16 here are 1.02 times as fast as 8
// there, and 0.68 at 32768 x 4096, where the weights come from memory; at 16384 x 8192 4 are 1.37 times as fast as 8.
layout(constant_id = 0) const uint ROWS = 8;
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform usamplerBuffer w;
layout(binding = 1) uniform samplerBuffer x;
layout(binding = 2) writeonly buffer Y {
    float y[];
};

// 8 blocks of 18 bytes are 9 texels: block b begins with byte 2 b of texel b and ends in the next one. The header
// rounds rows up to that.
const uint TEXELS = 9;

vec4 xs[64];
float offsets[8];
uvec4 texels[TEXELS];

void fetch_x(uint first)
{
    for (uint b = 0; b < 8; b++) {
        const vec4 own = texelFetch(x, int(first + 8 * b + gl_SubgroupInvocationID));
        vec4 total = vec4(0.0);
        for (uint k = 0; k < 8; k++) {
            xs[8 * b + k] = subgroupShuffle(own, k);
            total += xs[8 * b + k];
        }
        // The sum of (nibble - 8) x is that of nibble x less this, which all rows share.
        offsets[b] = 8.0 * (total.x + total.y + total.z + total.w);
    }
}

// Called with constants only: then all indices are constants too, and arrays are registers.
float block(const uint b)
{
    const uvec4 t[2] = {texels[b], texels[b + 1]};
    const uint words[8] = {t[0].x, t[0].y, t[0].z, t[0].w, t[1].x, t[1].y, t[1].z, t[1].w};
    const float scale = unpackHalf2x16(words[b / 2])[b % 2];
    // Nibbles are masked where they stand; what their places are worth, powers of 256, is put right at the end. An
    // even block begins in the middle of a word.
    const uvec4 mask = b % 2 == 0 ? uvec4(0xf0000, 0xf000000, 0xf, 0xf00) : uvec4(0xf, 0xf00, 0xf0000, 0xf000000);
    vec4 parts = vec4(0.0);
    for (uint k = 0; k < 4; k++) {
        const uint second = words[b / 2 + k + 1], first = b % 2 == 0 ? words[b / 2 + k] : second;
        parts += vec4(ivec4(uvec4(first, first, second, second) & mask)) * xs[8 * b + k];
        parts += vec4(ivec4(uvec4(first >> 4, first >> 4, second >> 4, second >> 4) & mask)) * xs[8 * b + k + 4];
    }
    if (b % 2 == 0)
        parts = parts.zwxy;
    return scale * (dot(parts, vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, 1.0 / 16777216.0)) - offsets[b]);
}

float row_part(uint at)
{
    for (uint t = 0; t < TEXELS; t++)
        texels[t] = texelFetch(w, int(at + t));
    return ((block(0) + block(1)) + (block(2) + block(3))) + ((block(4) + block(5)) + (block(6) + block(7)));
}

void main()
{
    const uint groups = (cols + 255) / 256, beside = gl_WorkGroupSize.x, share = beside * ROWS;
    for (uint start = gl_WorkGroupID.x * share; start < rows; start += gl_NumWorkGroups.x * share) {
        const uint row = start + gl_SubgroupInvocationID;
        float sums[ROWS];
        for (uint r = 0; r < ROWS; r++)
            sums[r] = 0.0;
        for (uint g = 0; g < groups; g++) {
            fetch_x(g * 64);
            [[dont_unroll]] for (uint r = 0; r < ROWS; r++) {
                const float sum = sums[0] + row_part((min(row + r * beside, rows - 1) * groups + g) * TEXELS);
                // The sums go round, so that they are registers: after ROWS rows each is back in its place.
                for (uint k = 1; k < ROWS; k++)
                    sums[k - 1] = sums[k];
                sums[ROWS - 1] = sum;
            }
        }
        for (uint r = 0; r < ROWS; r++)
            if (row + r * beside < rows)
                y[row + r * beside] = sums[r];
    }
}
