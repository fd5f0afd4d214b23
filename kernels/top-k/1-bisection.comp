#version 450
//! kernel     top-k/1-bisection
//! idea       One workgroup for each row. The k-th largest value is found bit by bit, by counting how many are not
//! idea       less; of those equal to it the last column to take likewise. What is left are k elements, put in
//! idea       order by counting.
//! shape      rows=16 cols=50257 k=40
//! buffer     x      in   f32[rows,cols]  uniform(-9,9)
//! buffer     index  out  u32[rows,k]
//! reference  topk  tolerance 1e-12
//! only       k<=cols
//! only       k<=1024
//! verify     rows=13 cols=37 k=5 x=masked(-9,9)
//! verify     rows=1 cols=1 k=1
//! verify     rows=2 cols=41 k=41
//! verify     rows=3 cols=1031 k=40 x=constant(3)
//! verify     rows=7 cols=257 k=101 x=masked(3,3.0000001)
//! verify     rows=2 cols=50257 k=40 x=masked(-9,9)
//! launch     groups=min(rows,65535)

const uint LANES = 256;
layout(local_size_x = LANES) in;

layout(push_constant) uniform Shape {
    uint rows, cols, k;
};

layout(binding = 0) readonly buffer X {
    float x[];
};
layout(binding = 1) writeonly buffer Index {
    uint index[];
};

shared uint total, taken;
shared uint list_key[1024], list_at[1024];

// Whole numbers in the order of the floats; both zeros are one.
uint key(float v)
{
    const uint u = floatBitsToUint(v);
    return v == 0.0 ? 0x80000000u : (u >> 31) != 0 ? ~u : u | 0x80000000u;
}

// Gives everyone the sum of what all have counted.
uint sum_of_workgroup(uint v)
{
    barrier();
    if (gl_LocalInvocationID.x == 0)
        total = 0;
    barrier();
    atomicAdd(total, v);
    barrier();
    return total;
}

uint count_from(uint start, uint least)
{
    uint n = 0;
    for (uint col = gl_LocalInvocationID.x; col < cols; col += LANES)
        n += key(x[start + col]) >= least ? 1 : 0;
    return sum_of_workgroup(n);
}

uint count_equal(uint start, uint value, uint end)
{
    uint n = 0;
    for (uint col = gl_LocalInvocationID.x; col < end; col += LANES)
        n += key(x[start + col]) == value ? 1 : 0;
    return sum_of_workgroup(n);
}

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    for (uint row = gl_WorkGroupID.x; row < rows; row += gl_NumWorkGroups.x) {
        const uint start = row * cols;

        // The largest number that at least k elements reach.
        uint least = 0;
        for (uint bit = 0x80000000u; bit > 0; bit >>= 1)
            if (count_from(start, least | bit) >= k)
                least |= bit;

        // The last column of an equal one that is taken: before it there are fewer of them than are still wanted.
        const uint wanted = k - count_from(start, least + 1);
        uint last = 0;
        for (uint bit = 1u << findMSB(cols); bit > 0; bit >>= 1)
            if ((last | bit) < cols && count_equal(start, least, last | bit) < wanted)
                last |= bit;

        if (lane == 0)
            taken = 0;
        barrier();
        for (uint col = lane; col < cols; col += LANES) {
            const uint v = key(x[start + col]);
            if (v > least || v == least && col <= last) {
                const uint slot = atomicAdd(taken, 1);
                list_key[slot] = v;
                list_at[slot] = col;
            }
        }
        barrier();
        for (uint i = lane; i < k; i += LANES) {
            uint rank = 0;
            for (uint j = 0; j < k; j++)
                rank += list_key[j] > list_key[i] || list_key[j] == list_key[i] && list_at[j] < list_at[i] ? 1 : 0;
            index[row * k + rank] = list_at[i];
        }
    }
}
