//! operator   layernorm
//! kind       row
//! idea       Each row to mean 0 and variance 1. The variance sums squared differences: no cancellation.
//! param      eps 1e-5
//! stat       mu   sum x                     | mu / n
//! stat       rstd sum (x - mu) * (x - mu)   | inversesqrt(rstd / n + eps)
//! ops        add=4 mul=2
//! reference  mu = mean(x)
//! reference  var = mean((x - mu)^2)
//! reference  y = (x - mu) / sqrt(var + eps)
//! tolerance  1e-3
//! input      uniform(99.7,100.7)
float op_layernorm(float x, float mu, float rstd, float eps)
{
    return (x - mu) * rstd;
}
