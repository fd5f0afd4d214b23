#version 450
//! kernel     gemv-q4/9-few-pages
//! idea       Rows close together: the eight invocations of a workgroup take rows that follow each other. Its 64 rows
//! idea       lie in 36 pages, of which the processor's prefetcher follows all: what a page is asked for next comes
//! idea       while the other rows are computed. Rows of 768 are faster by the eighth.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q4_0[rows,256*ceil(cols/256)]  texel=rgba32ui
//! buffer     x  in   f32[256*ceil(cols/256)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=8*ROWS*ceil(rows/(8*ROWS))/rows x=8*ceil(rows/(8*ROWS)) y=1
//! flops      8*ceil(cols/256)*ceil(rows/(8*ROWS))*(600*ROWS+288)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 8 4 16  software=16
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_EXT_control_flow_attributes : require

// More rows share what is fetched of x; fewer lie in fewer pages. On lavapipe 16 are 1.07 times as fast as 8 at 4096 x 4096
// (and at 11008 x 4096), and alike at 16384 x 8192; there, where no cache holds the weights, 4 are 1.21 times as fast.
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
        vec4 total = vec4(0.0);
        for (uint k = 0; k < 8; k++) {
            xs[8 * b + k] = texelFetch(x, int(first + 8 * b + k));
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
        const uint row = start + gl_LocalInvocationID.x;
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
