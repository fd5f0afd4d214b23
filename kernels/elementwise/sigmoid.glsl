//! operator   sigmoid
//! kind       map
//! idea       1 / (1 + e^-x).
//! ops        add=1 exp=1 div=1
//! reference  1 / (1 + exp(-x))
float op_sigmoid(float x)
{
    return 1.0f / (1.0f + exp(-x));
}
