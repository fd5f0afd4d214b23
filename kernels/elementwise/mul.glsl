//! operator   mul
//! kind       map
//! idea       Multiplies by a tensor of the same shape: a gate. Its own pass makes three.
//! tensor     g f32[rows,cols] uniform(-1,1)
//! ops        mul=1
//! reference  x * g
float op_mul(float x, float g)
{
    return x * g;
}
