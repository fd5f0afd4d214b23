#version 450
//! kernel     gemm/2-coalesced
//! idea       The naive kernel with x and y exchanged: neighbouring invocations take neighbouring columns, so that
//! idea       they share each load of a, and load b and store c by whole cache lines.
//! shape      m=512 n=512 k=512
//! buffer     a  in   f32[m,k]
//! buffer     b  in   f32[k,n]
//! buffer     c  out  f32[m,n]
//! reference  gemm  tolerance 2e-6*sqrt(k)
//! verify     m=1 n=1 k=1
//! verify     m=67 n=71 k=37
//! verify     m=129 n=127 k=65
//! verify     m=5 n=257 k=131
//! passes     a=n b=m c=1
//! flops      2*m*n*k
//! epilogue   c  float
//! launch     groups=ceil(n/16),ceil(m/16)
//! split      m

layout(local_size_x = 16, local_size_y = 16) in;

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

#ifndef EPILOGUE
#define EPILOGUE(value, row, col) (value) // what is to be done with an element before it is stored
#endif

void main()
{
    const uint row = gl_GlobalInvocationID.y, col = gl_GlobalInvocationID.x;
    if (row >= m || col >= n)
        return;

    float sum = 0.0;
    for (uint i = 0; i < k; i++)
        sum += a[row * k + i] * b[i * n + col];
    c[row * n + col] = EPILOGUE(sum, row, col);
}
