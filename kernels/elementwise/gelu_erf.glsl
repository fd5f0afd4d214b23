//! operator   gelu_erf
//! kind       map
//! idea       GELU by its definition, x times the normal distribution function, with erf by a polynomial.
//! ops        fma=5 mul=6 add=3 exp=1 div=2
//! reference  0.5 * x * (1 + erf(x / sqrt(2)))
/* Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: |error| <= 1.5e-7. */
float op_gelu_erf(float x)
{
    float z = abs(x) * 0.70710678118654752f;
    float t = 1.0f / (1.0f + 0.3275911f * z);
    float p = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    float e = 1.0f - p * exp(-z * z);
    return 0.5f * x * (1.0f + (x < 0.0f ? -e : e));
}
