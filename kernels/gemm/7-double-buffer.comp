#version 450
#extension GL_EXT_control_flow_attributes : require
//! kernel     gemm/7-double-buffer
//! idea       While the workgroup computes with one pair of tiles, the loads of the next one are under way into
//! idea       registers; two pairs in shared memory need one barrier per step instead of two.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,4*ceil(k/4)]
//! buffer     b  in   f32[k,4*ceil(n/4)]
//! buffer     c  out  f32[m,4*ceil(n/4)]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! passes     a=ceil(n/(64*TN)) b=ceil(m/(16*TM)) c=1
//! flops      2*(16*TM*ceil(m/(16*TM)))*(64*TN*ceil(n/(64*TN)))*(DEPTH*ceil(k/DEPTH))
//! epilogue   c  vec4
//! launch     groups=ceil(n/(64*TN)),ceil(m/(16*TM))
//! split      m
//! tune       TM 8 4
//! tune       TN 2 1
//! tune       DEPTH 8 4 16

const uint SIDE = 16;
layout(local_size_x = SIDE, local_size_y = SIDE) in;
layout(constant_id = 0) const uint TM = 8;     // rows of an invocation
layout(constant_id = 1) const uint TN = 2;     // and vectors of four columns
layout(constant_id = 2) const uint DEPTH = 8;  // of k at a time: a multiple of 4

layout(push_constant) uniform Shape {
    uint m, n, k;
};

layout(binding = 0) readonly buffer A {
    vec4 a[];
};
layout(binding = 1) readonly buffer B {
    vec4 b[];
};
layout(binding = 2) writeonly buffer C {
    vec4 c[];
};

const uint LANES = SIDE * SIDE;
const uint HEIGHT = SIDE * TM, WIDTH = SIDE * TN;
const uint SIZE_A = DEPTH * (HEIGHT + 1), SIZE_B = DEPTH * WIDTH;
const uint LOADS_A = (HEIGHT * DEPTH / 4 + LANES - 1) / LANES; // vectors of each invocation
const uint LOADS_B = (DEPTH * WIDTH + LANES - 1) / LANES;
shared float tile_a[2 * DEPTH * (SIDE * TM + 1)]; // by columns, one more than the tile is high
shared vec4 tile_b[2 * DEPTH * SIDE * TN];

vec4 next_a[LOADS_A], next_b[LOADS_B];

void load(uint start)
{
    const uint n4 = (n + 3) / 4, k4 = (k + 3) / 4;
    const uint top = gl_WorkGroupID.y * HEIGHT, left = gl_WorkGroupID.x * WIDTH;
    [[unroll]] for (uint l = 0; l < LOADS_A; l++) {
        const uint e = gl_LocalInvocationIndex + l * LANES, row = e / (DEPTH / 4), at = start / 4 + e % (DEPTH / 4);
        next_a[l] = vec4(0.0);
        if (row < HEIGHT && top + row < m && at < k4)
            next_a[l] = a[(top + row) * k4 + at];
    }
    [[unroll]] for (uint l = 0; l < LOADS_B; l++) {
        const uint e = gl_LocalInvocationIndex + l * LANES, at = e / WIDTH, col = left + e % WIDTH;
        next_b[l] = vec4(0.0);
        if (at < DEPTH && start + at < k && col < n4)
            next_b[l] = b[(start + at) * n4 + col];
    }
}

void put(uint half_of, uint start)
{
    [[unroll]] for (uint l = 0; l < LOADS_A; l++) {
        const uint e = gl_LocalInvocationIndex + l * LANES, row = e / (DEPTH / 4), at = 4 * (e % (DEPTH / 4));
        // What stands behind k is nobody's.
        if (row < HEIGHT)
            [[unroll]] for (uint i = 0; i < 4; i++)
                tile_a[half_of * SIZE_A + (at + i) * (HEIGHT + 1) + row] = start + at + i < k ? next_a[l][i] : 0.0;
    }
    [[unroll]] for (uint l = 0; l < LOADS_B; l++) {
        const uint e = gl_LocalInvocationIndex + l * LANES;
        if (e < SIZE_B)
            tile_b[half_of * SIZE_B + e] = next_b[l];
    }
}

#ifndef EPILOGUE
#define EPILOGUE(value, row, col) (value) // what is to be done with an element before it is stored
#endif

void main()
{
    const uint n4 = (n + 3) / 4;
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint top = gl_WorkGroupID.y * HEIGHT, left = gl_WorkGroupID.x * WIDTH;

    vec4 sums[TM][TN];
    [[unroll]] for (uint i = 0; i < TM; i++)
        [[unroll]] for (uint j = 0; j < TN; j++)
            sums[i][j] = vec4(0.0);

    load(0);
    put(0, 0);
    for (uint start = 0, which = 0; start < k; start += DEPTH, which = 1 - which) {
        // Everyone has filled this half, and nobody reads the other one any more.
        barrier();
        if (start + DEPTH < k)
            load(start + DEPTH);
        for (uint d = 0; d < DEPTH; d++) {
            float of_a[TM];
            vec4 of_b[TN];
            [[unroll]] for (uint i = 0; i < TM; i++)
                of_a[i] = tile_a[which * SIZE_A + d * (HEIGHT + 1) + i * SIDE + y];
            [[unroll]] for (uint j = 0; j < TN; j++)
                of_b[j] = tile_b[which * SIZE_B + d * WIDTH + j * SIDE + x];
            [[unroll]] for (uint i = 0; i < TM; i++)
                [[unroll]] for (uint j = 0; j < TN; j++)
                    sums[i][j] += of_a[i] * of_b[j];
        }
        if (start + DEPTH < k)
            put(1 - which, start + DEPTH);
    }

    [[unroll]] for (uint i = 0; i < TM; i++)
        [[unroll]] for (uint j = 0; j < TN; j++) {
            const uint row = top + i * SIDE + y, col = left + j * SIDE + x;
            if (row < m && col < n4)
                c[row * n4 + col] = EPILOGUE(sums[i][j], row, col);
        }
}
