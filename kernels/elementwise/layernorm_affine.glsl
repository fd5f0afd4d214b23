//! operator   layernorm_affine
//! kind       row
//! idea       Layer norm with a gain and an offset per column.
//! param      eps 1e-5
//! tensor     g f32[cols] uniform(0.5,1.5)
//! tensor     b f32[cols] uniform(-1,1)
//! stat       mu   sum x                     | mu / n
//! stat       rstd sum (x - mu) * (x - mu)   | inversesqrt(rstd / n + eps)
//! ops        fma=1 add=4 mul=2
//! reference  mu = mean(x)
//! reference  var = mean((x - mu)^2)
//! reference  y = (x - mu) / sqrt(var + eps) * g + b
//! tolerance  1e-3
//! input      uniform(99.7,100.7)
float op_layernorm_affine(float x, float mu, float rstd, float eps, float g, float b)
{
    return (x - mu) * rstd * g + b;
}
