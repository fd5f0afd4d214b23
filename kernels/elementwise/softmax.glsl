//! operator   softmax
//! kind       row
//! idea       e^x over the row's sum of e^x, with the row's maximum taken off first so that nothing overflows.
//! stat       most  max x               | most
//! stat       total sum exp(x - most)   | 1.0f / total
//! kept   x * total | add=1 exp=1
//! ops        add=4 mul=1 exp=2
//! reference  most = max(x)
//! reference  total = sum(exp(x - most))
//! reference  y = exp(x - most) / total
float op_softmax(float x, float most, float total)
{
    return exp(x - most) * total;
}
