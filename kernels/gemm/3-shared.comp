#version 450
//! kernel     gemm/3-shared
//! idea       A workgroup computes a tile of 16x16 elements of c. It brings a tile of a and one of b into shared
//! idea       memory, where each element is used 16 times: a sixteenth of the loads of the kernel before.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! passes     a=ceil(n/16) b=ceil(m/16) c=1
//! flops      2*(16*ceil(m/16))*(16*ceil(n/16))*(16*ceil(k/16))
//! epilogue   c  float
//! launch     groups=ceil(n/16),ceil(m/16)
//! split      m

const uint TILE = 16;
layout(local_size_x = TILE, local_size_y = TILE) in;

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

shared float tile_a[TILE][TILE];
shared float tile_b[TILE][TILE];

#ifndef EPILOGUE
#define EPILOGUE(value, row, col) (value) // what is to be done with an element before it is stored
#endif

void main()
{
    const uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    const uint row = gl_GlobalInvocationID.y, col = gl_GlobalInvocationID.x;

    // Beyond the edges the tiles hold zeros, and all invocations stay for the barriers.
    float sum = 0.0;
    for (uint start = 0; start < k; start += TILE) {
        tile_a[y][x] = row < m && start + x < k ? a[row * k + start + x] : 0.0;
        tile_b[y][x] = start + y < k && col < n ? b[(start + y) * n + col] : 0.0;
        barrier();
        for (uint i = 0; i < TILE; i++)
            sum += tile_a[y][i] * tile_b[i][x];
        barrier();
    }
    if (row < m && col < n)
        c[row * n + col] = EPILOGUE(sum, row, col);
}
