//! operator   tanh
//! kind       map
//! idea       The hyperbolic tangent, by one exponential; |x| keeps it from overflowing.
//! ops        add=2 mul=2 exp=1 div=1
//! reference  tanh(x)
float op_tanh(float x)
{
    float e = exp(-2.0f * abs(x));
    float t = (1.0f - e) / (1.0f + e);
    return x < 0.0f ? -t : t;
}
