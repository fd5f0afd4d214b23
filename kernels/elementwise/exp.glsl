//! operator   exp
//! kind       map
//! idea       e to the power of x.
//! ops        exp=1
//! reference  exp(x)
float op_exp(float x)
{
    return exp(x);
}
