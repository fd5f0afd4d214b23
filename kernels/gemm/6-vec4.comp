#version 450
#extension GL_EXT_control_flow_attributes : require
//! kernel     gemm/6-vec4
//! idea       Four numbers with each load from memory, each read of b's tile and each store: a quarter of the
//! idea       instructions for the same bytes. Rows are padded to whole vectors of four.
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
//! tune       TM 8 4 2
//! tune       TN 2 1
//! tune       DEPTH 16 8 32

const uint SIDE = 16;
layout(local_size_x = SIDE, local_size_y = SIDE) in;
layout(constant_id = 0) const uint TM = 8;     // rows of an invocation
layout(constant_id = 1) const uint TN = 2;     // and vectors of four columns
layout(constant_id = 2) const uint DEPTH = 16; // of k at a time: a multiple of 4

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

const uint HEIGHT = SIDE * TM, WIDTH = SIDE * TN;
shared float tile_a[DEPTH * (SIDE * TM + 1)]; // by columns, one more than the tile is high: no two lanes store to one bank
shared vec4 tile_b[DEPTH * SIDE * TN];

#ifndef EPILOGUE
#define EPILOGUE(value, row, col) (value) // what is to be done with an element before it is stored
#endif

void main()
{
    const uint n4 = (n + 3) / 4, k4 = (k + 3) / 4;
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint lane = gl_LocalInvocationIndex, lanes = SIDE * SIDE;
    const uint top = gl_WorkGroupID.y * HEIGHT, left = gl_WorkGroupID.x * WIDTH;

    vec4 sums[TM][TN];
    [[unroll]] for (uint i = 0; i < TM; i++)
        [[unroll]] for (uint j = 0; j < TN; j++)
            sums[i][j] = vec4(0.0);

    for (uint start = 0; start < k; start += DEPTH) {
        for (uint e = lane; e < HEIGHT * (DEPTH / 4); e += lanes) {
            const uint row = e / (DEPTH / 4), at = e % (DEPTH / 4);
            vec4 four = vec4(0.0);
            if (top + row < m && start / 4 + at < k4)
                four = a[(top + row) * k4 + start / 4 + at];
            // What stands behind k is nobody's.
            [[unroll]] for (uint i = 0; i < 4; i++)
                tile_a[(4 * at + i) * (HEIGHT + 1) + row] = start + 4 * at + i < k ? four[i] : 0.0;
        }
        for (uint e = lane; e < DEPTH * WIDTH; e += lanes) {
            const uint at = start + e / WIDTH, col = left + e % WIDTH;
            vec4 four = vec4(0.0);
            if (at < k && col < n4)
                four = b[at * n4 + col];
            tile_b[e] = four;
        }
        barrier();
        for (uint d = 0; d < DEPTH; d++) {
            float of_a[TM];
            vec4 of_b[TN];
            [[unroll]] for (uint i = 0; i < TM; i++)
                of_a[i] = tile_a[d * (HEIGHT + 1) + i * SIDE + y];
            [[unroll]] for (uint j = 0; j < TN; j++)
                of_b[j] = tile_b[d * WIDTH + j * SIDE + x];
            [[unroll]] for (uint i = 0; i < TM; i++)
                [[unroll]] for (uint j = 0; j < TN; j++)
                    sums[i][j] += of_a[i] * of_b[j];
        }
        barrier();
    }

    [[unroll]] for (uint i = 0; i < TM; i++)
        [[unroll]] for (uint j = 0; j < TN; j++) {
            const uint row = top + i * SIDE + y, col = left + j * SIDE + x;
            if (row < m && col < n4)
                c[row * n4 + col] = EPILOGUE(sums[i][j], row, col);
        }
}
