#version 450
//! kernel     argmax/1-shared-tree
//! idea       One workgroup for each row: every invocation keeps the largest of its columns and where it was, and the
//! idea       pairs are halved in shared memory until one is left.
//! shape      rows=64 cols=50257
//! buffer     x      in   f32[rows,cols]  uniform(-9,9)
//! buffer     index  out  u32[rows,1]
//! reference  argmax  tolerance 1e-12
//! verify     rows=13 cols=37 x=masked(-9,9)
//! verify     rows=1 cols=1
//! verify     rows=3 cols=1031 x=constant(3)
//! verify     rows=7 cols=257 x=masked(3,3.0000001)
//! verify     rows=2 cols=50257 x=masked(-9,9)
//! verify     rows=300 cols=31
//! passes     x=1 index=1
//! launch     groups=min(rows,65535)
//! split      rows

const uint LANES = 256;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Index {
    uint index[];
};

shared float held[LANES];
shared uint held_at[LANES];

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        // An invocation without columns, or with nothing but -inf, says -inf and its own first column: never before
        // that of an invocation that has one.
        float largest = uintBitsToFloat(0xff800000u);
        uint at = lane;
        for (uint col = lane; col < cols; col += LANES) {
            const float v = x[row * cols + col];
            if (v > largest) {
                largest = v;
                at = col;
            }
        }
        held[lane] = largest;
        held_at[lane] = at;
        for (uint reach = LANES / 2; reach > 0; reach /= 2) {
            barrier();
            if (lane < reach) {
                const float v = held[lane + reach];
                const uint v_at = held_at[lane + reach];
                if (v > held[lane] || v == held[lane] && v_at < held_at[lane]) {
                    held[lane] = v;
                    held_at[lane] = v_at;
                }
            }
        }
        if (lane == 0)
            index[row] = held_at[0];
        barrier(); // the next row's pairs may not come before this one is told
    }
}
