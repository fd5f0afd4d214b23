//! operator   gelu
//! kind       map
//! idea       GELU by the tanh formula, which is x times the sigmoid of 2u: one exponential, one division.
//! ops        mul=3 add=2 exp=1 div=1
//! reference  0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
float op_gelu(float x)
{
    /* 0.5 (1 + tanh u) = 1 / (1 + exp(-2u)), so no tanh is needed; u = sqrt(2/pi) (x + 0.044715 x^3) */
    float minus_two_u = x * (-1.5957691216f - 0.0713548162726f * (x * x));
    return x / (1.0f + exp(minus_two_u));
}
