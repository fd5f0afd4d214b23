#version 450
#extension GL_EXT_control_flow_attributes : require
//! kernel     gemm/5-register-tiles
//! idea       Each invocation computes TM x TN elements: TM + TN reads of shared memory serve TM * TN products.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! passes     a=ceil(n/(16*TN)) b=ceil(m/(16*TM)) c=1
//! flops      2*(16*TM*ceil(m/(16*TM)))*(16*TN*ceil(n/(16*TN)))*(DEPTH*ceil(k/DEPTH))
//! epilogue   c  float
//! launch     groups=ceil(n/(16*TN)),ceil(m/(16*TM))
//! split      m
//! tune       TM 8 4 2
//! tune       TN 8 4 2
//! tune       DEPTH 16 8 32

const uint SIDE = 16;
layout(local_size_x = SIDE, local_size_y = SIDE) in;
layout(constant_id = 0) const uint TM = 8;
layout(constant_id = 1) const uint TN = 8;
layout(constant_id = 2) const uint DEPTH = 16;

layout(push_constant) uniform Shape {
    uint m, n, k;
};

layout(binding = 0) readonly buffer A {
    float a[];
};
layout(binding = 1) readonly buffer B {
    float b[];
};
layout(binding = 2) writeonly buffer C {
    float c[];
};

const uint HEIGHT = SIDE * TM, WIDTH = SIDE * TN;
shared float tile_a[DEPTH * (SIDE * TM + 1)]; // by columns, one more than the tile is high: no two lanes store to one bank
shared float tile_b[DEPTH * SIDE * TN];

#ifndef EPILOGUE
#define EPILOGUE(value, row, col) (value) // what is to be done with an element before it is stored
#endif

void main()
{
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint lane = gl_LocalInvocationIndex, lanes = SIDE * SIDE;
    const uint top = gl_WorkGroupID.y * HEIGHT, left = gl_WorkGroupID.x * WIDTH;

    float sums[TM][TN];
    [[unroll]] for (uint i = 0; i < TM; i++)
        [[unroll]] for (uint j = 0; j < TN; j++)
            sums[i][j] = 0.0;

    for (uint start = 0; start < k; start += DEPTH) {
        for (uint e = lane; e < HEIGHT * DEPTH; e += lanes) {
            const uint row = e / DEPTH, at = e % DEPTH;
            tile_a[at * (HEIGHT + 1) + row] = top + row < m && start + at < k ? a[(top + row) * k + start + at] : 0.0;
        }
        for (uint e = lane; e < DEPTH * WIDTH; e += lanes) {
            const uint at = start + e / WIDTH, col = left + e % WIDTH;
            tile_b[e] = at < k && col < n ? b[at * n + col] : 0.0;
        }
        barrier();
        for (uint d = 0; d < DEPTH; d++) {
            float of_a[TM], of_b[TN];
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

    // An invocation's rows and columns lie SIDE apart, so that neighbours store side by side.
    [[unroll]] for (uint i = 0; i < TM; i++)
        [[unroll]] for (uint j = 0; j < TN; j++) {
            const uint row = top + i * SIDE + y, col = left + j * SIDE + x;
            if (row < m && col < n)
                c[row * n + col] = EPILOGUE(sums[i][j], row, col);
        }
}
