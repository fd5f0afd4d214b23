//! operator   scale
//! kind       map
//! idea       Multiplies by a constant.
//! param      s 1.5
//! ops        mul=1
//! reference  x * s
float op_scale(float x, float s)
{
    return x * s;
}
