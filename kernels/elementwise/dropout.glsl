//! operator   dropout
//! kind       map
//! idea       Zeroes each element with probability p and scales the rest by 1/(1-p); the mask is a hash of seed and index.
//! param      p 0.1 0 0.99
//! param      seed 1 0 16777216
//! uses       index
//! ops        mul=1 int_mul=2 int_xor=8
//! reference  select(hash(seed, index) >= p * 4294967296, x / (1 - p), 0)
/* Counter-based, so that fused and unfused kernels drop the same elements whatever their order. The hash is
 * lowbias32 by Chris Wellons (https://nullprogram.com/blog/2018/07/31/). */
uint op_dropout_hash(uint seed, uint index)
{
    uint h = index + seed * 0x9e3779b9u;
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    h ^= h >> 16;
    return h;
}

float op_dropout(float x, float p, float seed, uint index)
{
    return x * (op_dropout_hash(uint(seed), index) >= uint(p * 4294967296.0f) ? 1.0f / (1.0f - p) : 0.0f);
}
