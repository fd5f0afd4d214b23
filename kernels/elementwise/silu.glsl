//! operator   silu
//! kind       map
//! idea       x times its sigmoid, also called swish.
//! ops        add=1 exp=1 div=1
//! reference  x / (1 + exp(-x))
float op_silu(float x)
{
    return x / (1.0f + exp(-x));
}
