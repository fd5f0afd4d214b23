//! operator   rmsnorm_affine
//! kind       row
//! idea       RMS norm with a gain and an offset per column.
//! param      eps 1e-5
//! tensor     g f32[cols] uniform(0.5,1.5)
//! tensor     b f32[cols] uniform(-1,1)
//! stat       scale sum x * x   | inversesqrt(scale / n + eps)
//! ops        fma=1 add=1 mul=2
//! reference  square = mean(x * x)
//! reference  y = x / sqrt(square + eps) * g + b
float op_rmsnorm_affine(float x, float scale, float eps, float g, float b)
{
    return x * scale * g + b;
}
