#version 450
//! kernel     gemv-q8/7-row-per-lane
//! idea       Back to rows of one invocation, several for each, by texels: x then stands at the same place for all
//! idea       invocations. Bytes are masked where they stand, and what their places are worth, powers of 256, is put
//! idea       right once in a block. On a GPU its loads lie far apart.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,256*ceil(cols/256)]  texel=rgba32ui
//! buffer     x  in   f32[256*ceil(cols/256)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*ROWS/rows x=ceil(rows/ROWS) y=1
//! flops      ceil(cols/256)*ceil(rows/ROWS)*(600*ROWS+280)
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

// 8 blocks of 34 bytes are 17 texels: block b begins with byte 2 b of texel 2 b and ends in the second one after it. The
// header rounds rows up to that.
const uint BLOCKS = 8, TEXELS = 17;

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
    // The sum of (byte + 128) x is that of byte x and this, which all rows share. The last byte of a word has the
    // word's sign already.
    const vec4 place = vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, 1.0 / 16777216.0);
    const float offset = 128.0 * (total.x + total.y + total.z);
    for (uint r = 0; r < ROWS; r++) {
        const uvec4 middle = texelFetch(w, int(at[r] + 2 * b + 1)), next = texelFetch(w, int(at[r] + 2 * b + 2));
        const uint words[12] = {texel[r].x, texel[r].y, texel[r].z, texel[r].w, middle.x, middle.y,
                                middle.z,   middle.w,   next.x,     next.y,     next.z,   next.w};
        texel[r] = next;
        vec4 parts = vec4(0.0);
        for (uint k = 0; k < 8; k++) {
            uint bits = words[b / 2 + 1 + k];
            if (b % 2 == 0) // such blocks begin in the middle of a word
                bits = bits << 16 | words[b / 2 + k] >> 16;
            parts += vec4(ivec4((bits ^ 0x00808080u) & uvec4(0xff, 0xff00, 0xff0000, 0xff000000u))) * xs[k];
        }
        const float scale = unpackHalf2x16(words[b / 2])[b % 2];
        sums[r] += scale * (dot(parts, place) - offset);
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
