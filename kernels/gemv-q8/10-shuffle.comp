#version 450
//! kernel     gemv-q8/10-shuffle
//! idea       The kernel before, where each of the eight invocations fetched all of x for itself. Here each fetches an
//! idea       eighth, and the others have it by shuffles, so that few rows are enough to share it.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,256*ceil(cols/256)]  texel=rgba32ui
//! buffer     x  in   f32[256*ceil(cols/256)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=8*ROWS*ceil(rows/(8*ROWS))/rows x=ceil(rows/(8*ROWS)) y=1
//! flops      8*ceil(cols/256)*ceil(rows/(8*ROWS))*(600*ROWS+280)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 4 2 8 16
//! needs      shuffle
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

// On lavapipe 8 are 1.03 times and 16 1.09 times as fast at 4096 x 4096, but 0.67 and 0.60 at 16384 x 8192, where the weights come
// from memory and 4 rows lie in as many pages as the processor's prefetcher follows.
layout(constant_id = 0) const uint ROWS = 4;
layout(local_size_x = 8) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) uniform usamplerBuffer w;
layout(binding = 1) uniform samplerBuffer x;
layout(binding = 2) writeonly buffer Y {
    float y[];
};

// 8 blocks of 34 bytes are 17 texels: block b begins with byte 2 b of texel 2 b and ends in the second one after it.
// The header rounds rows up to that.
const uint TEXELS = 17;

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
        // The sum of (byte + 128) x is that of byte x and this, which all rows share. The last byte of a word has the
        // word's sign already: of an even block, which begins in the middle of a word, it is the second weight's.
        offsets[b] = 128.0 * (total.x + total.z + (b % 2 == 0 ? total.w : total.y));
    }
}

// Called with constants only: then all indices are constants too, and arrays are registers.
float block(const uint b)
{
    const uvec4 t[3] = {texels[2 * b], texels[2 * b + 1], texels[2 * b + 2]};
    uint words[12] = {t[0].x, t[0].y, t[0].z, t[0].w, t[1].x, t[1].y, t[1].z, t[1].w, t[2].x, t[2].y, t[2].z, t[2].w};
    const float scale = unpackHalf2x16(words[b / 2])[b % 2];
    for (uint k = b / 2; k < b / 2 + 9; k++)
        words[k] ^= 0x00808080u;
    // Bytes are masked where they stand; what their places are worth, powers of 256, is put right at the end.
    vec4 parts = vec4(0.0);
    if (b % 2 == 0) {
        for (uint k = 0; k < 8; k++) {
            const uvec2 pair = uvec2(words[b / 2 + k], words[b / 2 + k + 1]);
            parts += vec4(ivec4(pair.xxyy & uvec4(0xff0000, 0xff000000u, 0xff, 0xff00))) * xs[8 * b + k];
        }
        parts = parts.zwxy;
    } else {
        for (uint k = 0; k < 8; k++)
            parts += vec4(ivec4(words[b / 2 + k + 1] & uvec4(0xff, 0xff00, 0xff0000, 0xff000000u))) * xs[8 * b + k];
    }
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
