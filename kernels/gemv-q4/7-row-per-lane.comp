#version 450
//! kernel     gemv-q4/7-row-per-lane
//! idea       Back to rows of one invocation, several for each, by texels: x then stands at the same place for all
//! idea       invocations. Nibbles are masked where they stand, and what their places are worth, powers of 256, is put
//! idea       right once in a block. On a GPU its loads lie far apart.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q4_0[rows,256*ceil(cols/256)]  texel=rgba32ui
//! buffer     x  in   f32[256*ceil(cols/256)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*ROWS/rows x=ceil(rows/ROWS) y=1
//! flops      ceil(cols/256)*ceil(rows/ROWS)*(600*ROWS+288)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS 8 2 4
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099

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

// 8 blocks of 18 bytes are 9 texels: block b begins with byte 2 b of texel b and ends in the next one. The header rounds
// rows up to that.
const uint BLOCKS = 8, TEXELS = 9;

float sums[ROWS];
uint at[ROWS];
uvec4 texel[ROWS];

// Called with constants only: then all indices are constants too, and arrays are registers.
void block(const uint b, uint first)
{
    vec4 xs[8], total = vec4(0.0);
    for (uint k = 0; k < 8; k++) {
        xs[k] = texelFetch(x, int(first + 8 * b + k));
        total += xs[k];
    }
    // The sum of (nibble - 8) x is that of nibble x less this, which all rows share.
    const float middle = 8.0 * (total.x + total.y + total.z + total.w);
    const uvec4 mask = uvec4(0xfu, 0xf00u, 0xf0000u, 0xf000000u);
    const vec4 place = vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, 1.0 / 16777216.0);
    for (uint r = 0; r < ROWS; r++) {
        const uvec4 next = texelFetch(w, int(at[r] + b + 1));
        const uint words[8] = {texel[r].x, texel[r].y, texel[r].z, texel[r].w, next.x, next.y, next.z, next.w};
        texel[r] = next;
        vec4 parts = vec4(0.0);
        for (uint k = 0; k < 4; k++) {
            uint bits = words[b / 2 + 1 + k];
            if (b % 2 == 0) // such blocks begin in the middle of a word
                bits = bits << 16 | words[b / 2 + k] >> 16;
            parts += vec4(ivec4(bits & mask)) * xs[k];
            parts += vec4(ivec4(bits >> 4 & mask)) * xs[k + 4];
        }
        const float scale = unpackHalf2x16(words[b / 2])[b % 2];
        sums[r] += scale * (dot(parts, place) - middle);
    }
}

void main()
{
    const uint groups = (cols + 255) / 256, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x * ROWS;
    for (uint row = gl_GlobalInvocationID.x * ROWS; row < rows; row += stride) {
        for (uint r = 0; r < ROWS; r++) {
            sums[r] = 0.0;
            at[r] = min(row + r, rows - 1) * groups * TEXELS;
        }
        for (uint g = 0; g < groups; g++) {
            for (uint r = 0; r < ROWS; r++)
                texel[r] = texelFetch(w, int(at[r]));
            block(0, g * 64);
            block(1, g * 64);
            block(2, g * 64);
            block(3, g * 64);
            block(4, g * 64);
            block(5, g * 64);
            block(6, g * 64);
            block(7, g * 64);
            for (uint r = 0; r < ROWS; r++)
                at[r] += TEXELS;
        }
        for (uint r = 0; r < ROWS; r++)
            if (row + r < rows)
                y[row + r] = sums[r];
    }
}
