//! operator   bias
//! kind       map
//! idea       Adds a vector, one number per column, to every row.
//! tensor     b f32[cols] uniform(-1,1)
//! ops        add=1
//! reference  x + b
float op_bias(float x, float b)
{
    return x + b;
}
