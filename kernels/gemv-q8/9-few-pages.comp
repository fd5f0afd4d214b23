#version 450
//! kernel     gemv-q8/9-few-pages
//! idea       Rows close together: two invocations side by side in a row, the eight of a workgroup in four rows that
//! idea       follow each other. Its 32 rows lie in 34 pages, of which the processor's prefetcher follows all: what a
//! idea       page is asked for next comes while other rows are computed. Rows of 768 are faster by the eighth.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,256*ceil(cols/256)]  texel=rgba32ui
//! buffer     x  in   f32[256*ceil(cols/256)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=8*ROWS*ceil(cols/512)*ceil(rows/(4*ROWS))/(rows*ceil(cols/256)) x=8*ceil(cols/512)*ceil(rows/(4*ROWS))/ceil(cols/256) y=1
//! flops      8*ceil(cols/512)*ceil(rows/(4*ROWS))*(600*ROWS+280)
//! launch     groups=min(65535,ceil(rows/(4*ROWS)))
//! split      rows
//! tune       ROWS 8 4 16
//! needs      subgroup
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

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

// 8 blocks of 34 bytes are 17 texels: block b begins with byte 2 b of texel 2 b and ends in the second one after it.
// The header rounds rows up to that.
const uint TEXELS = 17;
// Invocations in one row. With one, a workgroup of 32 rows would fetch x for four rows only: 2.07 ms and not 1.87.
const uint PARTS = 2;

vec4 xs[64];
float offsets[8];
uvec4 texels[TEXELS];

void fetch_x(uint first)
{
    for (uint b = 0; b < 8; b++) {
        vec4 total = vec4(0.0);
        for (uint k = 0; k < 8; k++) {
            xs[8 * b + k] = texelFetch(x, int(first + 8 * b + k));
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
    const uint lanes = min(gl_SubgroupSize, gl_WorkGroupSize.x), beside = lanes / PARTS, share = beside * ROWS;
    const uint mine = gl_SubgroupInvocationID / PARTS, part = gl_SubgroupInvocationID % PARTS;
    const uint groups = (cols + 255) / 256, stride = gl_NumWorkGroups.x * gl_NumSubgroups * share;
    const uint first = (gl_SubgroupID * gl_NumWorkGroups.x + gl_WorkGroupID.x) * share;
    for (uint row = first; row < rows; row += stride) {
        float sums[ROWS];
        for (uint r = 0; r < ROWS; r++)
            sums[r] = 0.0;
        for (uint start = 0; start < groups; start += PARTS) {
            // Beyond the end of a row its last blocks are read once more, for nothing.
            const uint g = min(start + part, groups - 1);
            fetch_x(g * 64);
            [[dont_unroll]] for (uint r = 0; r < ROWS; r++) {
                const uint at = min(row + r * beside + mine, rows - 1) * groups + g;
                const float more = row_part(at * TEXELS), sum = sums[0] + (start + part < groups ? more : 0.0);
                // The sums go round, so that they are registers: after ROWS rows each is back in its place.
                for (uint k = 1; k < ROWS; k++)
                    sums[k - 1] = sums[k];
                sums[ROWS - 1] = sum;
            }
        }
        for (uint r = 0; r < ROWS; r++)
            for (uint m = 0; m < beside; m++) {
                const float sum = subgroupAdd(mine == m ? sums[r] : 0.0);
                if (subgroupElect() && row + r * beside + m < rows)
                    y[row + r * beside + m] = sum;
            }
    }
}
