//! operator   rmsnorm
//! kind       row
//! idea       Each row divided by its root mean square: layer norm without the mean, one statistic less.
//! param      eps 1e-5
//! stat       scale sum x * x   | inversesqrt(scale / n + eps)
//! ops        add=1 mul=2
//! reference  square = mean(x * x)
//! reference  y = x / sqrt(square + eps)
float op_rmsnorm(float x, float scale, float eps)
{
    return x * scale;
}
