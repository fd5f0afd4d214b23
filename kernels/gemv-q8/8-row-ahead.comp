#version 450
//! kernel     gemv-q8/8-row-ahead
//! idea       The rows of an invocation one after another: x of eight blocks waits unpacked for all of them, so that
//! idea       many rows share its fetches, and the loop is short. While a row is computed, one texel of each cache
//! idea       line of the next one is fetched already. On a GPU its loads lie far apart.
//! shape      rows=4096 cols=4096
//! buffer     w  in   q8_0[rows,256*ceil(cols/256)]  texel=rgba32ui
//! buffer     x  in   f32[256*ceil(cols/256)]  texel=rgba32f
//! buffer     y  out  f32[rows,1]
//! reference  gemv  tolerance 2e-6*sqrt(cols)
//! passes     w=ceil(rows/ROWS)*(17*ROWS+5)/(17*rows) x=ceil(rows/ROWS) y=1
//! flops      ceil(cols/256)*ceil(rows/ROWS)*(600*ROWS+280)
//! launch     groups=min(65535,ceil(rows/(8*ROWS)))
//! split      rows
//! tune       ROWS min(32,16*max(1,floor(rows/2048)))
//! verify     rows=1 cols=1
//! verify     rows=67 cols=131
//! verify     rows=5 cols=4099
#extension GL_EXT_control_flow_attributes : require

// Where there are thousands of rows, 32 of them: 5 % less time than 16 at 4096 (lavapipe, in one run). With fewer rows too few
// workgroups would be left.
layout(constant_id = 0) const uint ROWS = 16;
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
// The header rounds rows up to that. A cache line of 64 bytes is 4 texels: one in four of them brings all 17.
const uint TEXELS = 17, LINE = 4, LINES = 5;

vec4 xs[64];
float offsets[8];
uvec4 texels[TEXELS], ahead[LINES];

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

void fetch_ahead(uint at)
{
    for (uint t = 0; t < LINES; t++)
        ahead[t] = texelFetch(w, int(at + LINE * t));
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

float row_part(uint at, uint after)
{
    for (uint t = 0; t < TEXELS; t++)
        texels[t] = t % LINE == 0 ? ahead[t / LINE] : texelFetch(w, int(at + t));
    fetch_ahead(after);
    return ((block(0) + block(1)) + (block(2) + block(3))) + ((block(4) + block(5)) + (block(6) + block(7)));
}

void main()
{
    const uint groups = (cols + 255) / 256, stride = gl_NumWorkGroups.x * gl_WorkGroupSize.x * ROWS;
    for (uint row = gl_GlobalInvocationID.x * ROWS; row < rows; row += stride) {
        float sums[ROWS];
        for (uint r = 0; r < ROWS; r++)
            sums[r] = 0.0;
        for (uint g = 0; g < groups; g++) {
            fetch_x(g * 64);
            fetch_ahead((row * groups + g) * TEXELS);
            [[dont_unroll]] for (uint r = 0; r < ROWS; r++) {
                const uint at = min(row + r, rows - 1) * groups + g, after = min(row + r + 1, rows - 1) * groups + g;
                const float sum = sums[0] + row_part(at * TEXELS, after * TEXELS);
                // The sums go round, so that they are registers: after ROWS rows each is back in its place.
                for (uint k = 1; k < ROWS; k++)
                    sums[k - 1] = sums[k];
                sums[ROWS - 1] = sum;
            }
        }
        for (uint r = 0; r < ROWS; r++)
            if (row + r < rows)
                y[row + r] = sums[r];
    }
}
