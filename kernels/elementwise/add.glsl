//! operator   add
//! kind       map
//! idea       Adds a tensor of the same shape: the residual connection. Its own pass makes three.
//! tensor     r f32[rows,cols] uniform(-1,1)
//! ops        add=1
//! reference  x + r
float op_add(float x, float r)
{
    return x + r;
}
